//! `cargo xtask test`: runs the suites that this machine can run, and lists the others.

use anyhow::Result;
use contract::Exit;

use crate::cli::Test;
use crate::edge::terminal;
use crate::flows::tests::{self, Outcome};
use crate::ui::{self, Align};

pub(super) fn run(args: &Test) -> Result<Exit> {
    let results = tests::run(args.all, &args.only, &terminal::step)?;
    let head = [("suite", Align::Left), ("result", Align::Left), ("seconds", Align::Right)];
    let rows = results.iter().map(|result| {
        let text = match &result.outcome {
            Outcome::Passed => "passed".to_owned(),
            Outcome::Failed => "FAILED".to_owned(),
            Outcome::NotRun(why) => format!("not run: {why}"),
        };
        vec![result.suite.to_owned(), text, format!("{:.1}", result.seconds)]
    });
    terminal::print(&format!("\n{}", ui::columns(&head, rows.collect())))?;
    let failed = results.iter().any(|result| result.outcome == Outcome::Failed);
    let missed = results.iter().any(|result| matches!(result.outcome, Outcome::NotRun(_)));
    if missed && args.require_all {
        terminal::print("\n--require-all: some suites could not be run.\n")?;
    }
    Ok(if failed || (missed && args.require_all) { Exit::Failed } else { Exit::Done })
}
