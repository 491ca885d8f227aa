//! The suite "templates": cfn-lint and checkov find nothing in the templates, and the table of resource types agrees with
//! the registry's schemas.

mod schemas;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::Result;

use super::{Bench, Outcome};
use crate::edge::python::Packages;
use crate::edge::{files, shell};
use crate::flows::configure;
use crate::flows::workflows::github::STACK;
use crate::pipeline::Invocation;
use crate::settings::Variables;
use crate::stack::FOLDER;

/// Runs both over `infra/*.yaml` and `infra/github/*.yaml`, cfn-lint for the region of each settings file. Suppressions are in
/// the templates, with their reasons.
pub(super) fn run(bench: &mut Bench<'_>) -> Result<Outcome> {
    let lock = bench.root.join("infra/requirements.lock");
    let python = match bench.python("templates", Packages::Locked(&lock)) {
        Ok(python) => python,
        Err(not_run) => return Ok(not_run),
    };
    let folder = bench.root.join(FOLDER);
    let mut templates = [files::list(&folder)?, files::list(&bench.root.join(STACK))?].concat();
    templates.retain(|path| path.extension().is_some_and(|end| end == "yaml"));
    templates.sort();
    let mut outcome = Outcome::Passed;
    for step in [cfn_lint(&templates, &regions()?), checkov(&templates)] {
        (bench.report)(&format!("Checking the templates with {}", step.name));
        let output = shell::captured(&step, &python.join("bin"), &folder)?;
        let clean = output.code == Some(0) && (step.name != "checkov" || passed(&output.text) > 0);
        if !clean {
            eprintln!("{}", output.text);
            outcome = Outcome::Failed;
        }
    }
    (bench.report)("Comparing the table of resource types with their schemas");
    for difference in schemas::differences(&python)? {
        eprintln!("{difference}");
        outcome = Outcome::Failed;
    }
    Ok(outcome)
}

fn regions() -> Result<BTreeSet<String>> {
    let of = |module: &str| Ok(configure::module(Some(module), &Variables::new())?.settings().region.clone());
    ["dev", "prod"].into_iter().map(of).collect()
}

/// Warnings are errors.
fn cfn_lint(templates: &[PathBuf], regions: &BTreeSet<String>) -> Invocation {
    let mut arguments: Vec<String> = ["--non-zero-exit-code", "warning", "--regions"].map(str::to_owned).into();
    arguments.extend(regions.iter().cloned());
    arguments.push("--template".to_owned());
    step("cfn-lint", arguments, templates)
}

/// Without downloads: only its built-in checks.
fn checkov(templates: &[PathBuf]) -> Invocation {
    let arguments = ["--framework", "cloudformation", "--skip-download", "--compact", "--quiet", "--file"];
    step("checkov", arguments.map(str::to_owned).into(), templates)
}

fn step(name: &str, mut arguments: Vec<String>, templates: &[PathBuf]) -> Invocation {
    arguments.extend(templates.iter().map(|path| path.display().to_string()));
    Invocation { name: name.to_owned(), program: name.to_owned(), arguments, environment: BTreeMap::new() }
}

/// The number of passed checks; checkov also succeeds without any resource.
fn passed(text: &str) -> u32 {
    let count = text.split_once("Passed checks: ").and_then(|(_, rest)| rest.split(',').next());
    count.and_then(|count| count.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::passed;

    #[test]
    fn checkovs_count_is_read_and_silence_is_none() {
        assert_eq!(passed("results:\n\nPassed checks: 170, Failed checks: 0, Skipped checks: 4\n"), 170);
        assert_eq!(passed(""), 0);
    }
}
