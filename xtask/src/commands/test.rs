//! `cargo xtask test`: runs the suites that this machine can run, and lists the others.

use anyhow::{Context, Result};
use contract::Exit;

use crate::cli::Test;
use crate::edge::terminal;
use crate::failure::Failure;
use crate::flows::tests::{self, Selection, Suite};
use crate::ui::{self, Align};
use crate::workflow::Shard;

pub(super) fn run(args: &Test) -> Result<Exit> {
    let selection = match (&args.shard, args.only.as_slice()) {
        (Some(name), _) => Selection::Shard(shard(name)?),
        (None, [_, ..]) => Selection::Named(args.only.clone()),
        (None, []) if args.all => Selection::All,
        (None, []) => Selection::Fast,
    };
    let results = tests::run(&selection, args.fuzz_seconds, &terminal::step)?;
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
    if args.all {
        terminal::print(&format!("\n{}\n", times(&results)))?;
    }
    let failed = results.iter().any(|result| result.passed == Ok(false));
    let missed = results.iter().any(|result| result.passed.is_err());
    if missed && args.require_all {
        terminal::print("\n--require-all: some suites could not be run.\n")?;
    }
    Ok(if failed || (missed && args.require_all) { Exit::Failed } else { Exit::Done })
}

/// Returns how long the shards take one after another, and the longest one, if each had its own machine of this kind.
fn times(results: &[Suite]) -> String {
    let of = |shard: Shard| -> f64 {
        results.iter().filter(|suite| suite.shard == Some(shard)).map(|suite| suite.seconds).sum()
    };
    let times = Shard::ALL.map(|shard| (of(shard), shard.word()));
    let sum: f64 = times.iter().map(|(seconds, _)| seconds).sum();
    let (seconds, word) = times.into_iter().max_by(|one, other| one.0.total_cmp(&other.0)).unwrap_or_default();
    format!("All shards together take {sum:.0} s, and the longest one, `{word}`, {seconds:.0} s.")
}

fn shard(name: &str) -> Result<Shard> {
    let unknown = || {
        let words = Shard::ALL.map(Shard::word).join("`, `");
        Failure::new(format!("unknown shard `{name}`")).hint(format!("the shards are `{words}`"))
    };
    Shard::ALL.into_iter().find(|shard| shard.word() == name).with_context(unknown)
}
