use super::*;

fn report() -> RehearsalReport {
    let run = Outcome {
        run_id: "r".to_owned(),
        dag_run_id: Some("manual".to_owned()),
        exit: 0,
        failed: None,
        code: None,
        reason: None,
        jobs: Vec::new(),
    };
    RehearsalReport {
        id: "i".to_owned(),
        injected_fault: None,
        run,
        cause: Vec::new(),
        tables: BTreeMap::new(),
        contradictions: Vec::new(),
        dbt: None,
        status: vec![StatusLine::green("lake", "exists"), StatusLine::not_verifiable("MWAA", "an emulator")],
        steps: vec![StepTime { step: "Deploying".to_owned(), seconds: 1.23 }],
        not_verified: NOT_VERIFIED,
        kept: None,
    }
}

#[test]
fn run_status_and_counts_decide_the_exit_code() {
    assert_eq!(report().exit(), Exit::Done);
    let red = RehearsalReport { status: vec![StatusLine::red("lake", "does not exist", "deploy")], ..report() };
    assert_eq!(red.exit(), Exit::Failed);
    assert!(text(&red).contains("1 unhealthy") && text(&red).contains("lake: does not exist"), "{}", text(&red));
    let wrong = RehearsalReport { contradictions: vec!["no results".to_owned()], ..report() };
    assert_eq!(wrong.exit(), Exit::Failed);
    assert!(text(&wrong).contains("no results\n"), "{}", text(&wrong));
}

#[test]
fn missing_and_wrong_reports_are_contradictions() {
    let counts = Counts { rows: 3, ..Counts::default() };
    let tables = BTreeMap::from([("launches".to_owned(), counts)]);
    let rows = |rows| BTreeMap::from([("launches".to_owned(), rows)]);
    let dbt = Results { total: 1, ..Results::default() };
    assert!(super::contradictions(&tables, &rows(3), Some(&dbt)).is_empty());
    let found = super::contradictions(&tables, &rows(2), Some(&dbt));
    assert_eq!(found, ["`launches` has 2 rows in the warehouse, but `copy` reported 3"]);
    assert_eq!(super::contradictions(&BTreeMap::new(), &BTreeMap::new(), None).len(), 2);
    assert_eq!(super::contradictions(&tables, &rows(3), Some(&Results::default())), ["dbt built and tested nothing"]);
}

#[test]
fn a_failed_run_is_reported_with_its_exit_code_and_cause() {
    let mut failed = report();
    failed.run.exit = 75;
    (failed.run.failed, failed.run.reason) = (Some("transformation".to_owned()), Some("exit code 75".to_owned()));
    failed.cause = vec!["error: the source returned 500".to_owned()];
    assert_eq!(failed.exit(), Exit::TempFail);
    let text = text(&failed);
    assert!(text.ends_with("`transformation` failed: exit code 75\n  error: the source returned 500\nTo inspect it: cargo xtask rehearse --keep\n"), "{text}");
    assert!(text.contains("Not verified:"), "{text}");
}
