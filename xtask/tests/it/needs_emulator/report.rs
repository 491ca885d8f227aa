//! `cargo xtask report` with MiniStack's S3, which verifies the signature of a link.

use std::process::{Command, Output};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::setting;
use crate::support::{http, s3};

fn report(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.arg("report").args(arguments).args(["--env", "dev", "--dot-env", "/dev/null"]);
    command
        .env("AWS_ENDPOINT_URL", setting("TEST_S3_ENDPOINT"))
        .env("BUCKET_SUFFIX", suffix())
        .env_remove("AWS_PROFILE");
    command
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_DEFAULT_REGION", "eu-west-1");
    command.output().expect("xtask starts")
}

fn suffix() -> String {
    format!("report{}", std::process::id())
}

#[track_caller]
fn refused(arguments: &[&str], message: &str) {
    let output = report(arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && stderr.contains(message), "{arguments:?}: {stderr}");
}

#[track_caller]
fn value(arguments: &[&str], key: &str) -> String {
    let output = report(&[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let value: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    value[key].as_str().expect(key).to_owned()
}

#[test]
fn the_newest_report_and_that_of_a_run_are_saved_or_linked() {
    let (endpoint, bucket) = (setting("TEST_S3_ENDPOINT"), format!("dpstack-dlake-{}", suffix()));
    s3::make_bucket(&endpoint, &bucket);
    refused(&[], "`spacex` has no reports");
    let put = |key: &str| {
        let (head, _) = s3::ask(&endpoint, "PUT", &format!("/{bucket}/report/{key}"), format!("page {key}").as_bytes());
        assert!(head.contains(" 200 "), "{head}");
        // S3 compares times in seconds.
        sleep(Duration::from_millis(1_100));
    };
    for key in ["spacex/b.html", "spacex/a.html", "spacex/c.json", "other/d.html"] {
        put(key);
    }
    for (arguments, expected) in [(&[][..], "a"), (&["--run", "b"], "b")] {
        let file = value(arguments, "report");
        assert_eq!(std::fs::read_to_string(&file).expect("the page"), format!("page spacex/{expected}.html"));
        std::fs::remove_file(&file).expect("the page");
    }
    refused(&["--run", "c"], "the run `c` of `spacex` has no report");

    let link = Url::parse(&value(&["--link"], "link")).expect("a URL");
    assert!(link.query_pairs().any(|(name, value)| name == "X-Amz-Expires" && value == "3600"), "{link}");
    let path = format!("{}?{}", link.path(), link.query().unwrap_or_default());
    let host = format!("{}:{}", link.host_str().expect("a host"), link.port().expect("a port"));
    let get = |path: &str| http::ask(&endpoint, ("GET", path), &[("Host", &host)], b"");
    let (head, body) = get(&path);
    assert!(head.contains(" 200 ") && body == b"page spacex/a.html", "{link} {head}");
    let (head, _) = get(&path.replace("a.html", "b.html"));
    assert!(head.contains(" 403 "), "{head}");
}
