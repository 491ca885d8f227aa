use super::*;

fn done() -> Done {
    let run = Outcome {
        run_id: "r".to_owned(),
        dag_run_id: Some("manual".to_owned()),
        exit: 0,
        failed: None,
        code: None,
        reason: None,
        jobs: Vec::new(),
    };
    Done {
        id: "i".to_owned(),
        injected_fault: None,
        run,
        cause: Vec::new(),
        tables: BTreeMap::new(),
        wrong: Vec::new(),
        dbt: None,
        status: vec![StatusLine::green("lake", "is there"), StatusLine::not_verifiable("MWAA", "an emulator")],
        steps: vec![StepTime { step: "deploying".to_owned(), seconds: 1.23 }],
        not_proved: NOT_PROVED,
        kept: None,
    }
}

#[test]
fn it_went_well_only_where_run_status_and_counts_did() {
    assert_eq!(done().exit(), Exit::Done);
    let red = Done { status: vec![StatusLine::red("lake", "is gone", "deploy")], ..done() };
    assert_eq!(red.exit(), Exit::Failed);
    assert!(text(&red).contains("1 not") && text(&red).contains("lake: is gone"), "{}", text(&red));
    let wrong = Done { wrong: vec!["nothing fits".to_owned()], ..done() };
    assert_eq!(wrong.exit(), Exit::Failed);
    assert!(text(&wrong).contains("nothing fits\n"), "{}", text(&wrong));
}

#[test]
fn reports_that_are_missing_or_lie_are_wrong() {
    let counts = Counts { rows: 3, ..Counts::default() };
    let tables = BTreeMap::from([("launches".to_owned(), counts)]);
    let rows = |rows| BTreeMap::from([("launches".to_owned(), rows)]);
    let dbt = Results { total: 1, ..Results::default() };
    assert!(super::wrong(&tables, &rows(3), Some(&dbt)).is_empty());
    let words = super::wrong(&tables, &rows(2), Some(&dbt));
    assert_eq!(words, ["`launches` has 2 rows in the warehouse, and `copy` reported 3"]);
    assert_eq!(super::wrong(&BTreeMap::new(), &BTreeMap::new(), None).len(), 2);
    assert_eq!(super::wrong(&tables, &rows(3), Some(&Results::default())), ["dbt built and tested nothing"]);
}

#[test]
fn a_failed_run_ends_as_it_did_with_its_cause_last() {
    let mut failed = done();
    failed.run.exit = 75;
    (failed.run.failed, failed.run.reason) = (Some("transformation".to_owned()), Some("exit code 75".to_owned()));
    failed.cause = vec!["error: the source answered 500".to_owned()];
    assert_eq!(failed.exit(), Exit::TempFail);
    let text = text(&failed);
    assert!(text.ends_with("`transformation` failed: exit code 75\n  error: the source answered 500\nTo look closer: cargo xtask rehearse --keep\n"), "{text}");
    assert!(text.contains("Not proved by this:"), "{text}");
}
