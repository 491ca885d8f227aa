//! The suite "sync speed": `sync-dags` beside what else puts a folder into a bucket, in one run against one server.

use anyhow::Result;

use super::{Bench, Outcome, XTASK};
use crate::edge::emulator::{Emulator, MINISTACK};
use crate::edge::python::Packages;

/// The others, by exact versions.
const TOOLS: &str = "xtask/tests/it/needs_speed/tools.lock";

/// Runs the comparison; it prints the figures of `docs/dags.md`.
pub(super) fn run(bench: &mut Bench<'_>) -> Result<Outcome> {
    let lock = bench.root.join(TOOLS);
    let environments =
        (bench.python("ministack", Packages::Pinned(&[MINISTACK])), bench.python("speed", Packages::Locked(&lock)));
    let (ministack, tools) = match environments {
        (Ok(ministack), Ok(tools)) => (ministack, tools),
        (Err(not_run), _) | (_, Err(not_run)) => return Ok(not_run),
    };
    let emulator = Emulator::ministack(&ministack, &bench.folder("speed")?)?;
    (bench.report)("Syncing 5,000 files with `sync-dags`, s5cmd and the AWS command line, in turns");
    let more = [("TEST_S3_ENDPOINT", emulator.endpoint.clone()), ("TEST_SYNC_TOOLS", tools.display().to_string())];
    bench.cargo_test(&XTASK, &["needs_speed::", "--show-output"], &more)
}
