//! The suite "rehearsal": whole deployments on this machine, green, red for the right reason, killed, and two at once. The
//! repository is the suite "images"' copy, where the programs for the images are compiled already.

use std::os::unix::fs::symlink;

use anyhow::{Context, Result};

use super::{Bench, Outcome, XTASK, docker};
use crate::edge::{files, machine};

pub(super) fn run(bench: &mut Bench<'_>) -> Result<Outcome> {
    if docker().is_none() {
        let words = "no Docker engine answers; start one, and install Docker's command line";
        return Ok(Outcome::NotRun(words.to_owned()));
    }
    if machine::says("strace", &["--version"]).is_none() {
        return Ok(Outcome::NotRun("no strace; `sudo apt-get install strace`".to_owned()));
    }
    let repository = bench.folder("images/repository")?;
    // What was installed for this repository serves its copy.
    let (ours, its) = (files::folder(&bench.root.join("target/python"))?, repository.join("target/python"));
    files::folder(&repository.join("target"))?;
    files::remove(&its)?;
    symlink(ours, &its).context("cannot lend the copy what is installed")?;
    (bench.tell)("Rehearsing: green, red, killed, and two at once");
    let more = [("TEST_REPOSITORY", repository.display().to_string())];
    bench.cargo_test(&XTASK, &["needs_rehearsal::", "--test-threads", "1", "--show-output"], &more)
}
