//! `cargo xtask release` in a small clone, and the program outside of the folder that it was compiled in.

use std::path::Path;
use std::process::{Command, Output};

fn git(root: &Path, arguments: &[&str]) -> String {
    let mut git = Command::new("git");
    git.args(["-c", "user.name=a", "-c", "user.email=a@example.org"]).args(arguments).current_dir(root);
    let output = git.output().expect("git starts");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
}

/// A clone with one commit on `main`.
fn clone() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [
        (
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"xtask\"]\n\n[workspace.package]\nversion = \"0.1.0\"\n",
        ),
        ("Cargo.lock", "version = 4\n\n[[package]]\nname = \"xtask\"\nversion = \"0.1.0\"\n"),
        ("xtask/Cargo.toml", "[package]\nname = \"xtask\"\nversion.workspace = true\nedition = \"2024\"\n"),
        ("xtask/src/lib.rs", ""),
        ("CHANGELOG.md", "# Changelog\n\n## Unreleased\n\n- New.\n"),
    ] {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("created");
        std::fs::write(path, text).expect("written");
    }
    git(folder.path(), &["init", "--quiet", "--initial-branch", "main"]);
    for (key, value) in [("user.name", "a"), ("user.email", "a@example.org")] {
        git(folder.path(), &["config", key, value]);
    }
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "--quiet", "--message", "First"]);
    folder
}

fn release(root: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let Output { status, stdout, stderr } =
        command.arg("release").args(arguments).current_dir(root).output().expect("xtask starts");
    (status.code(), format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr)))
}

/// What a release could change.
fn state(root: &Path) -> [String; 3] {
    [&["rev-parse", "HEAD"][..], &["tag"], &["status", "--porcelain"]].map(|arguments| git(root, arguments))
}

#[test]
fn a_release_is_one_commit_and_its_tag() {
    let folder = clone();
    let before = state(folder.path());
    let (code, shown) = release(folder.path(), &["0.2.0", "--dry-run"]);
    assert!(code == Some(0) && shown.contains("version 0.1.0 becomes 0.2.0"), "{shown}");
    assert_eq!(state(folder.path()), before);
    let (code, shown) = release(folder.path(), &["0.2.0"]);
    assert!(code == Some(0) && shown.contains("run `git push --atomic origin main v0.2.0`"), "{shown}");
    assert_eq!(git(folder.path(), &["rev-parse", "HEAD^"]), before[0]);
    assert_eq!(git(folder.path(), &["rev-parse", "v0.2.0^{commit}"]), git(folder.path(), &["rev-parse", "HEAD"]));
    assert_eq!(git(folder.path(), &["diff", "--name-only", "HEAD^"]), "CHANGELOG.md\nCargo.lock\nCargo.toml");
    assert_eq!(state(folder.path())[2], "");
    let (code, shown) = release(folder.path(), &["0.2.0"]);
    assert!(code == Some(1) && shown.contains("0.2.0 is not newer than 0.2.0, the last release"), "{shown}");
    let (code, shown) = release(folder.path(), &["0.3.0"]);
    assert!(code == Some(1) && shown.contains("no unreleased changes"), "{shown}");
}

#[test]
fn a_release_that_fails_leaves_nothing() {
    let folder = clone();
    let root = folder.path();
    let before = state(root);
    let fails = |message: &str| {
        let (code, shown) = release(root, &["0.2.0"]);
        assert!(code == Some(1) && shown.contains(message), "{message}: {shown}");
    };
    std::fs::write(root.join("new"), "").expect("written");
    fails("changes that are not committed");
    std::fs::remove_file(root.join("new")).expect("removed");
    git(root, &["switch", "--quiet", "--create", "other"]);
    fails("a release is made on `main`, but this is `other`");
    git(root, &["switch", "--quiet", "main"]);
    // The commit fails; then the tag: a folder is in its place.
    let hook = root.join(".git/hooks/pre-commit");
    std::fs::create_dir_all(hook.parent().expect("a folder")).expect("created");
    std::fs::write(&hook, "#!/bin/sh\nexit 1\n").expect("written");
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("set");
    fails("`git commit` failed");
    std::fs::remove_file(hook).expect("removed");
    std::fs::create_dir_all(root.join(".git/refs/tags/v0.2.0/x")).expect("created");
    std::fs::write(root.join(".git/refs/tags/v0.2.0/x/y.lock"), "").expect("written");
    fails("`git tag` failed");
    std::fs::remove_dir_all(root.join(".git/refs/tags/v0.2.0")).expect("removed");
    assert_eq!(state(root), before);
    assert_eq!(release(root, &["0.2.0"]).0, Some(0));
}

/// The checks come before anything is compiled.
#[test]
fn the_files_are_those_of_a_tagged_commit_of_main() {
    let folder = clone();
    let (root, settings) = (folder.path(), folder.path().join("infra/settings"));
    let of_repository = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    std::fs::create_dir_all(&settings).expect("created");
    std::fs::create_dir_all(root.join("jobs/contracts")).expect("created");
    for name in ["infra/settings/dev.yaml", "jobs/contracts/spacex.yaml"] {
        std::fs::copy(of_repository(name), root.join(name)).expect("copied");
    }
    let fails = |tag: &str, message: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(["release-files", "--tag", tag, "--dir", "files", "--env", "dev"]).current_dir(root);
        let output = command.env("AWS_ACCOUNT_ID", "123456789012").output().expect("xtask starts");
        let shown = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && shown.contains(message), "{message}: {shown}");
    };
    fails("v0.2.0", "`v0.2.0` is not the version in `Cargo.toml`");
    fails("v0.1.0", "the commit is not on `main`");
    git(root, &["update-ref", "refs/remotes/origin/main", "HEAD"]);
    fails("v0.1.0", "`CHANGELOG.md` has no section for 0.1.0");
    std::fs::create_dir_all(root.join("files/old")).expect("created");
    fails("v0.1.0", "files` is not empty");
}

/// A downloaded program finds the clone that it is started in.
#[test]
fn a_copied_program_works_in_any_clone() {
    let (folder, programs) = (clone(), tempfile::tempdir().expect("a folder"));
    let program = programs.path().join("dpworld");
    std::fs::copy(env!("CARGO_BIN_EXE_xtask"), &program).expect("copied");
    let start = |current: &Path| {
        let mut command = Command::new(&program);
        let output = command.args(["release", "0.2.0", "--dry-run"]).current_dir(current).env_remove("CARGO").output();
        output.expect("it starts").status.code()
    };
    assert_eq!(start(&folder.path().join("xtask/src")), Some(0));
    // Not from the clone that it was compiled in, whose branch, changes or version would be refused or shown.
    std::fs::write(folder.path().join("Cargo.toml"), "[workspace.package]\nversion = \"7.8.9\"\n").expect("written");
    git(folder.path(), &["commit", "--quiet", "--all", "--message", "Second"]);
    let mut command = Command::new(&program);
    let output =
        command.args(["release", "8.0.0", "--dry-run"]).current_dir(folder.path()).output().expect("it starts");
    assert!(String::from_utf8_lossy(&output.stdout).contains("version 7.8.9 becomes 8.0.0"), "{output:?}");
}
