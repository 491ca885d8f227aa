//! Validates the settings with the JSON Schema validator in the dbt environment.

use std::path::Path;
use std::process::Command;

use super::setting;

#[test]
fn the_committed_settings_are_valid_and_wrong_ones_are_not() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(Path::new(&setting("TEST_DBT")).join("python"));
    command.arg(own.join("tests/it/needs_emulator/schema.py")).arg(own.join("../infra/settings"));
    let output = command.output().expect("python");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "dev.yaml\nprod.yaml\nrehearse.yaml\n");
}
