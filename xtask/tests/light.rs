//! The light program: which commands it runs itself, and which it hands over to the full program. Compiled without the
//! feature `cloud`.
#![cfg(not(feature = "cloud"))]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

/// Replaces cargo: prints its arguments and exits like a command that failed temporarily. It builds nothing.
const CARGO: &str = "#!/bin/sh\nprintf '%s\\n' \"$@\"\necho \"in $PWD\"\nenv | grep '^CARGO_PKG_'\nexit 75\n";

/// Runs the program in a folder that contains this cargo, as `cargo run` starts it.
fn xtask(folder: &Path, arguments: &[&str]) -> Output {
    let cargo = folder.join("cargo");
    if !cargo.exists() {
        std::fs::write(&cargo, CARGO).expect("written");
        std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).expect("set");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("CARGO", cargo).env("CARGO_PKG_NAME", "xtask");
    command.current_dir(folder).args(arguments).output().expect("xtask starts")
}

fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn what_reaches_aws_or_docker_is_handed_over_with_arguments_folder_and_exit_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = xtask(folder.path(), &["build-images", "--image", "two words", "--json"]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the root");
    let manifest = root.join("Cargo.toml").display().to_string();
    let here = format!("in {}", folder.path().canonicalize().expect("the folder").display());
    let wanted = ["run", "--locked", "--quiet", "--package", "xtask", "--features", "cloud", "--manifest-path"];
    let wanted = [&wanted[..], &[&manifest, "--", "build-images", "--image", "two words", "--json", &here]].concat();
    assert_eq!(words(&output.stdout).lines().collect::<Vec<_>>(), wanted);
    assert_eq!(output.status.code(), Some(75));
}

/// Any crate's build script can read its environment, so cargo compiles without credentials; the program then runs with
/// them.
#[test]
fn what_is_missing_is_compiled_without_credentials() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cargo");
    let script = "#!/bin/sh\necho $1 $2 $AWS_SECRET_ACCESS_KEY $ACTIONS_ID_TOKEN_REQUEST_TOKEN $GH_TOKEN $SHOP_TOKEN\n";
    std::fs::write(&path, script).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("set");
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("CARGO", &path).arg("doctor").current_dir(folder.path());
    command.env("AWS_SECRET_ACCESS_KEY", "key").env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "token").env("GH_TOKEN", "gh");
    // A secret of a source.
    for (file, text) in [("xtask/Cargo.toml", ""), ("jobs/contracts/shop.yaml", "token: {secret: SHOP_TOKEN}")] {
        let file = folder.path().join(file);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("created");
        std::fs::write(file, text).expect("written");
    }
    command.env("SHOP_TOKEN", "shop");
    let said = words(&command.output().expect("xtask starts").stdout);
    assert_eq!(said.lines().collect::<Vec<_>>(), ["build --locked", "run --locked key token gh shop"]);

    std::fs::write(&path, "#!/bin/sh\nexit 101\n").expect("written");
    let output = command.output().expect("xtask starts");
    assert!(output.status.code() == Some(1) && words(&output.stderr).contains("does not compile"), "{output:?}");
}

#[test]
fn help_usage_and_the_light_commands_need_no_cargo() {
    let folder = tempfile::tempdir().expect("a folder");
    for (arguments, code, message) in [
        (&["--help"][..], 0, "build-images"),
        (&["build-images", "--help"], 0, "--push"),
        (&["build-images", "--dry-run", "--push"], 2, "cannot be used with"),
        (&["settings", "--env", "dev"], 0, "infra/settings/dev.yaml: no problems"),
        (&["dbt-sources", "--check"], 0, "is up to date"),
        (&["ci-gen", "--check"], 0, "are up to date"),
        (&["setup-github", "--env", "rehearse"], 1, "known modules: dev, prod"),
        (&["lint", "nothing"], 2, "possible values: format"),
    ] {
        let output = xtask(folder.path(), arguments);
        let shown = words(&output.stdout) + &words(&output.stderr);
        assert!(output.status.code() == Some(code) && shown.contains(message), "{arguments:?}: {shown}");
    }
}

#[test]
fn without_cargo_the_error_explains_how_to_start_it() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("cargo")).expect("a folder instead of a program");
    let output = xtask(folder.path(), &["doctor"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(words(&output.stderr).contains("hint: run this as `cargo xtask`"), "{}", words(&output.stderr));
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(["settings", "--env", "dev"]).current_dir(folder.path());
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = command.stdout(writer).output().expect("xtask starts");
    assert!(output.status.success() && !words(&output.stderr).contains("panicked"), "{}", words(&output.stderr));
}
