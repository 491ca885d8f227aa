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
    for name in ["ci", "deploy", "drift"] {
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
            "ci.yml",
            &swap("timeout-minutes: 90", "timeout-minutes: 9"),
            "`timeout-minutes: 9` instead of `timeout-minutes: 90`",
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
    std::fs::write(path("own.yml"), "on: push\njobs: {a: {uses: ./x}}\n").expect("written");
    assert!(ci_gen(folder.path()).status.success());
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

/// Returns the shell commands of `ci.yml` by step name and, separately, those that install tools.
fn ci_steps() -> (Vec<(String, String)>, Vec<String>) {
    let text = std::fs::read_to_string(root().join(".github/workflows/ci.yml")).expect("ci.yml");
    let value: serde_yaml::Value = serde_yaml::from_str(&text).expect("YAML");
    let steps = value["jobs"]["check"]["steps"].as_sequence().expect("steps").iter();
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
    let (lines, installs) = ci_steps();
    assert_eq!(after, lines);
    // Packages that the runner lacks must also be installed on a bare Debian.
    let list = text.split_once("packages=(").and_then(|(_, rest)| rest.split_once(')')).expect("packages").0;
    let packages: Vec<&str> = list.split_whitespace().collect();
    let apt = installs.iter().find_map(|run| Some(run.split_once(" --no-install-recommends ")?.1)).expect("apt");
    let lacking: Vec<&str> = apt.split(' ').filter(|name| !packages.contains(name)).collect();
    // Debian has its own package keys.
    assert_eq!(lacking, ["debian-archive-keyring"]);
}

#[test]
fn dependabot_checks_every_folder_with_dependencies() {
    let text = std::fs::read_to_string(root().join(".github/dependabot.yml")).expect("dependabot.yml");
    let value: serde_yaml::Value = serde_yaml::from_str(&text).expect("YAML");
    let listed = |ecosystem: &str| {
        let update = value["updates"]
            .as_sequence()
            .expect("updates")
            .iter()
            .find(|update| update["package-ecosystem"] == ecosystem);
        let folders = update.expect("an update")["directories"].as_sequence().expect("folders");
        folders.iter().map(|folder| folder.as_str().expect("text").to_owned()).collect::<BTreeSet<_>>()
    };
    let output = Command::new("git").args(["ls-files"]).current_dir(root()).output().expect("git");
    let names = String::from_utf8(output.stdout).expect("UTF-8");
    let below = |is: &dyn Fn(&str) -> bool| {
        let found = names.lines().filter(|name| is(name.rsplit('/').next().unwrap_or_default()));
        found
            .map(|name| format!("/{}", name.rsplit_once('/').map_or("", |(folder, _)| folder)))
            .collect::<BTreeSet<_>>()
    };
    let requirements = |name: &str| name.ends_with(".in") || name.starts_with("requirements") && name.ends_with(".txt");
    assert_eq!(listed("pip"), below(&requirements));
    assert_eq!(listed("docker"), below(&|name| name == "Dockerfile"));
    assert_eq!(listed("npm"), below(&|name| name == "package.json"));
    assert_eq!(listed("cargo"), below(&|name| name == "Cargo.lock"));
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
