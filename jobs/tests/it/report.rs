//! The page of a run: its figures are those of the warehouse, and what cannot be read is named instead of lost.

use serde_json::{Value, json};

use crate::support::database::Role;
use crate::support::zoo::{Zoo, animals};

/// What Airflow reports about a run whose load was refused.
fn refused() -> Value {
    json!({
        "steps": [
            {"task": "transformation", "state": "success", "seconds": 61.5, "billed_seconds": 61.5},
            {"task": "copy_job", "state": "failed", "seconds": 8.0, "billed_seconds": 120.0, "new_field": 1, "cause": "table `animals` lost <3> rows"},
            {"task": "dbt_build", "state": "upstream_failed"},
        ],
        "link": "https://airflow.example/dags/zoo",
    })
}

#[track_caller]
fn shows(page: &str, texts: &[&str]) {
    for text in texts {
        assert!(page.contains(text), "`{text}` is missing in:\n{page}");
    }
}

#[test]
fn two_runs_have_the_counts_of_the_ledger_and_the_tables() {
    let zoo = Zoo::stocked();
    zoo.load("first");
    let written = zoo.report("first").run().done();
    let url = format!("{}/report/zoo/first.html", zoo.lake.url().trim_end_matches('/'));
    assert_eq!((&written["run_id"], &written["report"]), (&json!("first"), &json!(url)));
    zoo.set("animals", &animals(&[(1, "Ada"), (2, "Bo"), (4, "Di"), (5, "Ed")]));
    zoo.load("second");
    zoo.report("second").run().done();

    let session = zoo.database().session(Role::Reader);
    let live = |table: &str| session.number(&format!("SELECT count(*) FROM zoo.{table} WHERE _deleted_at IS NULL"));
    let tables = ["about", "animal_meals", "animal_nicknames", "animals", "keepers", "tickets"];
    let rows: i64 = tables.into_iter().map(live).sum();
    let [first, second] = ["first", "second"].map(|run| zoo.page(run));
    shows(
        &first,
        &["Loaded 6 tables loaded", "Rows 12 1 dropped by rule", "Changes 12 12 inserted", "1 run, 0 failed."],
    );
    assert_eq!((rows, live("animals")), (8, 4));
    // Two new animals; the names of two changed; the third, and all meals and nicknames, are gone.
    shows(&second, &["Rows 8 none quarantined", "Changes 10 2 inserted, 2 updated, 6 deleted", "2 runs, 0 failed."]);
    shows(&second, &["Run 2 has 8; the most were 12 in run 1."]);
    // Ada's keeper is in the source, Cy's was not, which the contract expects once.
    shows(&first, &["All were expected.", "animals.keeper_id keepers 1 1 0"]);
    shows(&second, &["animals.keeper_id keepers 1 0 0"]);
    for (run, at) in [("second", 2), ("first", 1)] {
        let sql = format!("SELECT to_char(committed_at, 'YYYY-MM-DD HH24:MI') FROM etl.runs WHERE run_id = '{run}'");
        shows(&second, &[&format!("{run} {} loaded {at}", session.text(&sql))]);
    }
    for page in [first, second] {
        assert!(!page.contains("Not read"), "{page}");
    }
}

#[test]
fn a_failed_run_is_in_its_own_page_and_in_that_of_the_next_run() {
    let zoo = Zoo::stocked();
    zoo.transformation("failed").run().done();
    let prices = json!({"hour": {"transformation": 0.6, "copy_job": 0.6, "warehouse": 3.6}, "note": "No taxes."});
    let report = || zoo.report("failed").env("STEPS", &refused().to_string()).env("PRICES", &prices.to_string());
    report().run().done();
    // A second attempt replaces the page.
    report().run().done();
    let page = zoo.page("failed");
    shows(&page, &["Failed copy_job failed; nothing was loaded copy_job: table `animals` lost &lt;3&gt; rows"]);
    // The warehouse is charged for a minute.
    shows(
        &page,
        &[
            "transformation success 61.5 0.0103",
            "copy_job failed 8.0 0.0200",
            "warehouse while it was queried 8.0 0.0600",
        ],
    );
    shows(&page, &["1 run, 1 failed.", "failed: copy_job: table `animals` lost"]);
    assert!(!page.contains("Not read"), "{page}");

    zoo.load("next");
    zoo.report("next").run().done();
    let next = zoo.page("next");
    shows(&next, &["Loaded 6 tables loaded", "2 runs, 1 failed.", "failed: copy_job: table `animals` lost"]);
    assert!(next.find("next").expect("the run") < next.find("failed: copy_job").expect("the run before"), "{next}");
}

#[test]
fn what_cannot_be_read_is_named() {
    let zoo = Zoo::stocked();
    zoo.load("r1");
    zoo.report("r1").run().done();
    let nowhere = zoo.database().url(Role::Loader).replace("127.0.0.1", "127.0.0.2");
    let done = zoo.report_of(&nowhere, "r2").env("STEPS", &refused().to_string()).run();
    assert!(done.stderr.contains("the warehouse could not be read"), "{}", done.stderr);
    done.done();
    let page = zoo.page("r2");
    shows(
        &page,
        &["copy_job: table `animals` lost", "Not read the warehouse: ", "r1", "Warehouse postgres://127.0.0.2"],
    );

    // Neither dbt's results nor an earlier report are as expected, and the role may not read the ledger.
    for (key, content) in
        [("report/zoo/r1.json", "[]"), ("dbt/run=r3/a/run_results.json", "{}"), ("dbt/run=r3/a/manifest.json", "{}")]
    {
        let file = zoo.lake.path(key);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(file, content).expect("a file");
    }
    zoo.database().session(Role::Postgres).run("REVOKE SELECT ON etl.findings FROM loader, reader");
    zoo.report_of(&zoo.database().url(Role::Reader), "r1").run().done();
    zoo.report("r3").run().done();
    shows(&zoo.page("r1"), &["Not read", "the ledger: ", "permission denied for table findings"]);
    shows(&zoo.page("r3"), &["dbt's results: cannot parse dbt's results"]);
}

#[test]
fn a_page_that_cannot_be_written_is_a_failure() {
    let zoo = Zoo::stocked();
    std::fs::write(zoo.lake.path("report"), "not a folder").expect("a file");
    zoo.report("r1").run().refused(&["report/zoo/r1.json"]);
    zoo.report("r1").env("STEPS", "{").run().refused(&["--steps is not the expected JSON"]);
}
