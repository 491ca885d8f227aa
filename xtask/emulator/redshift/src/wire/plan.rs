//! What is sent to PostgreSQL for a statement of a client, and the command tag that the client gets back.

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
        several => Plan { sql: block(several), tag: Some(statement.tag.unwrap_or("SELECT").to_owned()) },
    }
}

/// One statement that runs several and returns no rows.
fn block(statements: &[String]) -> String {
    let run: String = statements.iter().map(|sql| format!("EXECUTE {};", literal(sql))).collect();
    format!("DO {}", literal(&format!("BEGIN {run} END")))
}

fn failing(refusal: &Refusal) -> Plan {
    let raise = format!(
        "BEGIN RAISE EXCEPTION USING MESSAGE = {}, ERRCODE = {}; END",
        literal(&refusal.to_string()),
        literal(refusal.sqlstate)
    );
    Plan { sql: format!("DO {}", literal(&raise)), tag: None }
}

#[cfg(test)]
#[path = "../../tests/unit/wire/plan.rs"]
mod tests;
