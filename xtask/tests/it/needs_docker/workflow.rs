//! The `run` lines of `deploy.yml`, in the order of its jobs, run in a shell as GitHub's runner does: from an empty
//! account to the complete deployment. The shell has only the environment that each step declares and this machine's
//! own settings.
//!
//! This test must run last: it deletes and creates the repositories that the others push to.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{REGION, SECRET, first, machine, on_aws, repository};

/// Replaces cargo: `cargo xtask` runs the program under test; any other command runs the real cargo.
const CARGO: &str =
    "#!/bin/sh\nif [ \"$1\" = xtask ]; then shift; exec \"$THE_XTASK\" \"$@\"; fi\nexec \"$THE_CARGO\" \"$@\"\n";

/// Returns the `run` line and the declared environment of each step in the `dev` jobs; each job follows those that it
/// needs.
fn steps(workflow: &Value) -> Vec<(String, BTreeMap<String, String>)> {
    let jobs = workflow["jobs"].as_object().expect("jobs");
    let mut open: Vec<&String> = jobs.keys().filter(|name| name.starts_with("dev-")).collect();
    let (mut done, mut steps) = (Vec::new(), Vec::new());
    while !open.is_empty() {
        let needs = |name: &&String| {
            let needs = jobs[*name]["needs"].as_array().into_iter().flatten();
            needs.filter_map(Value::as_str).all(|need| done.contains(&need.to_owned()))
        };
        let next = (*open.iter().find(|name| needs(name)).expect("no circle")).clone();
        for step in jobs[&next]["steps"].as_array().expect("steps") {
            let run = step["run"].as_str().filter(|run| run.starts_with("cargo xtask"));
            let declared = step["env"].as_object().into_iter().flatten();
            let declared = declared.map(|(name, value)| (name.clone(), value.as_str().expect("text").to_owned()));
            steps.extend(run.map(|run| (run.to_owned(), declared.collect())));
        }
        open.retain(|name| **name != next);
        done.push(next);
    }
    steps
}

/// Returns the value of an expression.
fn given(expression: &str) -> String {
    match expression {
        "${{ vars.AWS_ACCOUNT_ID_DEV }}" => "000000000000".to_owned(),
        "${{ secrets.AWS_ACCESS_KEY_ID }}" => "test".to_owned(),
        "${{ secrets.AWS_SECRET_ACCESS_KEY }}" => SECRET.to_owned(),
        "${{ needs.dev-plan.outputs.digest }}" => plan()["digest"].as_str().expect("a digest").to_owned(),
        other => panic!("this test has no value for `{other}`"),
    }
}

fn plan() -> Value {
    serde_json::from_slice(&fs::read(repository().join("plan.json")).expect("the plan was written")).expect("JSON")
}

/// Runs a step's line in a shell and returns its standard output.
#[track_caller]
fn run(line: &str, declared: &BTreeMap<String, String>) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let cargo = folder.path().join("cargo");
    fs::write(&cargo, CARGO).expect("written");
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).expect("set");
    let path = std::env::var("PATH").expect("a path");
    let mut command = Command::new("bash");
    command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", line]).current_dir(repository());
    command.env_clear().env("PATH", format!("{}:{path}", folder.path().display()));
    command.env("HOME", std::env::var("HOME").expect("a home"));
    command.env("THE_XTASK", env!("CARGO_BIN_EXE_xtask")).env("THE_CARGO", env!("CARGO"));
    // rustup's choice of the toolchain.
    command.envs(std::env::vars().filter(|(name, _)| name.starts_with("RUSTUP_") || name == "CARGO_HOME"));
    command.envs(machine()).envs(declared.iter().map(|(name, value)| (name, given(value))));
    let output = command.stdin(Stdio::null()).output().expect("bash starts");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`{line}`: {}\n{message}", String::from_utf8_lossy(&output.stdout));
    assert!(!message.contains(SECRET), "`{line}` prints a secret");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn the_workflow_deploys_everything_to_an_empty_account() {
    first();
    on_aws(REGION, &["gone", "ingestion-image", "dbt-image"]);
    let text = fs::read_to_string(repository().join(".github/workflows/deploy.yml")).expect("deploy.yml");
    let workflow: Value = serde_yaml::from_str(&text).expect("YAML");
    let steps = steps(&workflow);
    let lines: Vec<&str> = steps.iter().map(|(line, _)| line.as_str()).collect();
    let wanted = [
        "cargo xtask deploy --create-only --stack registry --stack storage --yes --env dev",
        "cargo xtask build-images --push --image dbt-image --env dev",
        "cargo xtask build-images --image ingestion-image --env dev",
        "cargo xtask build-images --push --image ingestion-image --env dev",
        "cargo xtask diff --json --env dev > plan.json",
        "cargo xtask diff --env dev > plan.txt",
        "cargo xtask deploy --yes --expect \"$DIGEST\" --env dev",
        "cargo xtask sync-dags --env dev",
        "cargo xtask status --env dev",
    ];
    assert_eq!(lines, wanted, "a later step would hide a missing one");
    for (line, declared) in &steps {
        let stdout = run(line, declared);
        match line.as_str() {
            line if line.contains("--push") => assert!(stdout.contains("sha256:"), "{stdout}"),
            line if line.contains("plan.txt") => {
                let (plan, shown) = (plan(), fs::read_to_string(repository().join("plan.txt")).expect("plan.txt"));
                assert!(shown.contains(plan["digest"].as_str().expect("a digest")), "{shown}");
                let images = plan["plan"]["images"].as_array().expect("images");
                assert!(images.iter().all(|image| image["digest"].is_string()), "both are pushed: {images:?}");
                assert_eq!(plan["idle"], false);
            }
            line if line.contains("--expect") => assert!(stdout.contains("\nDeployed."), "{stdout}"),
            line if line.contains("sync-dags") => assert!(stdout.contains("Nothing to do"), "{stdout}"),
            line if line.contains("status") => {
                assert!(stdout.contains("All parts that can be verified here are"), "{stdout}")
            }
            _ => {}
        }
    }
    fs::remove_file(repository().join("plan.json")).expect("removed");
    fs::remove_file(repository().join("plan.txt")).expect("removed");
}
