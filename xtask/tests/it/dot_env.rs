//! `--dot-env` and `.env`, tested through the program.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

/// Returns the program with keys and an endpoint in its environment, so that a forbidden call would be noticed.
fn xtask(endpoint: &str, arguments: &[&str], dot_env: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", "/nowhere").env("AWS_ENDPOINT_URL", endpoint);
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test").env("PGPASSWORD", "test");
    command.args(arguments).arg("--dot-env").arg(dot_env).output().expect("xtask starts")
}

#[test]
fn the_given_file_must_exist_for_every_command() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address");
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    std::thread::spawn(move || listener.incoming().for_each(|_| _ = counted.fetch_add(1, Ordering::SeqCst)));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("prod.evn");
    let warehouse = format!("postgres://ann@{address}/d");
    for arguments in [
        &["settings"][..],
        &["templates"],
        &["prices"],
        &["setup-github"],
        &["doctor"],
        &["build-images"],
        &["sync-dags"],
        &["upload-sample"],
        &["deploy", "--yes"],
        &["diff"],
        &["status"],
        &["recover"],
        &["destroy", "--yes"],
        &["run", "--direct"],
        &["logs", "manual__1"],
        &["open"],
        &["warehouse-init", &warehouse],
    ] {
        let output = xtask(&format!("http://{address}"), arguments, &file);
        let wanted = format!(
            "error: the --dot-env file `{}` does not exist\n\
             hint: correct the path, or omit --dot-env to read `.env`\n",
            file.display()
        );
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), stderr.as_ref()), (Some(1), wanted.as_str()), "{arguments:?}");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 0, "a call was sent");
}

#[test]
fn a_default_file_that_is_a_link_to_nothing_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("xtask")).expect("a new folder");
    fs::write(folder.path().join("xtask/Cargo.toml"), "").expect("written");
    std::os::unix::fs::symlink("/nowhere/at/all", folder.path().join(".env")).expect("a link");
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.env_clear().current_dir(folder.path()).arg("settings");
    let output = command.output().expect("xtask starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.starts_with("error: cannot read `") && stderr.contains("/.env`"), "{stderr}");
}

#[test]
fn values_are_not_substituted() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("env");
    fs::write(&file, "ALARM_EMAIL=on$call@example.com # the team\nBUCKET_SUFFIX=\"a${HOME}b\"\n").expect("written");
    let output = xtask("http://127.0.0.1:1", &["settings", "--json"], &file);
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("BUCKET_SUFFIX sets bucket_suffix = \"a${HOME}b\""), "{stderr}");
    fs::write(&file, "ALARM_EMAIL=on$call@example.com # the team\n").expect("written");
    let output = xtask("http://127.0.0.1:1", &["settings", "--json"], &file);
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(found["settings"]["monitoring"]["email"], "on$call@example.com");
}
