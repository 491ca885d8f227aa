//! The suite "rehearsal": complete deployments on this machine: successful, failing for the right reason, killed, and two in
//! parallel. It uses the copy of the repository of the suite "images", where the programs are compiled already.

use std::os::unix::fs::symlink;

use anyhow::{Context, Result};

use super::{Bench, Outcome, XTASK, docker};
use crate::edge::{files, machine};

pub(super) fn run(bench: &mut Bench<'_>) -> Result<Outcome> {
    if docker().is_none() {
        let words = "no Docker engine is running, or the `docker` command is missing";
        return Ok(Outcome::NotRun(words.to_owned()));
    }
    if machine::says("strace", &["--version"]).is_none() {
        return Ok(Outcome::NotRun("no strace; `sudo apt-get install strace`".to_owned()));
    }
    let repository = bench.folder("images/repository")?;
    // The copy uses the packages installed for this repository.
    let (ours, its) = (files::folder(&bench.root.join("target/python"))?, repository.join("target/python"));
    files::folder(&repository.join("target"))?;
    files::remove(&its)?;
    symlink(ours, &its).context("cannot link the installed packages into the copy")?;
    (bench.report)("Rehearsing: successful, failing, killed, and two in parallel");
    let more = [("TEST_REPOSITORY", repository.display().to_string())];
    bench.cargo_test(&XTASK, &["needs_rehearsal::", "--test-threads", "1", "--show-output"], &more)
}
