//! Generated files are up to date.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[test]
fn the_settings_schema_is_up_to_date() {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask")).args(["settings-schema", "--check"]).output();
    let output = output.expect("xtask starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_dbt_sources_are_up_to_date() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_xtask")).args(["dbt-sources", "--check"]).output().expect("xtask starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_fetches_have_every_collection_of_the_contract() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = |path: &str| std::fs::read_to_string(root.join(path)).expect("a file");
    let contract = contract::Contract::parse(&text("jobs/contracts/spacex.yaml"), "spacex.yaml").expect("a contract");
    let model = text("dbt/models/intermediate/int_collection_fetches.sql");
    let (list, _) = model.split_once(']').expect("a list");
    let listed: BTreeSet<&str> = list.split('\'').skip(1).step_by(2).collect();
    assert_eq!(listed, contract.collections.keys().map(String::as_str).collect());
}

#[test]
fn the_page_about_redshift_is_up_to_date() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let output = command.args(["conform", "--page", "--check"]).output().expect("xtask starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_dags_settings_are_those_of_dev_regardless_of_the_environment() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.env("SETTINGS_MODULE", "prod").env("AWS_ACCOUNT_ID", "123456789012").env("AWS_DEFAULT_REGION", "us-east-1");
    let output = command.args(["dag-settings", "--check"]).output().expect("xtask starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_dag_settings_of_another_deployment_differ_from_the_committed_ones() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let output = command.args(["dag-settings", "--env", "prod", "--check"]).output().expect("xtask starts");
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains("dags/platform.json is out of date from line"), "{message}");
}

