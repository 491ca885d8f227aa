//! `preflight` in a rehearsal that is kept.

use std::fs;

use serde_json::Value;

use super::alone::in_rehearsal;
use super::repository;

/// `preflight` names a call that a template no longer allows, and those that a deployed role may not make.
pub(super) fn withheld_permissions_are_named(dot_env: &str) {
    let preflight = || {
        let output = in_rehearsal(dot_env, &["preflight", "--change-sets", "--json"]);
        let lines: Vec<Value> = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&output.stderr)));
        let red = |line: &Value| line["light"] == "red";
        let checks = lines.iter().filter(|line| red(line)).map(|line| line["found"].as_str().expect("text").to_owned());
        (output.status.code(), lines.len(), checks.collect::<Vec<String>>())
    };
    let (code, count, red) = preflight();
    // Each role of the templates, three of them as they are deployed, and each stack's change set.
    assert!(code == Some(0) && count > 25 && red.is_empty(), "{count} {red:?}");
    let template = repository().join("infra/compute.yaml");
    let text = fs::read_to_string(&template).expect("a template");
    let withheld = text.replace(", s3:PutObject]", "]");
    assert_ne!(text, withheld);
    fs::write(&template, withheld).expect("written");
    let (code, _, red) = preflight();
    fs::write(&template, text).expect("written");
    let found = red.iter().any(|found| found.contains("jobs would fail") && found.contains("s3:PutObject"));
    assert!(code == Some(1) && found, "{red:?}");
}
