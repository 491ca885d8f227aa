//! Every table of the built-in contract, loaded through both drivers: the same statements, the same rows.
//!
//! `TEST_LOAD_SQL` names a folder for the statements as they were sent to Redshift; `cargo xtask test` parses them with
//! sqlfluff's Redshift dialect.

use std::path::Path;

use contract::Contract;
use jobs::edge::clock;
use jobs::edge::lake::Lake as Opened;
use jobs::edge::warehouse::Redshift;
use jobs::flows::copy::{Job, Outcome, copy as load};
use tokio::runtime::Builder;

use super::{client, id};
use crate::support::database::{Database, Role};
use crate::support::lake::Lake;
use crate::support::program::{Program, copy, transformation};
use crate::support::workgroup::{self, workgroup};
use crate::support::{file_url, sample};

/// The calls of the Data API that a load of all tables may need.
const CALLS: usize = 40;

#[test]
fn every_table_has_the_same_rows_through_both_drivers() {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/contracts/spacex.yaml")).expect("it is there");
    let contract = Contract::parse(&text, "spacex.yaml").expect("a sound contract");
    let (lake, database, other) = (Lake::fresh(), Database::fresh(), Database::fresh());
    let common = |program: Program| program.env("RUN_ID", "r1").env("LAKE_URL", &lake.url());
    common(transformation()).env("SOURCE_URL", &file_url(&sample())).run().done();
    common(copy()).warehouse(&other.url(Role::Loader)).run().done();

    let api = workgroup(&database, Role::Loader, true);
    let job = Job {
        contract: &contract,
        run: id("r1"),
        attempt: "a1".to_owned(),
        loaded_at: clock::rfc3339(clock::now()),
        collections: contract.collections.keys().map(String::as_str).collect(),
        accept: None,
        accept_with: String::new(),
        first_wait: std::time::Duration::from_millis(1),
    };
    let mut warehouse = Redshift::with(client(api.url()), workgroup::WORKGROUP, workgroup::DATABASE, "default");
    let opened = Opened::open(&lake.url(), false, None).expect("a lake");
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(load(&job, &opened, &mut warehouse)).unwrap_or_else(|error| panic!("{error:#}"));

    // Only the first load writes the descriptions, 40 with each call, which is followed by one for its status.
    let described = api.statements().iter().filter(|sql| sql.starts_with("COMMENT ON ")).count();
    let calls = api.operations();
    assert!(calls.len() <= CALLS + 2 * described.div_ceil(40), "{} calls: {calls:?}", calls.len());
    // The counts of the tables have more than one page.
    assert!(calls.windows(2).any(|pair| pair == ["GetStatementResult"; 2]), "{calls:?}");

    let tables = contract.tables();
    for table in &tables {
        let sql =
            format!("SELECT to_jsonb(t) - '_loaded_at' AS row FROM spacex.{} AS t ORDER BY _row_hash", table.name);
        let rows = |database: &Database| database.session(Role::Loader).objects(&sql);
        assert_eq!(rows(&database), rows(&other), "{}", table.name);
    }
    let statements = api.statements();
    for start in ["CREATE TABLE IF NOT EXISTS spacex.", "COPY staging_spacex.", "END AS _change", "MERGE INTO spacex."]
    {
        let found = statements.iter().filter(|sql| sql.contains(start)).count();
        // An empty table has nothing to copy and nothing to merge.
        let some = start.starts_with("COPY") || start.starts_with("MERGE");
        assert!(found == tables.len() || some && found > tables.len() / 2, "{start}: {found}");
    }
    if let Some(dir) = std::env::var_os("TEST_LOAD_SQL") {
        for (number, sql) in statements.iter().enumerate() {
            std::fs::write(Path::new(&dir).join(format!("{number:03}.sql")), format!("{sql};\n")).expect("a new file");
        }
    }

    // The tables exist, so their columns are read.
    common(transformation()).env("RUN_ID", "r2").env("SOURCE_URL", &file_url(&sample())).run().done();
    let again = Job { run: id("r2"), attempt: "a2".to_owned(), ..job };
    let report = runtime.block_on(load(&again, &opened, &mut warehouse)).unwrap_or_else(|error| panic!("{error:#}"));
    assert_eq!(report.outcome, Outcome::Committed);
    let calls = api.operations();
    assert!(calls.len() <= CALLS, "{} calls: {calls:?}", calls.len());
}
