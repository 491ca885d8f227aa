//! The gate: the rules that are in effect, and how the statement is executed.

use super::{Context, Transaction};
use crate::rules::{Disabled, Refusal, Rule, sql};

/// A result, or the refusal of the statement.
pub(super) type Outcome<T = ()> = Result<T, Refusal>;

/// What a statement is checked against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gate<'a> {
    pub transaction: Transaction,
    pub disabled: &'a Disabled,
}

impl<'a> Gate<'a> {
    pub fn new(context: Context<'a>) -> Self {
        Self { transaction: context.transaction, disabled: context.disabled }
    }

    /// Refuses unless the rule is switched off.
    pub fn refuse(self, rule: &Rule, message: impl Into<String>) -> Outcome {
        self.refuse_as(rule, state(rule), message)
    }

    fn refuse_as(self, rule: &Rule, sqlstate: &'static str, message: impl Into<String>) -> Outcome {
        if self.disabled.enforces(rule) {
            return Err(Refusal { sqlstate, ..rule.refusal(message) });
        }
        Ok(())
    }

    /// Refuses if the condition holds.
    pub fn refuse_if(self, condition: bool, rule: &Rule, message: impl Into<String>) -> Outcome {
        if condition { self.refuse(rule, message) } else { Ok(()) }
    }

    /// Refuses what cannot run in a transaction block, with Redshift's message.
    pub fn outside_transactions(self, rule: &Rule, what: &str) -> Outcome {
        let inside = self.transaction != Transaction::Autocommit;
        if !inside {
            return Ok(());
        }
        self.refuse_as(rule, "25001", format!("{what} cannot run inside a transaction block"))
    }
}

/// An error that cannot be passed over, because what follows cannot be understood. If its rule is switched off, the statement
/// is sent to PostgreSQL as it is.
pub(super) fn refusal(rule: &Rule, message: impl Into<String>) -> Refusal {
    Refusal { sqlstate: state(rule), ..rule.refusal(message) }
}

fn state(rule: &Rule) -> &'static str {
    match rule.id {
        "syntax" | "reserved-word" => "42601",
        "unknown-function" => "42883",
        "unknown-type" => "42704",
        "identifier-length" => "42622",
        _ if rule == &sql::COMPUTE_NODE_FUNCTION => "XX000",
        _ => "0A000",
    }
}
