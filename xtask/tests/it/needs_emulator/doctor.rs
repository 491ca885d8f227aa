//! The account that the credentials belong to, according to an emulator's STS (MiniStack's account is 000000000000).

use std::process::Command;

use serde_json::Value;

use super::setting;

fn account(allowed: &str) -> (Value, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(["doctor", "--json", "--env", "dev", "--dot-env", "/dev/null"]);
    command.env("AWS_ENDPOINT_URL", setting("TEST_S3_ENDPOINT")).env("AWS_ACCOUNT_ID", allowed);
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    let output = command.output().expect("xtask starts");
    let diagnoses: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    let diagnosis = |check: &str| diagnoses.iter().find(|one| one["check"] == check).expect("a diagnosis").clone();
    (diagnosis("credentials"), diagnosis("account"))
}

#[test]
fn the_expected_account_is_green_and_another_one_is_red() {
    let (credentials, right) = account("000000000000");
    assert_eq!(credentials["state"], "green", "{credentials}");
    assert_eq!(right["state"], "green", "{right}");
    assert_eq!(right["found"], "000000000000 (from AWS_ACCOUNT_ID in the environment)");

    let (_, other) = account("123456789012");
    assert_eq!(other["state"], "red", "{other}");
    assert_eq!(other["found"], "000000000000 is not 123456789012 (from AWS_ACCOUNT_ID in the environment)");
}
