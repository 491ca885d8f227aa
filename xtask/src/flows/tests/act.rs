//! The "act" suite: runs the workflows with act, on this machine instead of GitHub's runners, on every event and with every fault.

use anyhow::Result;

use super::{Bench, workflows};
use crate::pipeline::Invocation;

/// Runs the properties in `xtask/ci/act`; they also change the workflows, and must find each change.
pub(super) fn run(bench: &Bench<'_>) -> Result<bool> {
    let (python, _) = workflows::tools(bench)?;
    (bench.report)("Running the workflows with act");
    let mut tests = Invocation::new("node", &["--test"], &[bench.root.join("xtask/ci/act/act.test.cjs")]);
    tests.environment.insert("PYTHON".to_owned(), python.join("python").display().to_string());
    bench.passes(&tests, &python, &bench.root, |_| true)
}
