//! `cargo xtask setup-github` with a script that replaces `gh` and records its calls. This does not verify GitHub's responses.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

/// Writes its arguments and standard input to a file at each call; responds like a repository whose `main` may already deploy
/// to `dev`.
const GH: &str = r#"#!/bin/sh
{ printf 'gh'; printf ' %s' "$@"; printf ' <- '; cat; printf '\n'; } >> "$GH_LOG"
case "$*" in
    *"environments/dev/deployment-branch-policies --jq"*) echo main ;;
    "api user"*) echo 583231 ;;
    *refused*) echo 'HTTP 403' >&2; exit 1 ;;
esac
"#;

const ENV: &str =
    "AWS_ACCOUNT_ID=123456789012\nAWS_ACCESS_KEY_ID=a-canary-key\nAWS_SECRET_ACCESS_KEY=a-canary-secret\n";

fn setup(folder: &Path, arguments: &[&str]) -> (Output, String) {
    let (gh, log, dot_env) = (folder.join("gh"), folder.join("log"), folder.join("dot-env"));
    std::fs::write(&gh, GH).expect("written");
    std::fs::set_permissions(&gh, std::fs::Permissions::from_mode(0o755)).expect("set");
    if !dot_env.exists() {
        std::fs::write(&dot_env, ENV).expect("written");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.env_clear().env("PATH", format!("{}:/usr/bin:/bin", folder.display())).env("GH_LOG", &log);
    command.arg("setup-github").args(arguments).arg("--dot-env").arg(dot_env);
    let output = command.output().expect("xtask starts");
    (output, std::fs::read_to_string(log).unwrap_or_default())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_printed_commands_contain_no_secrets_and_nothing_is_called() {
    let folder = tempfile::tempdir().expect("a folder");
    let (output, log) = setup(folder.path(), &[]);
    let shown = text(&output.stdout);
    assert!(output.status.success() && log.is_empty(), "{}", text(&output.stderr));
    assert!(!shown.contains("canary"), "{shown}");
    for line in [
        "gh secret set AWS_ACCESS_KEY_ID < <(printf %s \"$AWS_ACCESS_KEY_ID\")",
        "gh variable set AWS_ACCOUNT_ID_PROD < <(printf %s \"$AWS_ACCOUNT_ID\")",
        "gh api --method PUT 'repos/{owner}/{repo}/environments/prod' --input - <<< ",
        "aws cloudformation deploy --region eu-west-1 --stack-name DataPlatformProd-ci --template-file infra/github/ci.yaml",
        "    GithubSubject=repo:example-org/dpworld",
        "    GithubEnvironment=prod",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    // A shell accepts the output unchanged.
    let script = folder.path().join("shown.sh");
    std::fs::write(&script, &shown).expect("written");
    assert!(Command::new("bash").arg("-n").arg(script).status().expect("bash").success());
}

#[test]
fn secrets_are_passed_only_on_standard_input() {
    let folder = tempfile::tempdir().expect("a folder");
    let (output, log) = setup(folder.path(), &["--env", "dev", "--run"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    for line in [
        "gh secret set AWS_ACCESS_KEY_ID <- a-canary-key",
        "gh secret set AWS_SECRET_ACCESS_KEY <- a-canary-secret",
        "gh variable set AWS_ACCOUNT_ID_DEV <- 123456789012",
        "gh api --method POST repos/{owner}/{repo}/environments/dev-build/deployment-branch-policies -f name=main <- ",
    ] {
        assert!(log.contains(line), "{line}\n{log}");
    }
    let message = log.lines().filter_map(|line| line.split(" <- ").next());
    assert!(message.clone().all(|message| !message.contains("canary")), "{log}");
    let again = "--method POST repos/{owner}/{repo}/environments/dev/";
    assert!(!log.contains(again), "main is there already: {log}");
    let stderr = text(&output.stdout) + &text(&output.stderr);
    assert!(!stderr.contains("canary"), "{stderr}");
}

#[test]
fn a_protected_environment_gets_the_caller_as_reviewer_and_no_keys() {
    let folder = tempfile::tempdir().expect("a folder");
    let (output, log) = setup(folder.path(), &["--env", "prod", "--run"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let own = log.lines().find(|line| line.contains("PUT repos/{owner}/{repo}/environments/prod --input"));
    assert!(own.is_some_and(|line| line.contains(r#""reviewers":[{"id":583231,"type":"User"}]"#)), "{log}");
    assert!(!log.contains("secret set"), "its jobs become roles: {log}");
    assert!(text(&output.stdout).contains("aws cloudformation deploy"));
}

#[test]
fn missing_values_are_reported_before_anything_is_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("dot-env"), "AWS_ACCESS_KEY_ID=a-canary-key\n").expect("written");
    let (output, log) = setup(folder.path(), &["--env", "dev", "--run"]);
    let stderr = text(&output.stderr);
    assert!(output.status.code() == Some(1) && stderr.contains("`AWS_ACCOUNT_ID` is not set"), "{stderr}");
    assert!(!log.contains(" PUT ") && !log.contains(" set "), "{log}");
    for (arguments, message) in
        [(&["--run"][..], "hint: pass --env dev"), (&["--env", "rehearse"], "hint: known modules: dev, prod")]
    {
        let (output, _) = setup(folder.path(), arguments);
        assert!(output.status.code() == Some(1) && text(&output.stderr).contains(message), "{}", text(&output.stderr));
    }
}
