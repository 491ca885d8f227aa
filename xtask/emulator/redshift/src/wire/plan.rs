//! What is sent to PostgreSQL for a statement of a client, and the command tag that the client gets back.

use std::time::Duration;

use crate::catalog::literal;
use crate::rules::{Disabled, Refusal};
use crate::sql::{self, Context, Kind, Transaction, Translated};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub sql: String,
    /// The tag that replaces PostgreSQL's.
    pub tag: Option<String>,
}

/// The plan of each statement in a text. A refusal becomes a statement that fails, so that PostgreSQL reports it in order and
/// aborts the transaction.
pub fn plans(text: &str, transaction: Transaction, disabled: &Disabled) -> Vec<Plan> {
    match sql::translate(text, Context { transaction, disabled }) {
        Ok(statements) => statements.iter().map(plan).collect(),
        Err(refusal) => vec![failing(&refusal)],
    }
}

fn plan(statement: &Translated) -> Plan {
    if let Kind::Copy(_) = statement.kind {
        return failing(&Refusal {
            rule: "not-emulated",
            message: "COPY over the wire protocol is not emulated: use the Data API".to_owned(),
            sqlstate: "0A000",
        });
    }
    match statement.postgres.as_slice() {
        [one] if statement.tag.is_none() => Plan { sql: one.clone(), tag: None },
        several => Plan { sql: block(several, None), tag: Some(statement.tag.unwrap_or("SELECT").to_owned()) },
    }
}

/// A statement with the same effect that takes longer.
pub fn slowed(plan: &Plan, time: Duration) -> Plan {
    let tag = plan.tag.clone().unwrap_or_else(|| "SELECT 0".to_owned());
    Plan { sql: block(std::slice::from_ref(&plan.sql), Some(time)), tag: Some(tag) }
}

/// Whether the text creates a table from a query.
pub fn creates_table(text: &str) -> bool {
    let words = words(text);
    let mut words = words.iter().map(String::as_str);
    words.next() == Some("create") && words.find(|word| !["temporary", "temp"].contains(word)) == Some("table")
}

/// One statement that runs several and returns no rows.
fn block(statements: &[String], time: Option<Duration>) -> String {
    let wait = time.map(|time| format!("PERFORM pg_sleep({});", time.as_secs_f64())).unwrap_or_default();
    let run: String = statements.iter().map(|sql| format!("EXECUTE {};", literal(sql))).collect();
    format!("DO {}", literal(&format!("BEGIN {wait} {run} END")))
}

fn failing(refusal: &Refusal) -> Plan {
    let raise = format!(
        "BEGIN RAISE EXCEPTION USING MESSAGE = {}, ERRCODE = {}; END",
        literal(&refusal.to_string()),
        literal(refusal.sqlstate)
    );
    Plan { sql: format!("DO {}", literal(&raise)), tag: None }
}

/// The first words of a statement in lower case, without comments.
fn words(text: &str) -> Vec<String> {
    let mut rest = text.trim_start();
    loop {
        let after = if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").map(|(_, after)| after)
        } else if let Some(comment) = rest.strip_prefix("--") {
            Some(comment.split_once('\n').map_or("", |(_, after)| after))
        } else {
            break;
        };
        let Some(after) = after else { break };
        rest = after.trim_start();
    }
    let word = |character: char| !character.is_alphanumeric() && character != '_';
    rest.split(word).filter(|word| !word.is_empty()).take(4).map(str::to_lowercase).collect()
}

#[cfg(test)]
#[path = "../../tests/unit/wire/plan.rs"]
mod tests;
