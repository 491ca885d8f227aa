//! The "act" suite: runs the workflows with act, on this machine instead of GitHub's runners, on every event and with every fault.

use anyhow::Result;

use super::{Bench, workflows};
use crate::edge::files;
use crate::flows::workflows::variant;
use crate::pipeline::Invocation;
use crate::settings::{Approval, Auth};
use crate::workflow::FOLDER;

/// The name of a variable with the folder of workflows, and the settings from which they are generated.
type Variant = (&'static str, fn(&mut Auth));

/// Runs the properties in `xtask/ci/act`; they also change the workflows, and must find each change. Some are of
/// workflows with other settings.
pub(super) fn run(bench: &Bench<'_>) -> Result<bool> {
    let (python, _) = workflows::tools(bench)?;
    (bench.report)("Running the workflows with act");
    let mut tests = Invocation::new("node", &["--test"], &[bench.root.join("xtask/ci/act/act.test.cjs")]);
    let variants: [Variant; 2] =
        [("SIGNED", |auth| auth.attestations = true), ("BY_DIGEST", |auth| auth.approval = Approval::Digest)];
    for (name, change) in variants {
        let folder = bench.dir.join("act-variants").join(name);
        files::remove(&folder)?;
        for file in variant(change)?.iter().filter(|file| file.path.starts_with(FOLDER)) {
            files::write(&folder.join(file.path.trim_start_matches(FOLDER).trim_start_matches('/')), &file.text)?;
        }
        tests.environment.insert(name.to_owned(), folder.display().to_string());
    }
    tests.environment.insert("PYTHON".to_owned(), python.join("python").display().to_string());
    bench.passes(&tests, &python, &bench.root, |_| true)
}
