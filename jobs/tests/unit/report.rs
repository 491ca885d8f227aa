use std::collections::BTreeMap;

use super::*;

fn step(task: &str, state: &str, seconds: Option<f64>, billed_seconds: f64) -> Step {
    let cause = (state == "failed").then(|| "out of memory".to_owned());
    Step { task: task.to_owned(), state: state.to_owned(), seconds, billed_seconds, cause, log: None }
}

fn past(run_id: &str, at: &str, seq: Option<i32>, outcome: Outcome) -> Past {
    Past { run_id: run_id.to_owned(), at: at.to_owned(), seq, outcome, tables: BTreeMap::new() }
}

#[test]
fn a_failed_step_decides_then_dbt_then_the_ledger() {
    let failed = Steps { steps: vec![step("copy_job", "failed", None, 0.0)], link: None };
    let test =
        dbt::Finding { of: "a".to_owned(), test: Some("t".to_owned()), message: "3 rows".to_owned(), rows: None };
    let dbt = Some(dbt::Results { error: 1, failures: vec![test], ..dbt::Results::default() });
    let outcome = |steps: &Steps, dbt: &Option<dbt::Results>, loaded: bool| {
        let loaded = loaded.then(Loaded::default);
        Report { steps: steps.clone(), dbt: dbt.clone(), loaded, has_ledger: true, ..Report::default() }.outcome()
    };
    let cause = |text: &str| Outcome::Failed(text.to_owned());
    assert_eq!(outcome(&failed, &dbt, true), cause("copy_job: out of memory"));
    assert_eq!(outcome(&Steps::default(), &dbt, true), cause("dbt: test `t` on `a` failed: 3 rows"));
    assert_eq!(outcome(&Steps::default(), &None, true), Outcome::Loaded);
    assert_eq!(outcome(&Steps::default(), &None, false), Outcome::Superseded);
    assert_eq!(Report::default().outcome(), Outcome::Unknown);
}

#[test]
fn results_of_dbt_are_those_of_its_last_attempt() {
    let finished = |state: &str, cause: Option<&str>| {
        let dbt = Step { cause: cause.map(str::to_owned), ..step("dbt_build", state, None, 0.0) };
        Report { steps: Steps { steps: vec![dbt], link: None }, ..Report::default() }.dbt_has_finished()
    };
    assert!(Report::default().dbt_has_finished() && finished("success", None));
    assert!(finished("failed", Some("dbt: unique_a_id failed: 3 rows")) && !finished("failed", Some("out of memory")));
    assert!(!finished("upstream_failed", None));
}

#[test]
fn steps_cost_what_is_billed_and_the_warehouse_at_least_a_minute() {
    let steps = [
        step("transformation", "success", Some(100.0), 240.0),
        step("copy_job", "success", Some(30.0), 60.0),
        step("dbt_build", "success", Some(3600.0), 3600.0),
        step("report", "running", None, 0.0),
    ];
    let hour = [("transformation", 0.6), ("copy_job", 0.6), ("dbt_build", 1.0), ("warehouse", 3.6)];
    let hour = hour.map(|(what, usd)| (what.to_owned(), usd)).into();
    let all = cost(&Steps { steps: steps.into(), link: None }, &Prices { hour, note: String::new() });
    let shown: Vec<String> =
        all.iter().map(|one| format!("{} {:.0} s {:.3}", one.what, one.seconds, one.usd)).collect();
    // The warehouse is used by `copy` and dbt.
    let expected =
        ["transformation 100 s 0.040", "copy_job 30 s 0.010", "dbt_build 3600 s 1.000", "warehouse 3630 s 3.630"];
    assert_eq!(shown, expected);
}

#[test]
fn runs_are_those_of_the_ledger_and_those_with_only_a_report() {
    let failed = || Outcome::Failed("copy_job: refused".to_owned());
    let committed =
        vec![past("c", "2026-03", Some(2), Outcome::Loaded), past("a", "2026-01", Some(1), Outcome::Loaded)];
    let reported = vec![
        past("b", "2026-02", None, failed()),
        // Loaded, but dbt failed afterwards; its report is newer than its commit.
        past("c", "2026-04", None, failed()),
        past("a", "2026-01", None, Outcome::Loaded),
    ];
    let shown: Vec<_> =
        newest_first(committed, reported).into_iter().map(|run| (run.run_id, run.seq, run.outcome)).collect();
    let expected = [("c", Some(2), failed()), ("b", None, failed()), ("a", Some(1), Outcome::Loaded)];
    assert_eq!(shown, expected.map(|(id, seq, outcome)| (id.to_owned(), seq, outcome)));
}

#[test]
fn a_row_of_the_ledger_may_be_of_an_older_version() {
    let row = |tables: &str| committed(["7", "r7", "2026-01-01 00:00:00", tables].map(str::to_owned));
    let run = row(r#"{"crew": {"rows": 30, "inserted": 2}, "cores": {"rows": 83}}"#).expect("a row");
    assert_eq!((run.seq, run.sum(|counts| counts.rows), run.sum(|counts| counts.inserted)), (Some(7), 113, 2));
    assert_eq!(run.at, "2026-01-01T00:00:00Z");
    assert!(row("[").expect_err("not JSON").starts_with("ledger row 7: "));
}

#[test]
fn gaps_are_compared_with_the_expected_ones() {
    let text = include_str!("../../contracts/spacex.yaml");
    let contract = contract::Contract::parse(text, "spacex.yaml").expect("the contract");
    let sql = gap_query(&contract, &["launches", "rockets"].into()).expect("references");
    let one = "SELECT 'launches.rocket_id', count(*)\nFROM spacex.launches AS own\nLEFT JOIN spacex.rockets AS other ON \
               other.id = own.rocket_id";
    assert!(sql.contains(one) && !sql.contains("launchpads"), "{sql}");
    assert_eq!(gap_query(&contract, &["launches"].into()), None);
    let none = gaps(&contract, &BTreeMap::new());
    assert!(!none.is_empty() && none.iter().all(|gap| gap.known > 0 && gap.unexpected() == 0), "{none:?}");
    let new = gaps(&contract, &BTreeMap::from([("launches.rocket_id".to_owned(), 2)]));
    let gap = new.iter().find(|gap| gap.column == "launches.rocket_id").expect("the gap");
    assert_eq!((gap.to.as_str(), gap.known, gap.found, gap.unexpected()), ("rockets", 0, 2, 2));
}
