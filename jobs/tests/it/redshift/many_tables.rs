//! A contract with more tables than one call of the Data API has statements.

use std::fs;

use redshift_emulator::Fault;
use serde_json::json;

use super::Rig;
use crate::support::database::Role;
use crate::support::zoo::Zoo;

const TABLES: usize = 60;

fn set(zoo: &Zoo, name: &str) {
    for table in 0..TABLES {
        zoo.set(&format!("cage_{table}"), &json!([{"id": 1, "name": name}]));
    }
}

/// Every name in every table, once.
fn names(rig: &Rig) -> String {
    let session = rig.zoo.database().session(Role::Postgres);
    let tables: Vec<String> = (0..TABLES).map(|table| format!("SELECT name FROM zoo.cage_{table}")).collect();
    session.text(&format!(
        "SELECT string_agg(DISTINCT name, ' ') || count(*) FROM ({}) AS all_names",
        tables.join(" UNION ALL ")
    ))
}

#[test]
fn sixty_tables_are_loaded_in_one_transaction() {
    let zoo = Zoo::empty();
    let mut contract = "source: zoo\nbase_url: http://zoo.example\ncollections:\n".to_owned();
    for table in 0..TABLES {
        contract += &format!(
            "  cage_{table}:\n    path: /c\n    key: id\n    doc: One row an animal.\n    columns:\n      \
             id: {{type: integer, required: true, doc: Its number.}}\n      name: {{type: string(8), doc: Its name.}}\n"
        );
    }
    fs::write(zoo.contract(), contract).expect("the contract");
    set(&zoo, "Ada");
    let rig = Rig::new(zoo);
    rig.transform("r1");
    rig.api.operations();
    rig.commits("r1");
    assert_eq!(names(&rig), format!("Ada{TABLES}"));
    // Three descriptions of its own and five of columns that a load adds.
    let described = (TABLES * 8).div_ceil(40);
    let batches = rig.api.operations().iter().filter(|name| *name == "BatchExecuteStatement").count();

    // Nothing is written if the session is lost after the merges.
    set(&rig.zoo, "Bo");
    rig.transform("r2");
    let mut met = 0;
    let all = batches - described - 2; // The tables and their descriptions exist.
    rig.api.meets(move |_, operation| {
        met += usize::from(operation == "BatchExecuteStatement");
        if met == all { Fault::LoseSession(6) } else { Fault::None }
    });
    let error = rig.load("r2").expect_err("a lost session");
    assert!(format!("{error:#}").contains("session was lost"), "{error:#}");
    assert_eq!((names(&rig), rig.zoo.ledger()), (format!("Ada{TABLES}"), vec!["1 r1".to_owned()]));
    rig.api.meets(|_, _| Fault::None);
    rig.commits("r2");
    assert_eq!(names(&rig), format!("Bo{TABLES}"));

    let statements = rig.api.statements();
    let calls: Vec<&String> = statements.iter().filter(|sql| sql.starts_with("CALL ")).collect();
    assert!(calls.len() >= 2 && !statements.iter().any(|sql| sql.starts_with("MERGE ")), "{calls:?}");
    let left = "SELECT count(*) FROM pg_proc WHERE pronamespace = 'staging_zoo'::regnamespace";
    assert_eq!(rig.zoo.database().session(Role::Postgres).number(left), 0);
}
