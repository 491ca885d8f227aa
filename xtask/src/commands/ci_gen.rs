//! `cargo xtask ci-gen`: GitHub's workflows from the platform's model.

use anyhow::Result;
use contract::Exit;

use crate::cli::CiGen;
use crate::edge::terminal;
use crate::failure::Failure;
use crate::flows::{tests, workflows};

pub(super) fn run(args: &CiGen) -> Result<Exit> {
    if !args.check {
        let written = workflows::write()?;
        written.iter().for_each(|path| terminal::step(&format!("Wrote {path}")));
        if written.is_empty() {
            terminal::step("The workflows are current");
        }
        return Ok(Exit::Done);
    }
    let wrong = workflows::check()?;
    if !wrong.is_empty() {
        let count = format!("{} problem{}", wrong.len(), if wrong.len() == 1 { "" } else { "s" });
        let failure = Failure::new(format!("the workflows are not what they must be: {count}\n{}", wrong.join("\n")));
        return Err(failure.hint("run `cargo xtask ci-gen` and commit the result; mend pins by hand").into());
    }
    if args.online {
        tests::pins_online()?;
    }
    terminal::step("The workflows are current");
    Ok(Exit::Done)
}
