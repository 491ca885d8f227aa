//! `cargo xtask test`: runs the suites that this machine can run, and lists the others.

use anyhow::Result;
use contract::Exit;

use crate::cli::Test;
use crate::edge::terminal;
use crate::flows::tests;
use crate::ui::{self, Align};

pub(super) fn run(args: &Test) -> Result<Exit> {
    let results = tests::run(args.all, &args.only, &terminal::step)?;
    let head = [("suite", Align::Left), ("result", Align::Left), ("seconds", Align::Right)];
    let rows = results.iter().map(|result| {
        let text = match &result.passed {
            Ok(true) => "passed".to_owned(),
            Ok(false) => "FAILED".to_owned(),
            Err(why) => format!("not run: {why}"),
        };
        vec![result.suite.to_owned(), text, format!("{:.1}", result.seconds)]
    });
    terminal::print(&format!("\n{}", ui::columns(&head, rows.collect())))?;
    let failed = results.iter().any(|result| result.passed == Ok(false));
    let missed = results.iter().any(|result| result.passed.is_err());
    if missed && args.require_all {
        terminal::print("\n--require-all: some suites could not be run.\n")?;
    }
    Ok(if failed || (missed && args.require_all) { Exit::Failed } else { Exit::Done })
}
