//! `cargo xtask ci-gen`: generates or checks the GitHub workflows.

use anyhow::{Result, ensure};
use contract::Exit;

use crate::cli::CiGen;
use crate::edge::terminal;
use crate::failure::Failure;
use crate::flows::{tests, workflows};

pub(super) fn run(args: &CiGen) -> Result<Exit> {
    if !args.check {
        let written = workflows::write()?;
        written.iter().for_each(|line| terminal::step(line));
        if written.is_empty() {
            terminal::step("The workflows are up to date");
        }
        return Ok(Exit::Done);
    }
    terminal::warnings(&workflows::warnings()?);
    let problems = workflows::check()?;
    let count = format!("{} problem{}", problems.len(), if problems.len() == 1 { "" } else { "s" });
    let failure = || Failure::new(format!("the workflows have {count}\n{}", problems.join("\n")));
    ensure!(problems.is_empty(), failure().hint("run `cargo xtask ci-gen` and commit the result; fix pins by hand"));
    if args.online {
        tests::check_pins()?;
    }
    terminal::step("The workflows are up to date");
    Ok(Exit::Done)
}
