//! `cargo xtask setup-github`, with a stand-in for GitHub's command line that writes down what it is asked. It proves nothing
//! of what GitHub answers.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

/// Writes its words and what it reads into a file each call; answers like a repository in which main may deploy to dev already.
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
fn what_is_shown_names_secrets_and_holds_none_and_asks_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let (output, log) = setup(folder.path(), &[]);
    let shown = text(&output.stdout);
    assert!(output.status.success() && log.is_empty(), "{}", text(&output.stderr));
    assert!(!shown.contains("canary"), "{shown}");
    for line in [
        "gh secret set AWS_ACCESS_KEY_ID < <(printf %s \"$AWS_ACCESS_KEY_ID\")",
        "gh variable set AWS_ACCOUNT_ID_PROD < <(printf %s \"$AWS_ACCOUNT_ID\")",
        "gh api --method PUT 'repos/{owner}/{repo}/environments/prod' --input - <<< ",
        "aws cloudformation deploy --region eu-west-1 --stack-name DataPlatform-ci --template-file infra/github/ci.yaml",
        "    GithubSubject=repo:example-org/dpworld",
        "    GithubEnvironment=prod",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    // A shell takes it as it is.
    let script = folder.path().join("shown.sh");
    std::fs::write(&script, &shown).expect("written");
    assert!(Command::new("bash").arg("-n").arg(script).status().expect("bash").success());
}

#[test]
fn what_is_run_gives_secrets_to_standard_input_alone() {
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
    let words = log.lines().filter_map(|line| line.split(" <- ").next());
    assert!(words.clone().all(|words| !words.contains("canary")), "{log}");
    let again = "--method POST repos/{owner}/{repo}/environments/dev/";
    assert!(!log.contains(again), "main is there already: {log}");
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(!said.contains("canary"), "{said}");
}

#[test]
fn an_approved_environment_gets_the_one_who_asks_as_its_reviewer_and_no_keys() {
    let folder = tempfile::tempdir().expect("a folder");
    let (output, log) = setup(folder.path(), &["--env", "prod", "--run"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let own = log.lines().find(|line| line.contains("PUT repos/{owner}/{repo}/environments/prod --input"));
    assert!(own.is_some_and(|line| line.contains(r#""reviewers":[{"id":583231,"type":"User"}]"#)), "{log}");
    assert!(!log.contains("secret set"), "its jobs become roles: {log}");
    assert!(text(&output.stdout).contains("aws cloudformation deploy"));
}

#[test]
fn what_is_missing_is_told_before_anything_is_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("dot-env"), "AWS_ACCESS_KEY_ID=a-canary-key\n").expect("written");
    let (output, log) = setup(folder.path(), &["--env", "dev", "--run"]);
    let said = text(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains("`AWS_ACCOUNT_ID` is not set"), "{said}");
    assert!(!log.contains(" PUT ") && !log.contains(" set "), "{log}");
    for (arguments, words) in
        [(&["--run"][..], "hint: pass --env dev"), (&["--env", "rehearse"], "hint: known modules: dev, prod")]
    {
        let (output, _) = setup(folder.path(), arguments);
        assert!(output.status.code() == Some(1) && text(&output.stderr).contains(words), "{}", text(&output.stderr));
    }
}
