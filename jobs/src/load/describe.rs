//! The contract's descriptions as comments on the loaded tables and columns.

use std::collections::BTreeMap;

use contract::{SYSTEM_COLUMNS, Table};

use super::sql::Statement;

/// The number of columns that one row of a result describes: results have pages.
const COLUMNS: usize = 16;

/// The comments in a schema by table and column; that on the table itself has an empty column.
#[derive(Debug, Default)]
pub struct Descriptions(BTreeMap<(String, String), String>);

impl Descriptions {
    /// Returns the query for a schema's comments. Redshift's own views have a column `remarks`, but only the functions that
    /// read this table are documented to return comments, and without a limit of 256 characters (Amazon Redshift Database
    /// Developer Guide, "COMMENT", "SVV_REDSHIFT_COLUMNS").
    pub fn query(schema: &str) -> String {
        let columns = (0..COLUMNS).map(|at| {
            format!("max(CASE WHEN objsubid % {COLUMNS} = {at} THEN coalesce(attname, '') || '|' || description END)")
        });
        format!(
            "SELECT relname, {} FROM pg_description JOIN pg_class AS c ON c.oid = objoid \
             JOIN pg_namespace AS n ON n.oid = relnamespace \
             LEFT JOIN pg_attribute ON attrelid = objoid AND attnum = objsubid \
             WHERE classoid = (SELECT k.oid FROM pg_class AS k WHERE k.relname = 'pg_class') AND nspname = '{schema}' \
             GROUP BY relname, objsubid / {COLUMNS}",
            columns.collect::<Vec<_>>().join(", ")
        )
    }

    /// Reads the rows that the query returns.
    pub fn read(rows: &[Vec<String>]) -> Self {
        let rows = rows.iter().filter_map(|row| row.split_first());
        let comments = rows.flat_map(|(table, comments)| comments.iter().map(move |comment| (table, comment)));
        let comment = |(table, comment): (&String, &String)| {
            let (column, text) = comment.split_once('|')?;
            Some(((table.trim().to_owned(), column.trim().to_owned()), text.to_owned()))
        };
        Self(comments.filter_map(comment).collect())
    }

    /// Returns the statements that write the contract's descriptions where the comments differ.
    pub fn outdated(&self, schema: &str, tables: &[Table<'_>]) -> Vec<Statement> {
        let described = tables.iter().flat_map(|table| {
            let columns = table.columns.iter().chain(&SYSTEM_COLUMNS);
            let columns = columns.map(|column| (table.name, column.name, column.description()));
            std::iter::once((table.name, "", table.doc.to_owned())).chain(columns)
        });
        let outdated = described.filter(|(table, column, text)| {
            self.0.get(&((*table).to_owned(), (*column).to_owned())).map_or("", String::as_str) != text
        });
        let comment = |(table, column, text): (&str, &str, String)| {
            let (kind, dot) = if column.is_empty() { ("TABLE", "") } else { ("COLUMN", ".") };
            let place = format!("{schema}.{table}{dot}{column}");
            Statement::new(format!("describe `{place}`"), format!("COMMENT ON {kind} {place} IS {}", quoted(&text)))
        };
        outdated.map(comment).collect()
    }
}

/// Formats text as a literal in dollar quotes, because a comment must be one literal, and the engines interpret
/// backslashes in single quotes differently.
fn quoted(text: &str) -> String {
    let mut tag = "$doc".to_owned();
    while text.contains(&tag) {
        tag.push('_');
    }
    format!("{tag}${text}{tag}$")
}
