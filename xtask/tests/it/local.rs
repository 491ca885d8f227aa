//! `cargo xtask local` with a real PostgreSQL, in temporary folders.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::Local;

fn sample(collection: &str) -> u64 {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../jobs/sample/spacex/{collection}.json"));
    let text = std::fs::read_to_string(file).expect("the sample");
    let value: Value = serde_json::from_str(&text).expect("JSON");
    value.as_array().map_or(1, Vec::len) as u64
}

#[test]
fn the_sample_is_loaded_and_loading_it_again_changes_nothing() {
    let local = Local::new();
    let first = local.json(&["--run-id", "monday"]);
    assert_eq!((first["run_id"].as_str(), first["outcome"].as_str()), (Some("monday"), Some("committed")));
    for collection in ["launches", "payloads", "cores", "starlink", "crew", "company"] {
        let counts = &first["tables"][collection];
        assert_eq!(counts["rows"], sample(collection), "{collection}");
        assert_eq!(counts["inserted"], counts["rows"], "{collection}");
    }
    for (_, counts) in first["tables"].as_object().expect("tables") {
        let number = |key: &str| counts[key].as_u64().expect("a number");
        assert_eq!(number("read"), number("rows") + number("quarantined") + number("dropped"), "{counts}");
    }
    for step in ["build", "warehouse", "transformation", "copy", "dbt"] {
        assert!(first["seconds"][step].is_number(), "{step}");
    }
    let marts = &first["dbt"];
    assert_eq!(
        (&marts["error"], &marts["skip"], marts["pass"].as_u64() > Some(100)),
        (&0.into(), &0.into(), true),
        "{marts}"
    );

    let second = local.json(&["run", "--run-id", "tuesday", "--no-dbt"]);
    for (table, counts) in second["tables"].as_object().expect("tables") {
        let changed = ["inserted", "updated", "deleted"].map(|key| counts[key].as_u64());
        assert_eq!(changed, [Some(0); 3], "{table}");
    }
    assert_eq!(local.json(&["run", "--run-id", "tuesday", "--no-dbt"])["outcome"], "already_committed");
    assert_eq!(local.json(&["run", "--run-id", "monday", "--no-dbt"])["outcome"], "superseded");

    let asked = "SELECT count(*) AS launches, min(date_utc) AS first FROM spacex.launches -- all";
    let rows = local.json(&["query", asked]);
    assert_eq!(rows, serde_json::json!([{"launches": sample("launches"), "first": "2006-03-24T22:30:00"}]));
    assert_eq!(local.json(&["query", "SELECT 1 AS a WHERE false"]), serde_json::json!([]));
    let text = local.command(&["query", "SELECT run_id FROM etl.runs ORDER BY seq"]).stdout;
    assert_eq!(String::from_utf8_lossy(&text), "run_id\nmonday\ntuesday\n(2 rows)\n");

    assert!(local.refused(&["query", "DELETE FROM spacex.launches"]).contains("permission denied"));
    assert!(local.refused(&["query", "SELECT nonsense"]).contains("column \"nonsense\" does not exist"));

    assert_eq!(local.json(&["stop"])["stopped"], true);
    assert_eq!(local.json(&["stop"])["stopped"], false);
    assert_eq!(local.json(&["query", "SELECT 1 AS a"]), serde_json::json!([{"a": 1}]), "a question starts it again");
    assert_eq!(local.json(&["reset"])["removed"], true);
    assert_eq!(local.json(&["reset"])["removed"], false);
    assert!(local.refused(&["query", "SELECT 1"]).contains("run `cargo xtask local` first"));
}

#[test]
fn implausible_data_is_loaded_only_with_a_reason() {
    let local = Local::new();
    local.json(&["--run-id", "monday", "--collections", "crew", "--no-dbt"]);
    let source = tempfile::tempdir().expect("a folder");
    std::fs::write(source.path().join("crew.json"), "[]").expect("written");
    let source = source.path().to_str().expect("UTF-8");
    let options = ["--run-id", "tuesday", "--collections", "crew", "--no-dbt", "--source", source];
    let refused = local.refused(&options);
    let again = format!("cargo xtask local {} --dir {} --accept 'REASON'", options.join(" "), local.path().display());
    assert!(refused.contains(&again), "{refused}");

    let loaded = local.json(&[&options[..], &["--accept", "they left"]].concat());
    assert_eq!((&loaded["outcome"], &loaded["accepted"]), (&"committed".into(), &"they left".into()), "{loaded}");
    assert_eq!((&loaded["findings"][0]["table"], &loaded["findings"][0]["refused"]), (&"crew".into(), &true.into()));
    let rows = local.json(&["query", "SELECT DISTINCT source, seq, refused, reason FROM etl.findings WHERE refused"]);
    assert_eq!(rows, serde_json::json!([{"source": "spacex", "seq": 2, "refused": true, "reason": "they left"}]));
    let page = std::fs::read_to_string(local.path().join("report.html")).expect("the page");
    assert!(page.contains("they left"));
}

