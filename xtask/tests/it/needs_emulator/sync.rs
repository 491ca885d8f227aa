//! `cargo xtask sync-dags` and `upload-sample` with MiniStack's S3; a proxy records every request. MiniStack has no
//! permissions and no KMS; a server that rejects every request replaces them.
//!
//! After every write of every test, Python imports every file in the bucket.

mod bench;
mod crashes;
mod faults;
mod others;

use serde_json::Value;

use bench::Bench;

const REQUIREMENTS: (&str, &str) = ("requirements.txt", "boto3==1.40.0\n");

#[test]
fn a_first_sync_uploads_all_files_and_the_next_is_one_listing_and_one_read() {
    let mut bench = Bench::new("first");
    bench.write(&[REQUIREMENTS, ("dag.py", "import steps\n"), ("steps.py", "from package import tools\n")]);
    bench.write(&[
        ("package/__init__.py", ""),
        ("package/tools.py", ""),
        ("config.json", "{}"),
        (".airflowignore", "steps"),
    ]);
    bench.write(&[
        ("tests/test_dag.py", "import pytest, nowhere"),
        ("README.md", "#"),
        (".hidden", ""),
        ("__pycache__/dag.pyc", ""),
    ]);
    let (report, requests) = bench.done(&[]);
    let sent = [
        "dags/.airflowignore",
        "dags/config.json",
        "requirements.txt",
        "dags/package/__init__.py",
        "dags/package/tools.py",
        "dags/steps.py",
        "dags/dag.py",
        "dags/.dpworld-sync.json",
    ];
    let mut lines: Vec<String> = requests.iter().map(bench::line).collect();
    assert_eq!(lines.remove(0), "LIST");
    // The announcement.
    assert_eq!(lines.remove(0), "PUT dags/.dpworld-sync.json");
    // The requests of a wave have no order.
    lines[..3].sort();
    lines[3..5].sort();
    assert_eq!(lines, sent.map(|key| format!("PUT {key}")));
    let (last, new) = requests[1..].split_last().expect("requests");
    assert!(new.iter().all(|put| put.header("if-none-match") == Some("*")), "{requests:?}");
    assert!(last.header("if-match").is_some(), "over the announcement: {last:?}");
    assert_eq!(report["update"], "environment");
    let version = report["requirements_version"].as_str().expect("a version").to_owned();
    assert_eq!(bench.version("requirements.txt"), version);

    let (report, requests) = bench.done(&[]);
    assert_eq!(requests.iter().map(bench::line).collect::<Vec<_>>(), ["LIST", "GET dags/.dpworld-sync.json"]);
    assert_eq!((&report["update"], report["requirements_version"].as_str()), (&Value::from("none"), Some(&*version)));
    assert_eq!(report["plan"]["waves"], Value::Array(vec![]));
}

#[test]
fn the_dags_get_the_settings_of_the_deployment_not_the_committed_file() {
    let mut bench = Bench::new("platform");
    bench.write(&[REQUIREMENTS, ("platform.json", "{}")]);
    bench.done(&[]);
    let platform: Value = serde_json::from_slice(&bench.read("dags/platform.json")).expect("JSON");
    // The account is MiniStack's, from its STS.
    assert_eq!(platform["alarm_topic"], "arn:aws:sns:eu-west-1:000000000000:dpstack-alarms");
    assert_eq!(platform["queue"], "dpstack-batch-queue");
}

#[test]
fn a_change_overwrites_one_object_and_the_manifest() {
    let mut bench = Bench::new("change");
    bench.write(&[REQUIREMENTS, ("dag.py", "import steps\n"), ("steps.py", "ONE = 1\n")]);
    bench.done(&[]);
    bench.write(&[("steps.py", "ONE = 2\n")]);
    let before = bench.etag("dags/steps.py");
    let preview = bench.text(&["--dry-run"]);
    assert_eq!(
        preview.lines().collect::<Vec<_>>(),
        ["put     dags/steps.py", "DAGs only: Airflow reads them within about 30 s."]
    );
    let (report, requests) = bench.done(&[]);
    let manifest = ["GET dags/.dpworld-sync.json", "PUT dags/.dpworld-sync.json"];
    let lines = ["LIST", manifest[0], manifest[1], "PUT dags/steps.py", manifest[1]];
    assert_eq!(requests.iter().map(bench::line).collect::<Vec<_>>(), lines);
    assert_eq!(requests[3].header("if-match"), Some(&*before));
    assert!(requests[2].header("if-match").is_some() && requests[4].header("if-match").is_some());
    assert_eq!(report["update"], "dags");

    bench.write(&[("requirements.txt", "boto3==1.40.1\n")]);
    let preview = bench.text(&["--dry-run"]);
    assert!(preview.contains("RequirementsVersion=(printed after the upload)"), "{preview}");
    let text = bench.text(&[]);
    let version = bench.version("requirements.txt");
    assert!(text.contains("Environment update") && text.contains(&format!("RequirementsVersion={version}.")), "{text}");
}

