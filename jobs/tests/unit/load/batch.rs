use std::collections::BTreeMap;

use contract::Contract;

use super::super::audit::Audit;
use super::super::changes::{Change, Changes};
use super::super::ledger::Ledger;
use super::super::plan::StageNames;
use super::*;
use crate::limits::tests::here;

fn contract(tables: usize, columns: usize) -> Contract {
    let mut text = "source: zoo\nbase_url: http://zoo.example\ncollections:\n".to_owned();
    for table in 0..tables {
        text += &format!(
            "  c{table}:\n    path: /c\n    key: id\n    doc: c\n    columns:\n      id: {{type: integer, doc: i}}\n"
        );
        for column in 0..columns {
            text += &format!("      column_with_a_rather_long_name_{column}: {{type: integer, doc: i}}\n");
        }
    }
    Contract::parse(&text, "zoo.yaml").expect("good")
}

fn plan<T>(dialect: Dialect, contract: &Contract, work: impl FnOnce(&Plan<'_>) -> T) -> T {
    let run = "r1".parse().expect("a run id");
    work(&Plan {
        dialect,
        contract,
        run: &run,
        names: StageNames::new("zoo", &run, "a"),
        loaded_at: "2026-01-05T00:00:00.000000Z".to_owned(),
        fetched_at: "2026-01-05T00:00:00.000000Z".to_owned(),
        tables: contract.tables(),
        receipts: &[],
        retired: Vec::new(),
    })
}

fn audit(head: i64) -> Audit {
    Audit::read([(String::new(), head, 0, "2026-01-05 00:00:00.000000".to_owned())])
}

/// The first word of each statement in a transaction in which each of these tables has changed.
fn words(dialect: Dialect, tables: usize, changed: usize) -> Vec<String> {
    let changes: Changes =
        (0..changed).map(|table| (format!("c{table}"), BTreeMap::from([(Change::Inserted, 1)]))).collect();
    let statements =
        plan(dialect, &contract(tables, 0), |plan| plan.commit((&Ledger::default(), &audit(7)), &changes, &[], None));
    statements.iter().map(|statement| statement.sql.split(' ').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn only_changed_tables_are_merged_and_many_merges_are_moved_to_a_procedure() {
    // Lock, head, move, assertion, ledger.
    assert_eq!(words(Dialect::Redshift, 40, 2), ["LOCK", "SELECT", "UPDATE", "MERGE", "MERGE", "SELECT", "INSERT"]);
    assert_eq!(words(Dialect::Redshift, 40, 0), ["LOCK", "SELECT", "UPDATE", "INSERT"]);
    assert_eq!(words(Dialect::Redshift, 40, 35).len(), 40);
    let called = ["LOCK", "SELECT", "UPDATE", "CREATE", "CALL", "DROP", "SELECT", "INSERT"];
    assert_eq!(words(Dialect::Redshift, 40, 36), called);
    assert_eq!(words(Dialect::Postgres, 40, 40).len(), 45);
}

#[test]
fn procedures_and_calls_are_within_the_limits_of_the_api() {
    let contract = contract(30, 100);
    let changes: Changes = (0..30).map(|table| (format!("c{table}"), BTreeMap::from([(Change::Updated, 2)]))).collect();
    let statements =
        plan(Dialect::Redshift, &contract, |plan| plan.commit((&Ledger::default(), &audit(7)), &changes, &[], None));
    assert!(statements.iter().all(|statement| statement.sql.len() <= BYTES));
    let procedures = statements.iter().filter(|statement| statement.sql.starts_with("CREATE PROCEDURE ")).count();
    let merges: usize = statements.iter().map(|statement| statement.sql.matches("MERGE INTO").count()).sum();
    assert!(procedures > 1 && statements.len() <= STATEMENTS, "{procedures}");
    assert_eq!(merges, 30);

    let statements: Vec<Statement> = (0..100).map(|number| Statement::new("x", "y".repeat(number * 100))).collect();
    let split = batches(&statements);
    assert_eq!(split.concat(), statements);
    for batch in split {
        assert!(batch.len() <= STATEMENTS && batch.iter().map(|one| one.sql.len()).sum::<usize>() <= BYTES);
    }
    assert!(batches(&[]).is_empty());
}

#[test]
fn a_table_whose_statements_are_too_long_is_refused() {
    assert_eq!(plan(Dialect::Redshift, &contract(2, 400), |plan| plan.fits()), Ok(()));
    let problem = plan(Dialect::Redshift, &contract(1, 900), |plan| plan.fits()).expect_err("too long");
    assert!(problem.contains("`c0`") && problem.contains("100000"), "{problem}");
    assert_eq!(plan(Dialect::Postgres, &contract(1, 900), |plan| plan.fits()), Ok(()));
}

/// A load with such a key is refused before its transaction.
#[test]
fn keys_that_occur_twice_are_not_changes() {
    assert_eq!(Change::named("repeated"), Some(Change::Repeated));
    assert!(Change::ALL.iter().all(|(_, change)| *change != Change::Repeated), "the ledger has no count of them");
    let changes: Changes = [("c0".to_owned(), BTreeMap::from([(Change::Repeated, 1)]))].into();
    let statements = plan(Dialect::Redshift, &contract(1, 0), |plan| {
        plan.commit((&Ledger::default(), &audit(7)), &changes, &[], None)
    });
    assert!(!statements.iter().any(|statement| statement.sql.contains("MERGE")), "{statements:?}");
}

#[test]
fn only_the_keys_of_parents_are_searched() {
    let text = include_str!("../../it/zoo.yaml");
    let contract = Contract::parse(text, "zoo.yaml").expect("good");
    let search = plan(Dialect::Postgres, &contract, |plan| plan.find_repeated_keys().sql);
    assert_eq!(search.matches("CAST(").count(), 4, "{search}");
    let counts = plan(Dialect::Postgres, &contract, |plan| plan.count_changes()[0].sql.clone());
    assert!(counts.contains("GROUP BY animal_id, position HAVING count(*) > 1"), "{counts}");
}

#[test]
fn the_documented_limit_is_that_of_a_procedure() {
    assert_eq!(here("statement"), format!("{PROCEDURE_BYTES} bytes"));
}

#[test]
fn many_queries_are_joined_to_statements_within_the_limit() {
    let parts: Vec<String> = (0..900).map(|number| format!("SELECT {number} AS {}", "x".repeat(300))).collect();
    let statements = unions("count", "SELECT 0\nUNION ALL\n", parts.clone());
    assert_eq!(statements.len(), 3);
    let all: String = statements.iter().map(|one| one.sql.as_str()).collect::<Vec<_>>().join("\n");
    assert!(statements.iter().all(|one| one.sql.len() <= BYTES && one.sql.starts_with("SELECT 0\nUNION ALL\nSELECT")));
    assert!(parts.iter().all(|part| all.matches(part.as_str()).count() == 1));
}