#[test]
fn a_record_is_forgotten_after_a_confirmation() {
    let local = Local::new();
    local.json(&["--run-id", "monday", "--collections", "crew", "--no-dbt"]);
    let forget = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(["forget", "spacex", "--key", "5a0543cd8b628179073115b6", "--dir"]).arg(local.path());
        let output = command.args(arguments).output().expect("xtask starts");
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        (output.status.code(), text)
    };
    let rows = || {
        local.json(&["query", "SELECT count(*) AS n FROM spacex.crew WHERE name = 'Robert Behnken'"])[0]["n"].clone()
    };
    let found = "crew: 1 record in responses, 1 row in files, in 1 manifest\n  1 row in the table `crew`\n";
    let (code, text) = forget(&["--dry-run"]);
    assert!(code == Some(0) && text.contains(found), "{text}");
    let (code, text) = forget(&[]);
    assert!(code == Some(1) && text.contains("hint: pass --yes"), "{text}");
    assert_eq!(rows(), 1);
    let (code, text) = forget(&["--yes"]);
    assert!(code == Some(0) && text.contains("texts of the records: nothing is left.\n"), "{text}");
    assert_eq!(rows(), 0);
    let (code, text) = forget(&["--yes"]);
    let only = "No record was found; only the keys were searched. ";
    assert!(code == Some(0) && text.contains(only) && !text.contains("Removed"), "{text}");

    // Another collection refers to it.
    local.json(&["--run-id", "tuesday", "--no-dbt"]);
    let (code, text) = forget(&["--yes", "--collection", "crew"]);
    assert!(
        code == Some(1) && text.contains("something is left in\n  processed/spacex/launch_crew/run=tuesday/"),
        "{text}"
    );
}

#[test]
fn wrong_arguments_of_forget_are_refused_before_a_server_starts() {
    let local = Local::new();
    let crew = ["--key", "1", "--collection"];
    let cases: [(&[&str], &str); 4] = [
        (&["nasa", "--key", "1"], "jobs/contracts/nasa.yaml` does not exist"),
        (&["spacex", "--key", ""], "--key: a key is empty"),
        (&[&["spacex"], &crew[..], &[""]].concat(), "source `spacex` has no collection ``"),
        (&[&["spacex"], &crew[..], &["staff"]].concat(), "its collections are"),
    ];
    for (arguments, problem) in cases {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        let output = command.arg("forget").args(arguments).arg("--dir").arg(local.path()).output().expect("it starts");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && text.contains(problem), "{text}");
    }
    assert!(!local.path().join("warehouse.json").exists());
}

#[test]
fn no_secret_is_on_a_command_line_or_readable_by_others_and_no_account_is_used() {
    use std::os::unix::fs::PermissionsExt;
    let local = Local::new();
    local.json(&["--collections", "company", "--no-dbt"]);
    let file = local.path().join("warehouse.json");
    let state: Value = serde_json::from_str(&std::fs::read_to_string(&file).expect("the state")).expect("JSON");
    assert_eq!(std::fs::metadata(&file).expect("the state").permissions().mode() & 0o777, 0o600);
    let mut secrets = vec![state["server"]["password"].as_str().expect("a password").to_owned()];
    let roles = state["passwords"].as_object().expect("passwords").values();
    secrets.extend(roles.map(|password| password.as_str().expect("a password").to_owned()));
    assert_eq!(secrets.len(), 4);
    let home = state["server"]["home"].as_str().expect("a home");
    let postmaster = std::fs::read_to_string(format!("{home}/data/postmaster.pid")).expect("it runs");
    let process = format!("/proc/{}", postmaster.lines().next().expect("a process id"));
    let arguments = std::fs::read_to_string(format!("{process}/cmdline")).expect("its arguments");
    let environment = std::fs::read(format!("{process}/environ")).expect("its environment");
    let environment = String::from_utf8_lossy(&environment);
    assert!(arguments.contains("listen_addresses=127.0.0.1"), "{arguments}");
    for secret in &secrets {
        assert!(!arguments.contains(secret) && !environment.contains(secret));
    }
    assert!(!environment.contains("AWS_") && !environment.contains("canary"), "{environment}");
}

#[test]
fn an_invalid_source_is_refused_before_anything_is_created() {
    let local = Local::new();
    assert!(local.refused(&["--source", "/nowhere/at/all"]).contains("`/nowhere/at/all` is not a folder"));
    assert!(local.refused(&["--source", "s3://bucket/x"]).contains("never accesses AWS"));
    assert!(local.refused(&["--contract", "/nowhere.yaml"]).contains("the contract `/nowhere.yaml` does not exist"));
    assert!(!local.path().join("warehouse.json").exists());
}

#[test]
fn two_commands_in_one_folder_run_one_after_the_other() {
    let local = Local::new();
    std::fs::create_dir_all(local.path()).expect("the folder");
    let lock = std::fs::File::create(local.path().join("lock")).expect("a lock");
    lock.lock().expect("locked");
    assert!(local.refused(&["stop"]).contains("another command is using"));
    drop(lock);
    assert_eq!(local.json(&["stop"])["stopped"], false);
}
