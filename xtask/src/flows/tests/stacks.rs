//! The suite "stacks": deployments from nothing to nothing against MiniStack, with every fault on the way.

use anyhow::Result;

use super::{Bench, Outcome, XTASK};
use crate::edge::emulator::{Emulator, MINISTACK};
use crate::edge::python::Packages;

/// Adds the types that MiniStack lacks.
pub(super) const LAUNCHER: &str = "xtask/emulator/ministack.py";

/// Runs them all in one MiniStack, where each test has accounts of its own.
pub(super) fn run(bench: &mut Bench<'_>) -> Result<Outcome> {
    let python = match bench.python("ministack", Packages::Pinned(&[MINISTACK])) {
        Ok(python) => python,
        Err(not_run) => return Ok(not_run),
    };
    let emulator = Emulator::ministack_by(&bench.root.join(LAUNCHER), &python, &bench.folder("stacks")?)?;
    (bench.tell)("Deploying, failing, recovering and destroying against MiniStack");
    bench.cargo_test(&XTASK, &["needs_stacks::"], &[("TEST_STACKS_ENDPOINT", emulator.endpoint.clone())])
}
