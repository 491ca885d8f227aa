//! Stops tests that take too long, with everything that they started.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::Result;

use crate::edge::processes::{self, Owner};

/// The environment variable that marks the processes of a suite.
pub(super) const MARK: &str = "DPWORLD_TESTS";

/// Runs tests whose processes have this mark. Returns none if they had to be stopped.
pub(super) fn within(limit: Duration, mark: &str, tests: impl FnOnce() -> Result<bool>) -> Result<Option<bool>> {
    let (ended, end) = channel::<()>();
    std::thread::scope(|scope| {
        let watch = scope.spawn(move || -> Result<bool> {
            if end.recv_timeout(limit) != Err(RecvTimeoutError::Timeout) {
                return Ok(false);
            }
            processes::stop(Owner { mark: (MARK, mark), groups: &BTreeSet::new(), dir: Path::new("/") })?;
            Ok(true)
        });
        let passed = tests();
        drop(ended);
        let stopped = watch.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        Ok(if stopped { None } else { Some(passed?) })
    })
}

#[cfg(test)]
#[path = "../../../tests/unit/flows/tests/limit.rs"]
mod tests;
