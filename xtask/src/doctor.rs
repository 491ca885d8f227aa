//! What this machine has, judged: facts go in, verdicts come out, each with the command that mends it.
//!
//! Red is what `local` and `test` cannot do without, and what somebody configured and is wrong. Everything else that is
//! missing is yellow: it is needed for a deployment, or makes something faster.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod cloud;
mod compile;
mod facts;
mod tools;

#[cfg(test)]
mod tests;

use serde::Serialize;

pub use compile::{Choice, Compilers};
pub use facts::{Caller, Configuration, Engine, Facts, Setting};

use crate::ui::{self, Align};

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    Green,
    /// Missing or odd, and `local` and `test` go without.
    Yellow,
    /// In the way.
    Red,
}

/// What is to be said about one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The thing.
    pub check: &'static str,
    /// How it stands.
    pub state: State,
    /// What was found.
    pub found: String,
    /// What to do about it, one line each.
    pub fix: Vec<String>,
}

impl Verdict {
    fn green(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, state: State::Green, found: found.into(), fix: Vec::new() }
    }

    fn yellow(check: &'static str, found: impl Into<String>, fix: &[&str]) -> Self {
        Self { state: State::Yellow, ..Self::red(check, found, fix) }
    }

    fn red(check: &'static str, found: impl Into<String>, fix: &[&str]) -> Self {
        let fix = fix.iter().map(|line| (*line).to_owned()).collect();
        Self { check, state: State::Red, found: found.into(), fix }
    }
}

/// A verdict on everything, in the order in which it matters.
pub fn verdicts(facts: &Facts) -> Vec<Verdict> {
    let mut list = tools::verdicts(facts);
    list.extend(cloud::verdicts(facts));
    list
}

/// Whether anything is in the way.
pub fn is_red(verdicts: &[Verdict]) -> bool {
    verdicts.iter().any(|verdict| verdict.state == State::Red)
}

/// The table, and below it what to do, the urgent first.
pub fn report(verdicts: &[Verdict]) -> String {
    let word = |state| match state {
        State::Green => "ok",
        State::Yellow => "optional",
        State::Red => "MEND",
    };
    let head = [("", Align::Left), ("check", Align::Left), ("found", Align::Left)];
    let rows = verdicts.iter().map(|v| vec![word(v.state).to_owned(), v.check.to_owned(), v.found.clone()]);
    let mut text = ui::columns(&head, rows.collect());
    for (state, title) in [(State::Red, "To mend"), (State::Yellow, "Optional")] {
        let mut heading = Some(title);
        for verdict in verdicts.iter().filter(|verdict| verdict.state == state && !verdict.fix.is_empty()) {
            if let Some(title) = heading.take() {
                text += &format!("\n{title}\n");
            }
            for (index, line) in verdict.fix.iter().enumerate() {
                text += &format!("  {:<13}{line}\n", if index == 0 { verdict.check } else { "" });
            }
        }
    }
    text += match (is_red(verdicts), verdicts.iter().any(|verdict| verdict.state == State::Yellow)) {
        (true, _) => "\nSomething is in the way; see above.\n",
        (false, true) => "\nReady for `cargo xtask local` and `cargo xtask test`.\n",
        (false, false) => "\nReady for everything.\n",
    };
    text
}
