//! The `run` lines of `build.yml` and `deploy.yml` that call the program, in the order of the jobs, run in a shell as GitHub's
//! runner does: from an empty account to the complete deployment. The shell has only the environment that each step declares and this machine's
//! own settings.
//!
//! This test must run last: it deletes and creates the repositories that the others push to.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{REGION, SECRET, first, machine, on_aws, repository};

/// Returns the `run` line and the declared environment of each step that calls the program, in the jobs with these names;
/// each job follows those that it needs.
fn steps(workflow: &str, start: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let text = fs::read_to_string(repository().join(".github/workflows").join(workflow)).expect("a workflow");
    let workflow: Value = serde_yaml::from_str(&text).expect("YAML");
    let jobs = workflow["jobs"].as_object().expect("jobs");
    let mut open: Vec<&String> = jobs.keys().filter(|name| name.starts_with(start)).collect();
    let (mut done, mut steps) = (Vec::new(), Vec::new());
    while !open.is_empty() {
        let needs = |name: &&String| {
            let needs = jobs[*name]["needs"].as_array().into_iter().flatten();
            let mut needs = needs.filter_map(Value::as_str).filter(|need| need.starts_with(start));
            needs.all(|need| done.contains(&need.to_owned()))
        };
        let next = (*open.iter().find(|name| needs(name)).expect("no circle")).clone();
        for step in jobs[&next]["steps"].as_array().expect("steps") {
            let run = step["run"].as_str().filter(|run| run.starts_with("programs/xtask "));
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
        literal if !literal.contains("${{") => literal.to_owned(),
        other => panic!("this test has no value for `{other}`"),
    }
}

fn plan() -> Value {
    serde_json::from_slice(&fs::read(repository().join("plan.json")).expect("the plan was written")).expect("JSON")
}

/// Runs a step's line in a shell and returns its standard output.
#[track_caller]
fn run(line: &str, declared: &BTreeMap<String, String>) -> String {
    let mut command = Command::new("bash");
    command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", line]).current_dir(repository());
    command.env_clear().env("PATH", std::env::var("PATH").expect("a path"));
    command.env("HOME", std::env::var("HOME").expect("a home"));
    // rustup's choice of the toolchain.
    command.envs(std::env::vars().filter(|(name, _)| name.starts_with("RUSTUP_") || name == "CARGO_HOME"));
    command.envs(machine()).envs(declared.iter().map(|(name, value)| (name, given(value))));
    // The compiler's image may be unreachable.
    command.env("IMAGE_COMPILE", "host");
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
    let program = repository().join("programs/xtask");
    fs::create_dir_all(program.parent().expect("its folder")).expect("created");
    symlink(env!("CARGO_BIN_EXE_xtask"), &program).expect("linked");
    let steps = [steps("build.yml", "build"), steps("deploy.yml", "dev-")].concat();
    let lines: Vec<&str> = steps.iter().map(|(line, _)| line.as_str()).collect();
    let wanted = [
        "programs/xtask build-images --save programs/images.tar --env dev",
        "programs/xtask deploy --create-only --stack registry --stack storage --yes --env dev",
        "programs/xtask build-images --push --from programs/images.tar --save programs/images.tar --json --env dev > programs/images.json",
        "programs/xtask diff --json --env dev > plan.json",
        "programs/xtask diff --env dev > plan.txt",
        "programs/xtask deploy --yes --expect \"$DIGEST\" --env dev",
        "programs/xtask sync-dags --env dev",
        "programs/xtask status --env dev",
    ];
    assert_eq!(lines, wanted, "a later step would hide a missing one");
    for (line, declared) in &steps {
        let stdout = run(line, declared);
        match line.as_str() {
            line if line.contains("--push") => {
                let images = fs::read(repository().join("programs/images.json")).expect("the images were written");
                let images: Value = serde_json::from_slice(&images).expect("JSON");
                let images = images.as_array().expect("images");
                assert!(images.len() == 2 && images.iter().all(|image| image["digest"].is_string()), "{images:?}");
            }
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
    fs::remove_dir_all(repository().join("programs")).expect("removed");
    fs::remove_file(repository().join("plan.json")).expect("removed");
    fs::remove_file(repository().join("plan.txt")).expect("removed");
}
