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
