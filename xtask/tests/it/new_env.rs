//! `new-env` in a copy of the settings.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Creates a repository with the committed settings.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the root");
    for place in ["infra/settings", "jobs/contracts", "xtask"] {
        fs::create_dir_all(folder.path().join(place)).expect("created");
    }
    for place in ["infra/settings", "jobs/contracts"] {
        for entry in fs::read_dir(root.join(place)).expect("a folder").flatten() {
            fs::copy(entry.path(), folder.path().join(place).join(entry.file_name())).expect("copied");
        }
    }
    fs::write(folder.path().join("xtask/Cargo.toml"), "").expect("written");
    folder
}

/// Returns the exit code, and standard output and error.
fn run(root: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(arguments).current_dir(root).env_remove("SETTINGS_MODULE").env_remove("AWS_ACCOUNT_ID");
    let output = command.output().expect("xtask starts");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("UTF-8")).concat();
    (output.status.code(), text)
}

#[test]
fn a_new_module_is_valid_and_the_workflows_follow_it() {
    let folder = repository();
    let root = folder.path();
    for (name, like) in [("staging", "prod"), ("ann", "dev")] {
        let (code, text) = run(root, &["new-env", name, "--like", like]);
        assert_eq!(code, Some(0), "{text}");
        assert!(text.contains(&format!("cargo xtask deploy --env {name}")), "{text}");
        let (code, text) = run(root, &["settings", "--env", name]);
        assert!(code == Some(0) && text.contains(&format!("dpstack-{name}-batch-queue")), "{text}");
    }
    let (code, text) = run(root, &["ci-gen"]);
    assert_eq!(code, Some(0), "{text}");
    let deploy = fs::read_to_string(root.join(".github/workflows/deploy.yml")).expect("a workflow");
    for job in ["\n  dev-deploy:", "\n  ann-deploy:", "\n  prod-deploy:", "\n  staging-deploy:"] {
        assert!(deploy.contains(job), "{job}");
    }
    assert!(!deploy.contains("rehearse"));
}

#[test]
fn nothing_is_written_for_a_name_that_cannot_be_one() {
    let folder = repository();
    let root = folder.path();
    for (name, like, found, hint) in [
        ("prod", "dev", "`infra/settings/prod.yaml` exists; nothing was written", "edit the file"),
        ("../prod", "dev", "`../prod` is not a valid name for a module", "use a-z 0-9"),
        ("Prod", "dev", "`Prod` is not a valid name for a module", "use a-z 0-9"),
        ("far-too-long-for-a-bucket", "dev", "is too long", "up to 12 characters"),
        ("more", "rehearse", "`rehearse` extends `dev`", "pass --like dev"),
        ("more", "missing", "the settings module `missing` does not exist", "available: dev, prod, rehearse"),
    ] {
        let before = fs::read_dir(root.join("infra/settings")).expect("a folder").count();
        let (code, text) = run(root, &["new-env", name, "--like", like]);
        assert!(code == Some(1) && text.contains(found) && text.contains(hint), "{name}: {text}");
        assert_eq!(fs::read_dir(root.join("infra/settings")).expect("a folder").count(), before);
    }
}

#[test]
fn a_name_of_another_module_is_refused() {
    let folder = repository();
    let root = folder.path();
    let taken = fs::read_to_string(root.join("infra/settings/prod.yaml")).expect("settings");
    // A file with another name, but with names that would be those of `ann`.
    fs::write(root.join("infra/settings/other.yaml"), taken.replace("dpstack-prod", "dpstack-ann")).expect("written");
    let (code, text) = run(root, &["new-env", "ann", "--like", "prod"]);
    assert!(
        code == Some(1) && text.contains("the module `other` already has the name `dpstack-ann` (project)"),
        "{text}"
    );
    assert!(!root.join("infra/settings/ann.yaml").exists());
}
