//! Generated contracts with records at and around the limits: whatever the rules of a contract and the transformation
//! accept, both warehouses load with the same counts, and a second load of it changes nothing.
//!
//! `SEEDS` sets the number of contracts. A failed seed leaves its contract and its records in the folder that is printed.

mod author;
mod source;

use std::fs;
use std::path::Path;

use contract::Contract;
use jobs::flows::copy::Outcome;

use super::Rig;
use crate::rows_are_validated::Nasty;
use crate::support::database::{Database, Role};
use crate::support::random::Random;
use crate::support::zoo::Zoo;
use author::Author;
use source::Source;

/// Loads the same records into both warehouses, twice; returns the number of loaded rows.
fn load_twice(seed: u64, text: &str, contract: &Contract) -> u64 {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("any_contract_{seed}"));
    fs::create_dir_all(&place).expect("a folder");
    // Shown only if the test fails.
    println!("seed {seed}: {}", place.display());
    fs::write(place.join("zoo.yaml"), text).expect("the contract");

    let zoo = Zoo::empty();
    fs::write(zoo.contract(), text).expect("the contract");
    let mut source = Source { nasty: Nasty { random: Random::of(seed) } };
    for (name, collection) in &contract.collections {
        let response = source.response(collection);
        fs::write(place.join(format!("{name}.json")), &response).expect("the records");
        zoo.set_text(name, &response);
    }
    let (rig, other) = (Rig::new(zoo), Database::fresh());
    let mut rows = 0;
    for run in ["r1", "r2"] {
        rig.transform(run);
        let before = [rig.zoo.rows(), other.versions("zoo")];
        let second = rig.zoo.copy_to(&other.url(Role::Loader), run).run().done();
        assert_eq!(second["outcome"], "committed", "seed {seed}, {run}");
        let report = match rig.load(run) {
            Ok(report) => report,
            // Only the Data API limits the length of a statement, so only Redshift refuses a table of many columns.
            Err(error) if format!("{error:#}").contains("the Data API accepts at most") => {
                assert!(rig.zoo.ledger().is_empty(), "seed {seed}, {run}");
                break;
            }
            Err(error) => panic!("seed {seed}, {run}: {error:#}"),
        };
        assert_eq!(report.outcome, Outcome::Committed, "seed {seed}, {run}");
        let first = serde_json::to_value(&report).expect("JSON");
        assert_eq!(first["tables"], second["tables"], "seed {seed}, {run}");
        let tables = second["tables"].as_object().expect("tables");
        let sum = |count: &str| tables.values().map(|table| table[count].as_u64().expect("a count")).sum::<u64>();
        if run == "r1" {
            rows = sum("inserted");
            assert_eq!(rows, sum("rows"), "seed {seed}, {run}");
        } else {
            let changes = ["inserted", "updated", "revived", "deleted"].map(sum);
            assert_eq!((changes, sum("unchanged")), ([0; 4], rows), "seed {seed}, {run}");
            assert!(before == [rig.zoo.rows(), other.versions("zoo")], "seed {seed}: the second load wrote rows");
        }
    }
    fs::remove_dir_all(&place).expect("the folder");
    rows
}

#[test]
fn any_accepted_contract_is_loaded_by_both_warehouses() {
    let seeds: u64 = std::env::var("SEEDS").map_or(24, |seeds| seeds.parse().expect("a number"));
    let (mut accepted, mut refused, mut rows) = (0, 0, 0);
    for seed in 0..seeds {
        let text = Author { random: Random::of(seed), careless: seed % 2 == 1 }.contract();
        match Contract::parse(&text, "zoo.yaml") {
            Ok(contract) => {
                accepted += 1;
                rows += load_twice(seed, &text, &contract);
            }
            Err(_) => refused += 1,
        }
    }
    // Otherwise this tests too little.
    assert!(accepted >= seeds / 4 && refused >= seeds / 4, "{accepted} of {seeds} contracts are accepted");
    assert!(rows >= accepted, "{rows} rows of {accepted} contracts");
}
