//! `cargo xtask open`: only the browser and `--print` receive the token.

use std::os::unix::fs::PermissionsExt;

use super::{command, stub::Cloud, stub::Stub, text as output_text, value, xtask};

const TOKEN: &str = "canary+token/1==";

/// A fake browser that saves its arguments, its environment and the file.
const BROWSER: &str =
    "#!/bin/sh\nprintf '%s\\n' \"$@\" > \"$0.arguments\"\nenv > \"$0.environment\"\ncp -p \"$1\" \"$0.page\"\n";

#[test]
fn only_the_browser_gets_the_token() {
    let stub = Stub::start(Cloud::default());
    let folder = tempfile::tempdir().expect("a folder");
    let browser = folder.path().join("browser");
    std::fs::write(&browser, BROWSER).expect("written");
    std::fs::set_permissions(&browser, std::fs::Permissions::from_mode(0o755)).expect("set");
    let output = command(&stub, &["open", "--json"]).env("BROWSER", &browser).output().expect("xtask starts");
    let stderr = output_text(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let found = value(&output);
    assert!(found["opened"] == true && found["login"].is_null(), "{found}");
    assert!(!stderr.contains("canary") && !found.to_string().contains("canary"));

    let saved = |end: &str| folder.path().join(format!("browser.{end}"));
    let text = |end: &str| std::fs::read_to_string(saved(end)).expect("saved");
    let host = stub.url.trim_start_matches("http://");
    let url = format!("https://{host}/aws_mwaa/aws-console-sso?login=true#{TOKEN}");
    assert!(text("page").contains(&format!("0;url={url}\"")), "{}", text("page"));
    assert!(!text("arguments").contains("canary") && !text("environment").contains("canary"));
    let mode = std::fs::metadata(saved("page")).expect("saved").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "only its owner may read it");
    assert!(!std::path::Path::new(text("arguments").trim()).exists(), "the file is removed");
}

#[test]
fn without_a_browser_the_token_needs_print() {
    let stub = Stub::start(Cloud::default());
    let output = xtask(&stub, &["open"]);
    let (out, stderr) = (output_text(&output.stdout), output_text(&output.stderr));
    assert!(output.status.code() == Some(1) && stderr.contains("--print"), "{stderr}");
    assert!(!out.contains("canary") && !stderr.contains("canary"), "standard output may be a log");
    let output = xtask(&stub, &["open", "--print"]);
    assert!(output.status.success() && output_text(&output.stdout).ends_with(&format!("?login=true#{TOKEN}\n")));
    let found = value(&xtask(&stub, &["open", "--print", "--json"]));
    assert!(found["login"].as_str().is_some_and(|url| url.ends_with(TOKEN)) && found["opened"] == false);
}

#[test]
fn an_unreachable_web_server_is_reported_before_a_token_is_created() {
    let stub = Stub::start(Cloud { unreachable: true, ..Cloud::default() });
    let output = xtask(&stub, &["open", "--env", "prod"]);
    let stderr = output_text(&output.stderr);
    assert!(output.status.code() == Some(1) && stderr.contains("reachable only from inside the VPC"), "{stderr}");
    let output = xtask(&stub, &["open"]);
    let stderr = output_text(&output.stderr);
    assert!(output.status.code() == Some(75) && stderr.contains("check the network"), "a public one: {stderr}");
}
