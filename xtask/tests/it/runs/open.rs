//! `cargo xtask open`: the token goes to the browser and to whoever asks, and nowhere else.

use std::os::unix::fs::PermissionsExt;

use super::{command, stub::Cloud, stub::Stub, value, words, xtask};

const TOKEN: &str = "canary+token/1==";

/// Stands in for a browser: keeps what it was given, and what is in the file.
const BROWSER: &str =
    "#!/bin/sh\nprintf '%s\\n' \"$@\" > \"$0.arguments\"\nenv > \"$0.environment\"\ncp -p \"$1\" \"$0.page\"\n";

#[test]
fn the_token_goes_to_the_browser_alone() {
    let stub = Stub::start(Cloud::default());
    let folder = tempfile::tempdir().expect("a folder");
    let browser = folder.path().join("browser");
    std::fs::write(&browser, BROWSER).expect("written");
    std::fs::set_permissions(&browser, std::fs::Permissions::from_mode(0o755)).expect("set");
    let output = command(&stub, &["open", "--json"]).env("BROWSER", &browser).output().expect("xtask starts");
    let told = words(&output.stderr);
    assert!(output.status.success(), "{told}");
    let found = value(&output);
    assert!(found["opened"] == true && found["login"].is_null(), "{found}");
    assert!(!told.contains("canary") && !found.to_string().contains("canary"));

    let kept = |end: &str| folder.path().join(format!("browser.{end}"));
    let text = |end: &str| std::fs::read_to_string(kept(end)).expect("kept");
    let host = stub.url.trim_start_matches("http://");
    let url = format!("https://{host}/aws_mwaa/aws-console-sso?login=true#{TOKEN}");
    assert!(text("page").contains(&format!("0;url={url}\"")), "{}", text("page"));
    assert!(!text("arguments").contains("canary") && !text("environment").contains("canary"));
    let mode = std::fs::metadata(kept("page")).expect("kept").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "only its owner reads it");
    assert!(!std::path::Path::new(text("arguments").trim()).exists(), "and it is gone");
}

#[test]
fn without_a_browser_only_who_asks_gets_it() {
    let stub = Stub::start(Cloud::default());
    let output = xtask(&stub, &["open"]);
    let (out, told) = (words(&output.stdout), words(&output.stderr));
    assert!(output.status.code() == Some(1) && told.contains("--print"), "{told}");
    assert!(!out.contains("canary") && !told.contains("canary"), "a pipe may be a log");
    let output = xtask(&stub, &["open", "--print"]);
    assert!(output.status.success() && words(&output.stdout).ends_with(&format!("?login=true#{TOKEN}\n")));
    let found = value(&xtask(&stub, &["open", "--print", "--json"]));
    assert!(found["login"].as_str().is_some_and(|url| url.ends_with(TOKEN)) && found["opened"] == false);
}

#[test]
fn a_web_server_that_cannot_be_reached_is_told_before_a_token_is_made() {
    let stub = Stub::start(Cloud { unreachable: true, ..Cloud::default() });
    let output = xtask(&stub, &["open", "--env", "prod"]);
    let told = words(&output.stderr);
    assert!(output.status.code() == Some(1) && told.contains("it opens only from inside the VPC"), "{told}");
    let output = xtask(&stub, &["open"]);
    let told = words(&output.stderr);
    assert!(output.status.code() == Some(75) && told.contains("check the network"), "a public one: {told}");
}
