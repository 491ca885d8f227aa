//! Objects and concurrent writes of other clients, accounts of other owners, and rejected syncs.

use serde_json::json;

use super::super::answering;
use super::REQUIREMENTS;
use super::bench::{Bench, line, refusal};
use crate::support::proxy::{Fate, Proxy};
use crate::support::s3::ask;

#[test]
fn an_object_of_others_is_skipped_and_reported() {
    let mut bench = Bench::new("foreign");
    bench.meddle("dags/theirs.py", "import json\n");
    bench.meddle("plugins.zip", "zip");
    bench.write(&[REQUIREMENTS, ("dag.py", "import theirs\n")]);
    let (report, _) = bench.done(&[]);
    assert_eq!(report["plan"]["foreign"], json!(["dags/theirs.py", "plugins.zip"]));
    bench.remove("dag.py");
    let (_, requests) = bench.done(&[]);
    assert_eq!(
        requests.iter().filter(|request| request.method == "DELETE").map(line).collect::<Vec<_>>(),
        ["DELETE dags/dag.py"]
    );
    assert!(
        bench
            .text(&[])
            .starts_with("skip    dags/theirs.py (not in the manifest)\nskip    plugins.zip (not in the manifest)\n")
    );
}

#[test]
fn an_object_of_others_at_our_key_is_refused_unless_its_content_is_the_same() {
    let mut bench = Bench::new("place");
    bench.write(&[REQUIREMENTS, ("dag.py", "import steps\n"), ("steps.py", "ONE = 1\n")]);
    bench.meddle("dags/steps.py", "ONE = 1\n");
    bench.meddle("dags/dag.py", "import json \n");
    let requests = bench.refused(
        &[],
        &["error: nothing was written: `dags/dag.py` was written by someone else", "--overwrite replaces them"],
    );
    assert!(requests.iter().all(|request| request.method == "GET"));
    let (report, requests) = bench.done(&["--overwrite"]);
    assert_eq!(report["plan"]["adopt"], json!(["dags/steps.py"]));
    assert!(!requests.iter().any(|request| line(request) == "PUT dags/steps.py"));
    bench.holds(&[REQUIREMENTS, ("dag.py", "import steps\n"), ("steps.py", "ONE = 1\n")]);
}

#[test]
fn an_edit_by_others_is_refused_by_name() {
    let mut bench = Bench::new("edit");
    bench.write(&[REQUIREMENTS, ("dag.py", "import json\n"), ("gone.py", "")]);
    bench.done(&[]);
    bench.remove("gone.py");
    // Of the same length.
    bench.meddle("dags/dag.py", "import zlib\n");
    bench.meddle("dags/gone.py", "import json\n");
    let texts = [
        "`dags/dag.py` was changed by someone else",
        "`dags/gone.py` was changed by someone else and would be deleted",
    ];
    let requests = bench.refused(&[], &texts);
    assert!(requests.iter().all(|request| request.method == "GET"));
    bench.done(&["--overwrite"]);
    bench.holds(&[REQUIREMENTS, ("dag.py", "import json\n")]);
}

#[test]
fn an_edit_during_a_sync_stops_it() {
    for (name, first) in [("mid-new", false), ("mid-old", true)] {
        let mut bench = Bench::new(name);
        if first {
            bench.write(&[REQUIREMENTS, ("steps.py", "ONE = 1\n"), ("dag.py", "import steps\n")]);
            bench.done(&[]);
        }
        bench.write(&[REQUIREMENTS, ("steps.py", "ONE = 2\n"), ("dag.py", "import steps, json\n")]);
        let (upstream, path) = (bench.upstream(), bench.path("dags/steps.py"));
        let meddler = upstream.clone();
        let proxy = Proxy::start(
            &upstream,
            Box::new(move |request, _| {
                if request.line() == "PUT dags/steps.py" {
                    ask(&meddler, "PUT", &path, b"ONE = 'theirs'\n");
                }
                Fate::Pass
            }),
        );
        let output =
            bench.command("sync-dags", &proxy.endpoint).arg("--dir").arg(bench.folder()).output().expect("xtask");
        refusal(&output, &["/dags/steps.py`; it was not overwritten", "hint: later files were not written"]);
        let requests = proxy.requests();
        let last = requests.last().expect("requests");
        assert_eq!((last.line().as_str(), last.status), ("GET dags/steps.py", Some(200)), "whether it is our own");
        let refused = requests.iter().rfind(|request| request.method != "GET").expect("a write");
        assert_eq!((refused.line().as_str(), refused.status), ("PUT dags/steps.py", Some(412)));
        assert_eq!(bench.read("dags/steps.py"), b"ONE = 'theirs'\n");
    }
}

#[test]
fn another_account_no_bucket_and_no_permission_are_a_line_and_a_hint_each() {
    let mut bench = Bench::new("refused");
    bench.write(&[REQUIREMENTS, ("dag.py", "")]);
    let run = |bench: &Bench, endpoint: &str, name: &str, value: &str| {
        let mut command = bench.command("sync-dags", endpoint);
        command.arg("--dir").arg(bench.folder()).env(name, value).output().expect("xtask starts")
    };
    let upstream = bench.upstream();
    let other = run(&bench, &upstream, "AWS_ACCOUNT_ID", "123456789012");
    refusal(
        &other,
        &[
            "error: the credentials are for account 000000000000, but the settings require account 123456789012",
            "hint: ",
        ],
    );
    let missing = run(&bench, &upstream, "BUCKET_SUFFIX", "nowhere");
    refusal(
        &missing,
        &[
            "error: the bucket `dpstack-airflow-nowhere` does not exist",
            "hint: run `cargo xtask deploy`: its `storage` stack",
        ],
    );
    let denied = run(&bench, &answering(403, "AccessDenied"), "CI", "1");
    refusal(&denied, &["`: AccessDenied: In S3's", "hint: the caller needs `s3:ListBucket`"]);
    let mut anonymous = bench.command("sync-dags", &upstream);
    anonymous.arg("--dir").arg(bench.folder()).env("AWS_EC2_METADATA_DISABLED", "true");
    anonymous.env("AWS_ACCESS_KEY_ID", "").env("AWS_SECRET_ACCESS_KEY", "").env("HOME", "/nowhere");
    refusal(&anonymous.output().expect("xtask starts"), &["no credentials", "hint: set AWS_ACCESS_KEY_ID"]);
    bench.holds(&[]);
    assert!(bench.read("dags/dag.py").starts_with(b"<"), "nothing was written");
    bench.done(&[]);
}
