use contract::Contract;

use super::super::plan::StageNames;
use super::super::retired::Retired;
use super::*;

#[test]
fn a_transaction_that_the_data_api_refuses_is_found_before_the_load() {
    let mut text = "source: zoo\nbase_url: http://zoo.example\ncollections:\n".to_owned();
    for number in 0..40 {
        text += &format!("  c{number}: {{path: /c, key: id, doc: c, columns: {{id: {{type: integer, doc: i}}}}}}\n");
    }
    let (contract, run) = (Contract::parse(&text, "zoo.yaml").expect("good"), "r1".parse().expect("a run id"));
    let plan = |dialect, tables: usize| Plan {
        dialect,
        source: "zoo",
        run: &run,
        names: StageNames::new("zoo", &run, "a"),
        loaded_at: "2026-01-05T00:00:00.000000Z".to_owned(),
        fetched_at: "2026-01-05T00:00:00.000000Z".to_owned(),
        tables: contract.tables().into_iter().take(tables).collect(),
        receipts: &[],
        retired: Retired::default(),
    };
    // Lock, head, move, counts, ledger.
    assert_eq!(plan(Dialect::Redshift, 35).fits(), Ok(()));
    let problem = plan(Dialect::Redshift, 36).fits().expect_err("41 statements");
    assert!(problem.contains("36 tables") && problem.contains("41 statements"), "{problem}");
    assert_eq!(plan(Dialect::Postgres, 40).fits(), Ok(()));
}
