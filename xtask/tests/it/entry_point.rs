//! `dbt/run.py` with a script in place of `dbt`: exit codes, arguments, signals and settings.
//!
//! `needs_emulator` tests it with the real dbt.

use std::fs;
use std::path::Path;

use nix::sys::signal::Signal;
use serde_json::json;
use tempfile::TempDir;

use crate::support::entry::{Entry, Finished, script};

fn entry(folder: &TempDir) -> Entry {
    Entry::new(folder.path(), &[folder.path()])
}

#[test]
fn dbts_exit_codes_become_those_of_the_platform() {
    for (end, code) in [("exit 0", 0), ("exit 1", 1), ("exit 2", 75), ("exit 3", 1), ("kill -KILL $$", 75)] {
        assert_eq!(entry(&script(end)).run(&[]).code, Some(code), "{end}");
    }
}

#[test]
fn models_that_failed_only_because_of_conflicts_exit_with_75() {
    const CONFLICT: &str = "Database Error\\n  could not complete because of conflict with concurrent transaction";
    let results = |statuses: &[(&str, &str)]| {
        let results = statuses.iter().map(|(status, message)| json!({"status": status, "message": message}));
        json!({"results": results.collect::<Vec<_>>()}).to_string()
    };
    let conflict = ("error", CONFLICT);
    for (results, code) in [
        (results(&[("success", "SELECT"), conflict, ("skipped", "")]), 75),
        (results(&[conflict, ("error", "Database Error\n  Deadlock detected")]), 75),
        (results(&[conflict, ("error", "column \"x\" does not exist")]), 1),
        (results(&[conflict, ("fail", "Got 1 result, configured to fail if != 0")]), 1),
        (results(&[("skipped", "")]), 1),
        ("[]".to_owned(), 1),
        ("no JSON".to_owned(), 1),
    ] {
        let folder = script("mkdir target && cp results target/run_results.json; exit 1");
        fs::write(folder.path().join("results"), &results).expect("a file");
        assert_eq!(entry(&folder).run(&[]).code, Some(code), "{results}");
    }
    // The results of an earlier run say nothing about this one.
    let folder = script("exit 1");
    fs::create_dir(folder.path().join("target")).expect("a folder");
    fs::write(folder.path().join("target/run_results.json"), results(&[conflict])).expect("a file");
    assert_eq!(entry(&folder).run(&[]).code, Some(1));
}

#[test]
fn the_status_of_each_model_and_of_other_nodes_that_did_not_pass_is_written() {
    let results = [
        ("model.dpworld.dim_crew", "success"),
        ("model.dpworld.dim_ships", "skipped"),
        ("seed.dpworld.customer_names", "success"),
        ("snapshot.dpworld.rockets_history", "error"),
        ("test.dpworld.unique_dim_crew_crew_id.9ae1c", "fail"),
        ("test.dpworld.not_null_dim_crew_crew_id.0b45", "pass"),
        ("unit_test.dpworld.dim_crew.counts", "pass"),
    ];
    let results = results.map(|(id, status)| json!({"unique_id": id, "status": status}));
    let folder = script("mkdir target && cp results target/run_results.json; exit 1");
    fs::write(folder.path().join("results"), json!({ "results": results }).to_string()).expect("a file");
    let ended = entry(&folder).run(&[]);
    let nodes = r#"{"dim_crew": "success", "dim_ships": "skipped", "customer_names": "success", "rockets_history": "error", "unique_dim_crew_crew_id": "fail"}"#;
    assert_eq!((ended.code, ended.stderr), (Some(1), format!("nodes: {nodes}\n")));
}

#[test]
fn arguments_and_output_are_passed_on_unchanged() {
    let folder = script("for one; do echo \"<$one>\"; done; echo words >&2");
    let ended = entry(&folder).run(&["build", "-s", "+a b+", "--vars", "{x: 1}", "--target-path=elsewhere"]);
    assert_eq!(ended.stdout, "<build>\n<-s>\n<+a b+>\n<--vars>\n<{x: 1}>\n<--target-path=elsewhere>\n");
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), "words\n"));
    assert_eq!(entry(&folder).run(&[]).stdout, "<build>\n");
}

#[test]
fn signals_are_passed_on_and_exit_with_75() {
    let folder = script("trap 'echo trapped; exit 1' TERM INT; echo ready; for i in $(seq 200); do sleep 0.05; done");
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut running = entry(&folder).start(&[]);
        running.until("ready");
        running.signal(signal);
        let ended = running.wait();
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(75), "ready\ntrapped\n"), "{ended:?}");
    }
}

#[test]
fn an_invalid_setting_is_reported_before_dbt_starts() {
    let folder = script("echo started");
    let refused = |lake: &str, run: Option<&str>, words: &str| {
        let entry = entry(&folder).env("LAKE_URL", lake);
        let ended = run.into_iter().fold(entry, |entry, run| entry.env("RUN_ID", run)).run(&[]);
        ended.reports(2, &["error: ", words]);
        assert_eq!(ended.stdout, "", "{lake} {run:?}");
    };
    let long = "x".repeat(65);
    for run in [None, Some(""), Some("a/b"), Some("r1\n"), Some("é"), Some(&long)] {
        refused("s3://bucket", run, "RUN_ID is not a run ID");
    }
    for lake in ["s3://", "s3:///prefix", "s3://user:canary-secret@bucket", "s3://bucket?x=y"] {
        refused(lake, Some("r1"), "LAKE_URL is not s3://bucket");
    }
    for lake in ["bucket", "https://bucket", "file://relative"] {
        refused(lake, Some("r1"), "LAKE_URL is neither s3://bucket nor file:///dir");
    }
}

#[test]
fn with_a_lake_in_a_folder_artifacts_stay_in_the_target_folder() {
    let folder = script("mkdir target && echo '{}' > target/manifest.json");
    let files = |path: &Path| fs::read_dir(path).expect("a folder").count();
    let lake = tempfile::tempdir().expect("a folder");
    let Finished { code, stdout, stderr } =
        entry(&folder).env("LAKE_URL", &format!("file://{}", lake.path().display())).run(&[]);
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (Some(0), "", ""));
    assert_eq!((files(lake.path()), files(&folder.path().join("target"))), (0, 1));
}

#[test]
fn lineage_that_cannot_be_reported_is_a_warning() {
    let folder =
        script("mkdir -p target; echo '{\"args\": {\"which\": \"build\"}}' > target/run_results.json; exit $CODE");
    for code in [0, 1] {
        let collector = "http://user:canary-secret@127.0.0.1:1";
        let ended = entry(&folder).env("OPENLINEAGE_URL", collector).env("CODE", &code.to_string()).run(&[]);
        ended.reports(code, &["warning: lineage was not reported completely"]);
    }
    assert_eq!(entry(&folder).env("CODE", "0").env("OPENLINEAGE_URL", "").run(&[]).stderr, "");
}
