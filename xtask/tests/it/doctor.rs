//! `cargo xtask doctor` on machines with missing tools or wrong settings.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// Returns the program with a scrubbed environment: no PATH, no home folder, no credentials.
fn doctor(environment: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.env_clear().env("PATH", "/nowhere").env("HOME", "/nowhere").arg("doctor").args(arguments);
    command.envs(environment.iter().copied()).output().expect("xtask starts")
}

fn diagnoses(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("one JSON value on standard output")
}

fn of<'v>(diagnoses: &'v Value, check: &str) -> &'v Value {
    diagnoses.as_array().expect("a list").iter().find(|one| one["check"] == check).expect("a diagnosis")
}

fn dot_env(text: &str, mode: u32) -> tempfile::NamedTempFile {
    use std::os::unix::fs::PermissionsExt;
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("written");
    std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).expect("set");
    file
}

fn shown(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn each_missing_tool_is_reported_with_the_command_that_installs_it() {
    let output = doctor(&[], &["--json", "--env", "dev", "--dot-env", "/dev/null"]);
    assert_eq!(output.status.code(), Some(1));
    let found = diagnoses(&output);
    for (check, fix) in [
        ("rust", "rustup update stable"),
        ("git", "sudo apt-get install git"),
        ("c linker", "sudo apt-get install build-essential"),
        ("python", "sudo apt-get install python3 python3-venv"),
    ] {
        assert_eq!((&of(&found, check)["state"], &of(&found, check)["fix"][0]), (&"red".into(), &fix.into()));
    }
    assert_eq!(of(&found, "credentials")["state"], "yellow", "only a deployment needs them");
    assert_eq!(of(&found, "region")["found"], "eu-west-1 (from infra/settings/dev.yaml)");
}

#[test]
fn a_dead_configured_socket_is_red() {
    let output = doctor(&[("DOCKER_HOST", "unix:///nowhere/docker.sock")], &["--json", "--dot-env", "/dev/null"]);
    let found = diagnoses(&output);
    assert_eq!(of(&found, "docker")["state"], "red");
    assert_eq!(of(&found, "docker")["found"], "DOCKER_HOST is unix:///nowhere/docker.sock: no engine is running");
}

#[test]
fn keys_are_sent_only_to_sts_which_may_not_respond() {
    // It accepts the connection and does not respond.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let keys = dot_env("AWS_ACCESS_KEY_ID=canary-key\nAWS_SECRET_ACCESS_KEY='canary-secret'\n", 0o644);
    let began = std::time::Instant::now();
    let output = doctor(&[("AWS_ENDPOINT_URL", &endpoint)], &["--json", "--dot-env", shown(keys.path())]);
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
    let found = diagnoses(&output);
    assert_eq!(of(&found, "credentials")["state"], "yellow");
    assert_eq!(of(&found, "credentials")["found"], "found, but no response within 3 seconds");
    assert_eq!(of(&found, ".env")["state"], "red", "others can read the secret");
    let text = doctor(&[("AWS_ENDPOINT_URL", &endpoint)], &["--dot-env", shown(keys.path())]);
    for stderr in [&output.stdout, &output.stderr, &text.stdout, &text.stderr] {
        assert!(!String::from_utf8_lossy(stderr).contains("canary"), "{}", String::from_utf8_lossy(stderr));
    }
}

#[test]
fn the_sts_endpoint_overrides_the_general_one() {
    let server = tiny_http::Server::http("127.0.0.1:0").expect("a port");
    let own = format!("http://{}", server.server_addr());
    let thread = std::thread::spawn(move || {
        let body = "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/ann</Arn>\
                    <Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
        for _ in 0..2 {
            let request = server.recv().expect("a request");
            request.respond(tiny_http::Response::from_string(body)).expect("a response");
        }
    });
    let keys = "AWS_ACCESS_KEY_ID=test\nAWS_SECRET_ACCESS_KEY=test\n";
    let file = dot_env(&format!("{keys}AWS_ENDPOINT_URL_STS={own}\n"), 0o600);
    let common = ("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    let mut found = vec![doctor(&[common], &["--json", "--dot-env", shown(file.path())])];
    let file = dot_env(keys, 0o600);
    let environment = [common, ("AWS_ENDPOINT_URL_STS", &own)];
    found.push(doctor(&environment, &["--json", "--dot-env", shown(file.path())]));
    for output in found {
        assert_eq!(of(&diagnoses(&output), "credentials")["found"], "arn:aws:iam::123456789012:user/ann");
    }
    thread.join().expect("STS was called");
}

#[test]
fn half_a_key_broken_settings_and_another_region_are_reported() {
    let output = doctor(
        &[("AWS_ACCESS_KEY_ID", "canary"), ("AWS_DEFAULT_REGION", "eu-north-1"), ("AWS_REGION", "us-east-1")],
        &["--json", "--env", "dev", "--dot-env", "/dev/null"],
    );
    let found = diagnoses(&output);
    assert_eq!(of(&found, "credentials")["found"], "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not");
    let region = "eu-north-1, but AWS_REGION is us-east-1";
    assert_eq!(of(&found, "region")["found"], region);
    let only = [("AWS_DEFAULT_REGION", "eu-north-1")];
    let found = diagnoses(&doctor(&only, &["--json", "--env", "dev", "--dot-env", "/dev/null"]));
    assert_eq!(of(&found, "region")["found"], "eu-north-1 (from AWS_DEFAULT_REGION in the environment)");

    let output = doctor(&[("AWS_ACCOUNT_ID", "12")], &["--json", "--env", "dev", "--dot-env", "/dev/null"]);
    let settings = of(&diagnoses(&output), "settings").clone();
    assert_eq!((&settings["state"], &settings["found"]), (&"red".into(), &"settings `dev`: 1 problem".into()));
}