#[test]
fn a_rename_across_an_import_takes_three_steps() {
    let mut bench = Bench::new("rename");
    bench.write(&[REQUIREMENTS, ("dag.py", "from old import f\n"), ("old.py", "def f(): pass\n")]);
    bench.done(&[]);
    bench.remove("old.py");
    bench.write(&[("dag.py", "from new import f\n"), ("new.py", "def f(): pass\n")]);
    let (_, requests) = bench.done(&[]);
    let lines = ["PUT dags/new.py", "PUT dags/dag.py", "DELETE dags/old.py", "PUT dags/.dpworld-sync.json"];
    assert_eq!(requests[3..].iter().map(bench::line).collect::<Vec<_>>(), lines);
}

#[test]
fn files_that_import_each_other_are_uploaded_together_before_their_importers_and_reported() {
    let mut bench = Bench::new("circle");
    bench.write(&[REQUIREMENTS, ("dag.py", "import circle_a\n")]);
    bench.write(&[("circle_a.py", "import circle_b\n"), ("circle_b.py", "import circle_a\n")]);
    let preview = bench.text(&["--dry-run"]);
    let line = "circle  dags/circle_a.py, dags/circle_b.py (import each other; changed together)";
    assert!(preview.lines().any(|found| found == line), "{preview}");
    let (report, requests) = bench.done(&[]);
    let mut puts: Vec<String> = requests[3..6].iter().map(bench::line).collect();
    puts[..2].sort();
    assert_eq!(puts, ["PUT dags/circle_a.py", "PUT dags/circle_b.py", "PUT dags/dag.py"]);
    assert_eq!(report["plan"]["waves"][1].as_array().map(Vec::len), Some(2));
}

#[test]
fn more_objects_than_a_page_holds_are_listed_in_two_requests() {
    let mut bench = Bench::new("pages");
    bench.write(&[REQUIREMENTS]);
    for number in 0..1_200 {
        let (name, text) = (format!("module_{number}.py"), format!("NUMBER = {number}\n"));
        bench.write(&[(&name, &text)]);
    }
    bench.unseen();
    let (report, requests) = bench.done(&[]);
    let lines: Vec<String> = requests.iter().map(bench::line).collect();
    assert_eq!(lines, ["LIST", "LIST", "GET dags/.dpworld-sync.json"]);
    // S3 returns 1,000 keys per page (API reference, ListObjectsV2).
    let continued = requests.iter().map(|request| request.head.contains("continuation-token=")).collect::<Vec<_>>();
    assert_eq!(continued, [false, true, false]);
    assert_eq!(report["plan"]["keep"].as_array().map(Vec::len), Some(1_201));
    assert_eq!((&report["update"], &report["plan"]["foreign"]), (&Value::from("none"), &Value::Array(vec![])));
}

#[test]
fn failing_imports_are_reported_with_file_and_line_before_any_upload() {
    let mut bench = Bench::new("wrong");
    bench.write(&[REQUIREMENTS, ("dag.py", "import steps\n"), ("steps.py", "\n")]);
    bench.done(&[]);
    bench.write(&[("dag.py", "import json\nimport steps\nx = (\n")]);
    bench.refused(
        &[],
        &["error: invalid Python: dags/dag.py:3: '(' was never closed", "hint: the local `python3` is 3."],
    );
    bench.write(&[("dag.py", "import json\nimport steps\n")]);
    bench.remove("steps.py");
    let requests = bench.refused(&[], &["dags/dag.py:2: `import steps`: the module `steps` no longer exists"]);
    assert!(requests.iter().all(|request| request.method == "GET"));
}

#[test]
fn deletes_beyond_the_limit_need_a_flag() {
    let mut bench = Bench::new("cap");
    bench.write(&[REQUIREMENTS, ("a.py", ""), ("b.py", ""), ("c.py", "import a\n")]);
    bench.done(&[]);
    for file in ["a.py", "b.py", "c.py"] {
        bench.remove(file);
    }
    bench.refused(
        &["--max-delete", "2"],
        &["the sync would delete 3 objects, more than the limit of 2", "hint: to delete them, pass --max-delete 3"],
    );
    let (_, requests) = bench.done(&["--max-delete", "3"]);
    let lines: Vec<String> = requests[2..].iter().map(bench::line).collect();
    let last = lines.iter().position(|line| line == "DELETE dags/a.py");
    assert!(last > lines.iter().position(|line| line == "DELETE dags/c.py") && lines.len() == 4, "{lines:?}");
}

#[test]
fn the_sample_is_uploaded_once() {
    let bench = Bench::lake("sample");
    let sample = |bench: &Bench| serde_json::from_str::<Value>(&bench.sample(&["--json"])).expect("JSON");
    let first = sample(&bench);
    assert_eq!((first["plan"]["waves"][0].as_array().map(Vec::len), &first["applied"]), (Some(14), &Value::from(true)));
    assert_eq!(sample(&bench)["plan"]["waves"], Value::Array(vec![]));
    let sent = bench.read("sample/spacex/launches.json");
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../jobs/sample/spacex/launches.json");
    assert!(sent == std::fs::read(own).expect("the sample"));
    bench.put("sample/spacex/crew.json", b"[]");
    assert!(bench.sample(&[]).starts_with("put     sample/spacex/crew.json\n1 uploaded, 13 unchanged"));
}
