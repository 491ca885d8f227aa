//! Files that are written from something else are what they must be.

use std::process::Command;

#[test]
fn the_settings_schema_is_written_from_their_types() {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask")).args(["settings-schema", "--check"]).output();
    let output = output.expect("xtask starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn dbts_sources_are_written_from_the_contract() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_xtask")).args(["dbt-sources", "--check"]).output().expect("xtask starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_the_dags_know_is_written_from_the_settings_of_dev_whatever_the_environment_says() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.env("SETTINGS_MODULE", "prod").env("AWS_ACCOUNT_ID", "123456789012").env("AWS_DEFAULT_REGION", "us-east-1");
    let output = command.args(["dag-settings", "--check"]).output().expect("xtask starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn another_deployments_dag_settings_are_not_those_that_are_committed() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let output = command.args(["dag-settings", "--env", "prod", "--check"]).output().expect("xtask starts");
    assert_eq!(output.status.code(), Some(1));
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(words.contains("dags/platform.json is not current from line"), "{words}");
}

#[test]
fn the_readme_shows_what_the_prices_command_says() {
    let readme = include_str!("../../../README.md");
    let folder = tempfile::tempdir().expect("a folder");
    let nothing = folder.path().join("env");
    std::fs::write(&nothing, "").expect("written");
    for module in ["dev", "prod"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.env_clear().args(["prices", "--env", module, "--dot-env"]).arg(&nothing);
        let output = command.output().expect("xtask starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let shown = String::from_utf8(output.stdout).expect("UTF-8");
        let block = format!("$ cargo xtask prices --env {module}\n{shown}```\n");
        assert!(readme.contains(&block), "README.md should have this:\n{block}");
    }
}
