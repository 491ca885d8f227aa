use super::*;
use contract::dbt::Finding;

fn report() -> RehearsalReport {
    let run = Outcome {
        run_id: "r".to_owned(),
        dag_run_id: Some("manual".to_owned()),
        exit: Exit::Done,
        failed: None,
        code: None,
        reason: None,
        jobs: Vec::new(),
    };
    RehearsalReport {
        id: "i".to_owned(),
        injected_fault: None,
        run,
        second_run: None,
        other_runs: BTreeMap::new(),
        long_statement: None,
        cause: Vec::new(),
        refused: Vec::new(),
        tables: BTreeMap::new(),
        calls: BTreeMap::new(),
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
fn a_failed_run_of_another_source_fails_the_rehearsal() {
    let failed = Outcome { failed: Some("copy_job".to_owned()), exit: Exit::TempFail, ..report().run };
    let failed = RehearsalReport { other_runs: BTreeMap::from([("shop".to_owned(), failed)]), ..report() };
    assert_eq!(failed.exit(), Exit::TempFail);
    assert!(text(&failed).contains("`copy_job` failed in the run of `shop`"), "{}", text(&failed));
}

#[test]
fn a_page_without_the_rows_or_the_cause_is_a_contradiction() {
    let tables = BTreeMap::from([("launch_cores".to_owned(), Counts { rows: 1_234, ..Counts::default() })]);
    let problems = |page: &str, run: &Outcome| of_page(Some(page), run, &tables);
    let (loaded, row) = (report().run, "<th>launch_<wbr>cores<wbr></th><td class=\"number\">1,234</td>");
    assert_eq!(problems(row, &loaded), [""; 0]);
    assert_eq!(problems("", &loaded), ["the report has other rows of `launch_cores`"]);
    let unread = problems(&format!("<section><h2>Not read</h2>the marts</section>{row}"), &loaded);
    assert_eq!(unread, ["the report could not read everything: the marts"]);
    assert_eq!(of_page(None, &loaded, &tables), ["the report is not in the lake"]);

    let failed = Outcome { failed: Some("copy_job".to_owned()), ..report().run };
    assert_eq!(problems("<p class=\"cause\">copy_job: refused</p>", &failed), [""; 0]);
    assert_eq!(problems(row, &failed), ["the report does not name `copy_job` as the cause"]);
    assert_eq!(of_page(None, &Outcome { dag_run_id: None, ..failed }, &tables), [""; 0]);
}

#[test]
fn missing_and_wrong_reports_are_contradictions() {
    let contract = contract("");
    let counts = Counts { rows: 3, ..Counts::default() };
    let tables = BTreeMap::from([("launches".to_owned(), counts)]);
    let rows = |rows| BTreeMap::from([("launches".to_owned(), rows)]);
    let dbt = Results { total: 1, ..Results::default() };
    assert!(contradictions(&contract, &tables, &rows(3), Some(&dbt), true).is_empty());
    let found = contradictions(&contract, &tables, &rows(2), Some(&dbt), true);
    assert_eq!(found, ["`launches` has 2 rows in the warehouse, but `copy` reported 3"]);
    assert_eq!(contradictions(&contract, &BTreeMap::new(), &BTreeMap::new(), None, true).len(), 2);
    let nothing = Results::default();
    assert_eq!(contradictions(&contract, &tables, &rows(3), Some(&nothing), true), ["dbt built and tested nothing"]);
    // A source without models.
    assert!(contradictions(&contract, &tables, &rows(3), Some(&nothing), false).is_empty());
}

/// A contract with one table; `more` are keys of its collection.
fn contract(more: &str) -> Contract {
    let text = format!(
        "source: zoo\nbase_url: http://zoo.example\ncollections:\n  launches:\n    path: /l\n    key: id\n    doc: l\n{more}    \
         columns: {{id: {{type: integer, required: true, doc: i}}}}\n"
    );
    Contract::parse(&text, "zoo.yaml").expect("a contract")
}

#[test]
fn a_run_of_changes_may_have_fewer_rows_than_its_table() {
    let incremental = "    incremental: {cursor: id, start_param: since, lookback: 1, snapshot_every: 7}\n";
    let (tables, dbt) =
        (|rows| BTreeMap::from([("launches".to_owned(), rows)]), Results { total: 1, ..Results::default() });
    let reported = BTreeMap::from([("launches".to_owned(), Counts { rows: 3, ..Counts::default() })]);
    for (more, rows, expected) in [("", 4, 1), (incremental, 4, 0), ("    mode: append\n", 4, 0), (incremental, 2, 1)] {
        let found = contradictions(&contract(more), &reported, &tables(rows), Some(&dbt), true);
        assert_eq!(found.len(), expected, "{more}: {found:?}");
    }
}

#[test]
fn a_failed_run_is_reported_with_its_exit_code_and_cause() {
    let mut failed = report();
    failed.run.exit = Exit::TempFail;
    (failed.run.failed, failed.run.reason) = (Some("transformation".to_owned()), Some("exit code 75".to_owned()));
    failed.cause = vec!["error: the source returned 500".to_owned()];
    assert_eq!(failed.exit(), Exit::TempFail);
    let text = text(&failed);
    assert!(text.ends_with("`transformation` failed: exit code 75\n  error: the source returned 500\nTo inspect it: cargo xtask rehearse --keep\n"), "{text}");
    assert!(text.contains("Not verified:"), "{text}");
}

#[test]
fn logged_errors_come_before_other_lines() {
    let warning = r#"{"level":"WARN","message":"error 500; retrying"}"#;
    let error = r#"{"level":"ERROR","message":"2 of 2 failed: a: 500\nb: 500","exit":75}"#;
    assert_eq!(cause(&["start", warning, error], None), ["2 of 2 failed: a: 500", "b: 500"]);
    assert_eq!(cause(&["start", "Database Error in model", "end"], None), ["Database Error in model"]);
    assert_eq!(cause(&["one", "two"], None), ["one", "two"]);
    assert!(cause(&[], None).is_empty());
    let long: Vec<String> = (0..20).map(|number| format!("error {number}")).collect();
    let found = cause(&long.iter().map(String::as_str).collect::<Vec<_>>(), None);
    assert_eq!((found.len(), found[SHOWN].as_str()), (SHOWN + 1, "… and 14 more"));
}

#[test]
fn a_failed_dbt_test_is_named() {
    let of = |test: Option<&str>| Finding {
        of: "fct".to_owned(),
        test: test.map(str::to_owned),
        message: "Got 1 result".to_owned(),
        rows: None,
    };
    let dbt = Results { failures: vec![of(Some("unique")), of(None)], ..Results::default() };
    let expected = ["test `unique` on `fct` failed: Got 1 result", "`fct` could not be built: Got 1 result"];
    assert_eq!(cause(&["error: no"], Some(&dbt)), expected);
    assert_eq!(cause(&["error: no"], Some(&Results::default())), ["error: no"]);
}
