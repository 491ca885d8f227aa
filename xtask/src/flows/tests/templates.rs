//! The "templates" suite: checks that cfn-lint and checkov report no problems in the templates, and that the resource
//! type table matches the registry schemas.

mod schemas;

use std::collections::BTreeSet;

use anyhow::Result;

use super::Bench;
use crate::edge::files;
use crate::flows::configure;
use crate::flows::workflows::github::STACK;
use crate::pipeline::Invocation;
use crate::settings::Variables;
use crate::stack::FOLDER;

/// Runs both linters on `infra/*.yaml` and `infra/github/*.yaml`, cfn-lint for the region of each settings file.
/// Suppressions are in the templates, with their reasons.
pub(super) fn run(bench: &Bench<'_>) -> Result<bool> {
    let python = bench.python("templates", "infra/requirements.txt")?;
    let folder = bench.root.join(FOLDER);
    let mut templates = [files::list(&folder)?, files::list(&bench.root.join(STACK))?].concat();
    templates.retain(|path| path.extension().is_some_and(|end| end == "yaml"));
    templates.sort();
    let regions = regions()?;
    let regions: Vec<&str> = regions.iter().map(String::as_str).collect();
    // Warnings are errors.
    let strict = [&["--non-zero-exit-code", "warning", "--regions"], regions.as_slice(), &["--template"]].concat();
    // Without downloads, checkov runs only its built-in checks.
    let built_in = ["--framework", "cloudformation", "--skip-download", "--compact", "--quiet", "--file"];
    let handlers = bench.root.join("xtask/emulator/iam/handlers.py").display().to_string();
    let mut all_passed = true;
    for linter in [
        Invocation::new("cfn-lint", &strict, &templates),
        Invocation::new("checkov", &built_in, &templates),
        Invocation::new("python", &[&handlers, "--check"], &[]),
    ] {
        (bench.report)(&format!("Checking the templates with {}", linter.program));
        let accepts = |text: &str| linter.program != "checkov" || passed(text) > 0;
        all_passed &= bench.passes(&linter, &python.join("bin"), &folder, accepts)?;
    }
    (bench.report)("Comparing the resource type table with the registry schemas");
    for difference in schemas::differences(&python)? {
        bench.log.add(&difference)?;
        all_passed = false;
    }
    Ok(all_passed)
}

fn regions() -> Result<BTreeSet<String>> {
    let of = |module: &String| Ok(configure::module(Some(module), &Variables::new())?.settings().region.clone());
    configure::modules()?.iter().map(of).collect()
}

/// Returns the number of passed checks: checkov also succeeds if it finds no resources.
fn passed(text: &str) -> u32 {
    let count = text.split_once("Passed checks: ").and_then(|(_, rest)| rest.split(',').next());
    count.and_then(|count| count.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
#[path = "../../../tests/unit/flows/tests/templates.rs"]
mod tests;
