//! The statements of a load in calls of the Redshift Data API, which accepts up to 40 statements at a time.
//!
//! The transaction must be one call. If it has more statements, the merges are moved to stored procedures: a procedure that
//! is called in a transaction runs in it, and neither commits nor rolls back (Amazon Redshift Database Developer Guide,
//! "Managing transactions"). They are created and dropped in the same transaction, so a killed load leaves none behind.

use super::plan::Plan;
use super::sql::{Dialect, Statement};

/// The limits of one call (Amazon Redshift Data API Reference, BatchExecuteStatement: Sqls has 1 to 40 members; Management
/// Guide: a statement of at most 100 KB).
const STATEMENTS: usize = 40;
const BYTES: usize = 100_000;
/// The size of the merges in one procedure, which leaves room for its head.
const PROCEDURE_BYTES: usize = BYTES - 1_000;

/// Splits statements into calls. The limit in bytes is documented for a statement; no call is larger either.
#[cfg(feature = "aws")]
pub fn batches(statements: &[Statement]) -> Vec<&[Statement]> {
    split(statements, STATEMENTS, BYTES)
}

/// Joins queries to as few statements as possible, each after `start`.
pub(super) fn unions(purpose: &str, start: &str, parts: impl IntoIterator<Item = String>) -> Vec<Statement> {
    let mut statements: Vec<Statement> = Vec::new();
    for part in parts {
        match statements.last_mut().filter(|one| one.sql.len() + part.len() < PROCEDURE_BYTES) {
            Some(one) => one.sql += &format!("\nUNION ALL\n{part}"),
            None => statements.push(Statement::new(purpose, format!("{start}{part}"))),
        }
    }
    statements
}

fn split(statements: &[Statement], most: usize, bytes: usize) -> Vec<&[Statement]> {
    let (mut batches, mut start, mut size) = (Vec::new(), 0, 0);
    for (at, statement) in statements.iter().enumerate() {
        if at > start && (at - start == most || size + statement.sql.len() > bytes) {
            batches.push(&statements[start..at]);
            (start, size) = (at, 0);
        }
        size += statement.sql.len();
    }
    if start < statements.len() {
        batches.push(&statements[start..]);
    }
    batches
}

impl Plan<'_> {
    /// Checks that every statement of a table fits into a call.
    pub fn fits(&self) -> Result<(), String> {
        if self.dialect != Dialect::Redshift {
            return Ok(());
        }
        let bytes = |table| self.create_delta(table).sql.len().max(self.merge(table).sql.len());
        match self.tables.iter().find(|table| bytes(table) > PROCEDURE_BYTES) {
            None => Ok(()),
            Some(table) => Err(format!(
                "the load of table `{}` needs a statement of {} bytes, but the Data API accepts at most {BYTES}",
                table.name,
                bytes(table)
            )),
        }
    }

    /// Returns the transaction: the merges between the other statements, in procedures if it would not fit into a call.
    pub(super) fn transaction(
        &self,
        before: Vec<Statement>,
        merges: Vec<Statement>,
        after: Vec<Statement>,
    ) -> Vec<Statement> {
        let bytes: usize = before.iter().chain(&merges).chain(&after).map(|statement| statement.sql.len()).sum();
        let fits = before.len() + merges.len() + after.len() <= STATEMENTS && bytes <= BYTES;
        let merges = if fits || self.dialect == Dialect::Postgres { merges } else { self.in_procedures(&merges) };
        [before, merges, after].concat()
    }

    fn in_procedures(&self, merges: &[Statement]) -> Vec<Statement> {
        let procedure = |(number, merges): (usize, &[Statement])| {
            let name = format!("{}.merge_{}_{number}()", self.names.schema, self.names.token);
            let purposes: Vec<&str> = merges.iter().map(|merge| merge.purpose.as_str()).collect();
            let body: String = merges.iter().map(|merge| format!("{};\n", merge.sql)).collect();
            let create = format!("CREATE PROCEDURE {name} AS $$\nBEGIN\n{body}END;\n$$ LANGUAGE plpgsql");
            [
                Statement::new(format!("create the procedure `{name}`"), create),
                Statement::new(purposes.join(", "), format!("CALL {name}")),
                Statement::new(format!("drop the procedure `{name}`"), format!("DROP PROCEDURE {name}")),
            ]
        };
        split(merges, usize::MAX, PROCEDURE_BYTES).into_iter().enumerate().flat_map(procedure).collect()
    }
}

#[cfg(test)]
#[path = "../../tests/unit/load/batch.rs"]
mod tests;
