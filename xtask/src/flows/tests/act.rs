//! The "act" suite: runs the workflows with act, on this machine instead of GitHub's runners, on every event and with every fault.

use anyhow::Result;

use super::{Bench, workflows};
use crate::edge::files;
use crate::flows::workflows::with_attestations;
use crate::pipeline::Invocation;
use crate::workflow::FOLDER;

/// Runs the properties in `xtask/ci/act`; they also change the workflows, and must find each change. Some are of the
/// workflows with `auth.attestations`.
pub(super) fn run(bench: &Bench<'_>) -> Result<bool> {
    let (python, _) = workflows::tools(bench)?;
    (bench.report)("Running the workflows with act");
    let mut tests = Invocation::new("node", &["--test"], &[bench.root.join("xtask/ci/act/act.test.cjs")]);
    let signed = files::folder(&bench.dir.join("act-signed"))?;
    for file in with_attestations()? {
        if let Some(name) = file.path.strip_prefix(FOLDER) {
            files::write(&signed.join(name.trim_start_matches('/')), &file.text)?;
        }
    }
    tests.environment.insert("PYTHON".to_owned(), python.join("python").display().to_string());
    tests.environment.insert("SIGNED".to_owned(), signed.display().to_string());
    bench.passes(&tests, &python, &bench.root, |_| true)
}