#[test]
fn the_page_about_cost_shows_the_output_of_prices() {
    let page = include_str!("../../../docs/cost.md");
    let folder = tempfile::tempdir().expect("a folder");
    let nothing = folder.path().join("env");
    std::fs::write(&nothing, "").expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.env_clear().args(["prices", "--env", "dev", "--dot-env"]).arg(&nothing);
    let output = command.output().expect("xtask starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let shown = String::from_utf8(output.stdout).expect("UTF-8");
    let block = format!("$ cargo xtask prices --env dev\n{shown}```\n");
    assert!(page.contains(&block), "docs/cost.md should have this:\n{block}");
}

fn ci_gen(root: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command
        .args(["ci-gen", "--check"])
        .current_dir(root)
        .env("SETTINGS_MODULE", "prod")
        .env("AWS_DEFAULT_REGION", "us-east-1");
    command.output().expect("xtask starts")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Copies the workflows and the files that they are generated from, so that a test may change them.
fn copy() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["xtask/Cargo.toml", "jobs/contracts/spacex.yaml", ".github/dependabot.yml"] {
        copied(folder.path(), name);
    }
    for module in ["dev", "prod"] {
        copied(folder.path(), &format!("infra/settings/{module}.yaml"));
    }
    for name in ["build", "checks", "ci", "deploy", "drift", "release"] {
        copied(folder.path(), &format!(".github/workflows/{name}.yml"));
    }
    folder
}

fn copied(folder: &Path, name: &str) {
    let to = folder.join(name);
    std::fs::create_dir_all(to.parent().expect("a folder")).expect("created");
    std::fs::copy(root().join(name), to).expect("copied");
}

#[test]
fn the_workflows_are_generated_regardless_of_the_environment() {
    let output = ci_gen(&root());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Returns the exit code and messages of `ci-gen --check` after a change to one workflow, or to all (`*`).
fn checked(name: &str, change: &dyn Fn(String) -> String) -> (Option<i32>, String) {
    let folder = copy();
    for entry in std::fs::read_dir(folder.path().join(".github/workflows")).expect("workflows").flatten() {
        if name == "*" || entry.file_name() == name {
            let text = std::fs::read_to_string(entry.path()).expect("a workflow");
            std::fs::write(entry.path(), change(text)).expect("written");
        }
    }
    let output = ci_gen(folder.path());
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn only_an_updated_pin_may_differ_from_the_generated_workflows() {
    let (old, new) = ("3d3c42e5aac5ba805825da76410c181273ba90b1", "0123456789abcdef0123456789abcdef01234567");
    let swap = |from: &'static str, to: &'static str| move |text: String| text.replace(from, to);
    let update = |text: String| text.replace(old, new).replace("# v7.0.1", "# v7.0.2");
    assert_eq!(checked("*", &update).0, Some(0), "{:?}", checked("*", &update));
    for (name, change, message) in [
        ("ci.yml", &update as &dyn Fn(String) -> String, "`actions/checkout` differs from an earlier pin"),
        ("*", &swap("# v7.0.1", "# v7.0.2"), "only the commit or only the version of `actions/checkout` was updated"),
        ("*", &|text| text.replace(old, new), "only the commit or only the version"),
        ("deploy.yml", &swap(" # v7.0.1", ""), "needs the commit's release as a comment"),
        (
            "checks.yml",
            &swap("timeout-minutes: 60", "timeout-minutes: 9"),
            "`timeout-minutes: 9` instead of `timeout-minutes: 60`",
        ),
        ("ci.yml", &swap("permissions: {}\n", ""), "instead of `permissions: {}`"),
        (
            "drift.yml",
            &swap(" # reports failures in an issue", ""),
            "instead of `issues: write # reports failures in an issue`",
        ),
    ] {
        let (code, shown) = checked(name, change);
        assert!(code == Some(1) && shown.contains(message), "{message}: {shown}");
    }
}

/// Files without the generated-file header are kept; files with the header that are no longer generated are deleted.
#[test]
fn other_workflows_are_kept_and_stale_ones_are_deleted() {
    let folder = copy();
    let path = |name: &str| folder.path().join(".github/workflows").join(name);
    let generate = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        let output = command.arg("ci-gen").current_dir(folder.path()).output().expect("xtask starts");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    std::fs::write(path("own.yml"), "on: push\njobs: {a: {steps: [{uses: x/y@v1}]}}\n").expect("written");
    let output = ci_gen(folder.path());
    let shown = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && shown.contains("warning: .github/workflows/own.yml: job `a` has no"), "{shown}");
    std::fs::copy(path("ci.yml"), path("old.yml")).expect("copied");
    std::fs::remove_file(folder.path().join(".github/dependabot.yml")).expect("removed");
    let shown = String::from_utf8_lossy(&ci_gen(folder.path()).stderr).into_owned();
    assert!(shown.contains("old.yml is no longer generated") && shown.contains("dependabot.yml is missing"), "{shown}");
    assert_eq!(generate().0, Some(0));
    assert!(path("own.yml").exists() && !path("old.yml").exists() && ci_gen(folder.path()).status.success());
    std::fs::write(path("ci.yml"), "on: push\n").expect("written");
    let (code, shown) = generate();
    assert!(code == Some(1) && shown.contains("ci.yml exists but was not generated"), "{shown}");
    assert_eq!(std::fs::read_to_string(path("ci.yml")).expect("kept"), "on: push\n");
}

/// A step in a hook file is part of the generated workflow; an update of its action is accepted, as for any other.
#[test]
fn the_steps_of_a_hook_survive() {
    let folder = copy();
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let hook = format!("comment:\n  before:\n  - name: scan\n    uses: acme/scan@{commit} # v1.2.3\n");
    let path = |name: &str| folder.path().join(".github").join(name);
    std::fs::create_dir_all(path("hooks")).expect("created");
    std::fs::write(path("hooks/ci.yml"), &hook).expect("written");
    let generate = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        let output = command.arg("ci-gen").current_dir(folder.path()).output().expect("xtask starts");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(ci_gen(folder.path()).status.code(), Some(1));
    assert_eq!(generate().0, Some(0));
    let workflow = || std::fs::read_to_string(path("workflows/ci.yml")).expect("a workflow");
    assert!(
        workflow().contains(&format!("uses: acme/scan@{commit} # v1.2.3\n")) && ci_gen(folder.path()).status.success()
    );
    let updated = workflow().replace(commit, &"a".repeat(40)).replace("# v1.2.3", "# v1.2.4");
    std::fs::write(path("workflows/ci.yml"), &updated).expect("written");
    assert!(ci_gen(folder.path()).status.success());
    assert_eq!((generate().0, workflow()), (Some(0), updated));
    std::fs::write(path("hooks/ci.yml"), hook.replace(&format!("@{commit}"), "@v1")).expect("written");
    let (code, shown) = generate();
    assert!(code == Some(1) && shown.contains(".github/hooks/ci.yml:4: `acme/scan` is pinned to `v1`"), "{shown}");
}

/// Returns the shell commands of `checks.yml` by step name and, separately, those that install tools.
fn ci_steps() -> (Vec<(String, String)>, Vec<String>) {
    let text = std::fs::read_to_string(root().join(".github/workflows/checks.yml")).expect("checks.yml");
    let value: serde_yaml::Value = serde_yaml::from_str(&text).expect("YAML");
    let steps = ["lint", "test"].iter().flat_map(|job| value["jobs"][job]["steps"].as_sequence().expect("steps"));
    let lines =
        steps.filter_map(|step| Some((step.get("name")?.as_str()?.to_owned(), step.get("run")?.as_str()?.to_owned())));
    let (ours, installs): (Vec<_>, Vec<_>) = lines.partition(|(_, run)| run.starts_with("cargo xtask "));
    (ours, installs.into_iter().map(|(_, run)| run).collect())
}

#[test]
fn ci_run_installs_tools_and_then_runs_the_steps_of_the_workflow_in_the_same_order() {
    let text = std::fs::read_to_string(root().join(".ci/run")).expect(".ci/run");
    let step = |line: &str| {
        let (name, run) = line.strip_prefix("step \"")?.split_once("\" ")?;
        Some((name.to_owned(), run.to_owned()))
    };
    let steps: Vec<(String, String)> = text.lines().filter_map(step).collect();
    let own = ["install", "start_docker"];
    let (before, after) = steps.split_at(own.len());
    assert_eq!(before.iter().map(|(_, run)| run.as_str()).collect::<Vec<_>>(), own);
    let (mut lines, installs) = ci_steps();
    // One machine runs all shards.
    let (_, test) = lines.last_mut().expect("tests");
    *test = test.replace("--shard \"$SHARD\"", "--all");
    assert_eq!(after, lines);
    // Packages that the runner lacks must also be installed on a bare Debian.
    let list = text.split_once("packages=(").and_then(|(_, rest)| rest.split_once(')')).expect("packages").0;
    let packages: Vec<&str> = list.split_whitespace().collect();
    let apt = installs.iter().find_map(|run| Some(run.split_once(" --no-install-recommends ")?.1)).expect("apt");
    let lacking: Vec<&str> = apt.split(' ').filter(|name| !packages.contains(name)).collect();
    // Debian has its own package keys.
    assert_eq!(lacking, ["debian-archive-keyring"]);
}

/// Finds versions without a watcher, watchers without a version, and files that Dependabot does not read.
#[test]
fn every_pinned_version_has_a_watcher() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_xtask")).arg("pins").current_dir(root()).output().expect("xtask starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let table = String::from_utf8(output.stdout).expect("UTF-8");
    for line in ["84 versions", "Dependabot (uv)", "`cargo xtask pins --online`, every night"] {
        assert!(table.contains(line), "{line}:\n{table}");
    }
}

/// Dependabot compiles the lock file without the list of excluded packages.
#[test]
fn the_lock_file_of_dbt_has_no_excluded_package() {
    let text = |name: &str| std::fs::read_to_string(root().join("dbt").join(name)).expect("a file");
    let (excluded, lock) = (text("requirements-excludes.txt"), text("requirements.txt"));
    for name in excluded.lines().filter(|line| !line.starts_with('#')) {
        assert!(!lock.contains(&format!("\n{name}==")), "compile dbt/requirements.txt as its first lines say");
    }
}

/// Dependabot ignores larger files (dependabot-core, `python/shared_file_fetcher.rb`).
#[test]
fn dependabot_can_read_every_lock_file() {
    let output =
        Command::new("git").args(["ls-files", "*requirements*.txt"]).current_dir(root()).output().expect("git");
    let names = String::from_utf8(output.stdout).expect("UTF-8");
    for name in names.lines() {
        assert!(std::fs::metadata(root().join(name)).expect(name).len() < 500_000, "{name}");
    }
}

#[test]
fn every_module_except_that_for_emulators_can_be_deployed_manually() {
    let text = std::fs::read_to_string(root().join(".github/workflows/deploy.yml")).expect("deploy.yml");
    let value: serde_yaml::Value = serde_yaml::from_str(&text).expect("YAML");
    let options = value["on"]["workflow_dispatch"]["inputs"]["environment"]["options"].as_sequence().expect("options");
    let options: BTreeSet<String> = options.iter().map(|name| name.as_str().expect("text").to_owned()).collect();
    let files = std::fs::read_dir(root().join("infra/settings")).expect("settings").flatten();
    let names = files.filter_map(|file| Some(file.file_name().to_str()?.strip_suffix(".yaml")?.to_owned()));
    assert_eq!(options, names.filter(|name| name != "rehearse").collect());
}
