//! The suite "stacks": deployments to MiniStack, from creation to deletion, with injected faults.

use anyhow::Result;

use super::{Bench, Outcome, XTASK};
use crate::edge::emulator::{Emulator, MINISTACK};
use crate::edge::python::Packages;

/// The launcher, which adds the resource types that MiniStack lacks.
pub(super) const LAUNCHER: &str = "xtask/emulator/ministack.py";

/// Runs all tests in one MiniStack; each test has its own accounts.
pub(super) fn run(bench: &mut Bench<'_>) -> Result<Outcome> {
    let python = match bench.python("ministack", Packages::Pinned(&[MINISTACK])) {
        Ok(python) => python,
        Err(not_run) => return Ok(not_run),
    };
    let emulator = Emulator::ministack_by(&bench.root.join(LAUNCHER), &python, &bench.folder("stacks")?)?;
    (bench.report)("Deploying, failing, recovering and destroying against MiniStack");
    bench.cargo_test(&XTASK, &["needs_stacks::"], &[("TEST_STACKS_ENDPOINT", emulator.endpoint.clone())])
}
