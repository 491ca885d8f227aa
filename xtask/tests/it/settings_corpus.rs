//! Every malformed file in `tests/settings_corpus`, with the exact message from the program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/settings_corpus")
}

/// Returns the program with a case's file and a scrubbed environment.
fn command(case: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.env_clear().current_dir(folder()).args(["settings", "--file"]).arg(case.file_name().expect("a name"));
    let dot_env = case.with_extension("dotenv");
    command.arg("--dot-env").arg(if dot_env.exists() {
        dot_env.file_name().expect("a name")
    } else {
        "/dev/null".as_ref()
    });
    let environment = fs::read_to_string(case.with_extension("env")).unwrap_or_default();
    command.envs(environment.lines().filter_map(|line| line.split_once('=')));
    command
}

#[test]
fn every_file_is_refused_with_its_message() {
    let mut cases: Vec<PathBuf> = fs::read_dir(folder()).expect("the corpus").flatten().map(|e| e.path()).collect();
    cases.retain(|path| path.extension().is_some_and(|end| end == "yaml"));
    cases.sort();
    assert!(cases.len() >= 40, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let output = command(case).output().expect("xtask starts");
        let shown = String::from_utf8(output.stderr).expect("UTF-8");
        let is_accepted = case.file_name().is_some_and(|name| name.to_string_lossy().starts_with("warning_"));
        assert_eq!(output.status.code(), Some(i32::from(!is_accepted)), "{}: {shown}", case.display());
        assert_eq!(output.stdout.is_empty(), !is_accepted, "{}", case.display());
        assert!(!shown.contains("canary") && !shown.contains("CANARY"), "{} repeats a secret", case.display());
        let expected = case.with_extension("txt");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&expected, &shown).expect("written");
        }
        let expected = fs::read_to_string(expected).unwrap_or_default();
        if shown != expected {
            wrong.push(format!("== {}\n-- expected\n{expected}\n-- found\n{shown}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_environment_overrides_dot_env_which_overrides_the_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let dot_env = dir.path().join("env");
    fs::write(&dot_env, "AWS_DEFAULT_REGION=us-east-1\nBUCKET_SUFFIX=mine\nSETTINGS_MODULE=prod\n").expect("written");
    let asked = |environment: &[(&str, &str)], arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.env_clear().args(["settings", "--json", "--dot-env"]).arg(&dot_env).args(arguments);
        let output = command.envs(environment.iter().copied()).output().expect("xtask starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("JSON")
    };
    let found = asked(&[], &[]);
    assert_eq!(found["settings"]["protection"]["level"], "production", "the module is .env's");
    assert_eq!(found["settings"]["region"], "us-east-1");
    assert_eq!(found["overridden"]["region"]["origin"]["dot_env"]["line"], 1);
    assert_eq!(found["buckets"]["lake"], "dpstack-prod-dlake-mine");
    assert_eq!(found["roles"]["airflow"], "dpstack-prod-airflow-us-east-1");

    let found = asked(&[("AWS_DEFAULT_REGION", "eu-north-1"), ("BUCKET_SUFFIX", "")], &["--env", "dev"]);
    assert_eq!(found["settings"]["protection"]["level"], "development", "the option overrides .env");
    assert_eq!(found["settings"]["region"], "eu-north-1");
    assert_eq!(found["overridden"]["region"]["origin"], "environment");
    assert_eq!(found["settings"]["bucket_suffix"], "mine", "an empty variable is ignored");

    let found = asked(&[("SETTINGS_MODULE", "rehearse")], &[]);
    assert_eq!(found["settings"]["account"], "000000000000");
    assert_eq!(found["settings"]["batch"]["queue"], "dpstack-batch-queue", "other keys are dev's");
}

#[test]
fn an_unknown_module_is_reported_with_the_available_ones() {
    for (name, value, how) in [("--env", "../dev", "--env"), ("--env", "production", "--env")] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        let output = command.env_clear().args(["settings", name, value, "--dot-env", "/dev/null"]).output();
        let output = output.expect("xtask starts");
        let shown = String::from_utf8_lossy(&output.stderr).into_owned();
        let expected = format!(
            "error: the settings module `{value}` does not exist (selected by {how})\nhint: available: dev, prod, rehearse\n"
        );
        assert_eq!((output.status.code(), shown), (Some(1), expected));
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.env_clear().env("SETTINGS_MODULE", "nope").args(["settings", "--dot-env", "/dev/null"]);
    let shown = String::from_utf8(command.output().expect("xtask starts").stderr).expect("UTF-8");
    assert!(shown.contains("`nope` does not exist (selected by SETTINGS_MODULE in the environment)"), "{shown}");
}
