//! The checks of `cargo xtask doctor`: facts about this machine become diagnoses, each with the command that fixes it.
//!
//! Red marks missing requirements for `local` and `test`, and incorrect configuration. Other missing parts are yellow:
//! they are needed only for deployments, or merely speed something up.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod cloud;
mod compile;
mod facts;
mod tools;

#[cfg(test)]
#[path = "../tests/unit/doctor.rs"]
mod tests;

use serde::Serialize;

pub use compile::Choice;
pub use facts::{Caller, Compilers, Configuration, Engine, Facts, Setting};
pub use tools::POSTGRES;

use crate::ui::{self, Align};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Green,
    /// Missing or unusual, but `local` and `test` work.
    Yellow,
    /// `local` and `test` do not work.
    Red,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    pub check: &'static str,
    pub state: State,
    pub found: String,
    pub fix: Vec<String>,
}

impl Diagnosis {
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

pub fn diagnoses(facts: &Facts) -> Vec<Diagnosis> {
    [tools::diagnoses(facts), cloud::diagnoses(facts)].concat()
}

pub fn is_red(diagnoses: &[Diagnosis]) -> bool {
    diagnoses.iter().any(|one| one.state == State::Red)
}

/// Formats the diagnoses as a table, followed by the fixes, required ones first.
pub fn report(diagnoses: &[Diagnosis]) -> String {
    let word = |state| match state {
        State::Green => "ok",
        State::Yellow => "optional",
        State::Red => "FIX",
    };
    let head = [("", Align::Left), ("check", Align::Left), ("found", Align::Left)];
    let rows = diagnoses.iter().map(|one| vec![word(one.state).to_owned(), one.check.to_owned(), one.found.clone()]);
    let mut text = ui::columns(&head, rows.collect());
    for (state, title) in [(State::Red, "Required"), (State::Yellow, "Optional")] {
        let with_fix: Vec<_> = diagnoses.iter().filter(|one| one.state == state && !one.fix.is_empty()).collect();
        if !with_fix.is_empty() {
            text += &format!("\n{title}\n");
        }
        for one in with_fix {
            text += &format!("  {:<13}{}\n", one.check, one.fix.join(&format!("\n{:15}", "")));
        }
    }
    text += match (is_red(diagnoses), diagnoses.iter().any(|one| one.state == State::Yellow)) {
        (true, _) => "\nNot ready: apply the required fixes above.\n",
        (false, true) => "\nReady for `cargo xtask local` and `cargo xtask test`.\n",
        (false, false) => "\nReady for everything.\n",
    };
    text
}
