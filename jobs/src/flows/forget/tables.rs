//! The rows of the records in the warehouse, and the search of its tables.

use std::collections::BTreeSet;

use anyhow::Result;
use contract::{Table, Type};

use super::objects::key_column;
use super::texts::walk_column;
use super::{Subject, Work};
use crate::edge::warehouse::Warehouse;
use crate::load::{Dialect, Statement, literal};

/// The number of texts in one statement, which limits its length.
const TEXTS: usize = 20;

impl Work<'_> {
    /// Counts the rows of a collection's records, and keeps their texts.
    pub(super) async fn loaded<W: Warehouse>(&mut self, at: usize, warehouse: &mut W) -> Result<()> {
        let (subject, schema) = (&self.subjects[at], &self.job.contract.source);
        let shape = warehouse.shape(schema).await?;
        let found = self.report.collections.entry(subject.name.to_owned()).or_default();
        for table in &subject.tables {
            let Some(columns) = shape.get(table.name).filter(|columns| columns.contains_key(key_column(Some(table))))
            else {
                continue;
            };
            let own = columns.iter().filter(|(name, _)| !name.starts_with('_') || *name == "_extra");
            let (names, texts): (Vec<&String>, Vec<String>) =
                own.filter_map(|(name, column)| Some((name, as_text(W::DIALECT, name, &column.kind)?))).unzip();
            let texts: String = texts.iter().map(|text| format!(", {text}")).collect();
            let (key, rows) = (key_column(Some(table)), subject.rows(table));
            let sql = format!("SELECT {key}{texts} FROM {schema}.{} WHERE {rows}", table.name);
            let rows = warehouse.query(&format!("find the rows in `{}`", table.name), &sql).await?;
            for (name, text) in rows.iter().flat_map(|row| names.iter().zip(&row[1..])) {
                walk_column(subject.name, Some(table), name, text, &mut |place, text| self.texts.add(place, text));
            }
            if !rows.is_empty() {
                found.loaded.insert(table.name.to_owned(), rows.len() as u64);
            }
        }
        Ok(())
    }

    /// Deletes the rows of a collection's records, those of child tables first, and drops the tables of aborted loads.
    pub(super) async fn delete<W: Warehouse>(&self, at: usize, warehouse: &mut W) -> Result<()> {
        let (subject, schema) = (&self.subjects[at], &self.job.contract.source);
        let found = self.report.collections.get(subject.name).map(|found| &found.loaded);
        let loaded = |table: &&Table<'_>| found.is_some_and(|loaded| loaded.contains_key(table.name));
        let delete = |table: &Table<'_>| {
            let sql = format!("DELETE FROM {schema}.{} WHERE {}", table.name, subject.rows(table));
            Statement::new(format!("delete the rows in `{}`", table.name), sql)
        };
        let deletes: Vec<Statement> = subject.tables.iter().rev().filter(loaded).map(delete).collect();
        warehouse.run(&deletes).await?;
        warehouse.claim_and_drop_leftovers(&format!("staging_{schema}"), "forgetforget").await.map(drop)
    }

    /// Searches all columns with text of the source's tables, the ledger and the marts.
    pub(super) async fn search_tables<W: Warehouse>(&mut self, warehouse: &mut W) -> Result<()> {
        let texts: Vec<String> = self.texts.distinctive().map(literal).collect();
        let source = &self.job.contract.source;
        for schema in [source.clone(), format!("staging_{source}"), "etl".to_owned(), "analytics".to_owned()] {
            for (table, columns) in warehouse.shape(&schema).await? {
                let columns: Vec<String> =
                    columns.iter().filter_map(|(name, column)| as_text(W::DIALECT, name, &column.kind)).collect();
                self.report.searched.tables += 1;
                for texts in texts.chunks(TEXTS).filter(|_| !columns.is_empty()) {
                    let has = |text: &String| {
                        let any: Vec<String> =
                            columns.iter().map(|column| format!("strpos({column}, {text}) > 0")).collect();
                        any.join(" OR ")
                    };
                    let any: Vec<String> = texts.iter().map(has).collect();
                    let sql = format!("SELECT count(*) AS found FROM {schema}.{table} WHERE {}", any.join(" OR "));
                    if warehouse.query(&format!("search `{schema}.{table}`"), &sql).await? != [["0"]] {
                        self.report.left.insert(format!("table {schema}.{table}"));
                    }
                }
            }
        }
        Ok(())
    }
}

impl Subject<'_> {
    /// Returns the condition for the rows of the records.
    fn rows(&self, table: &Table<'_>) -> String {
        let column = key_column(Some(table));
        let is_number = table.columns.iter().any(|own| own.name == column && own.kind == Type::Integer);
        let key = |key: &String| {
            if is_number { key.parse::<i64>().ok().map(|key| key.to_string()) } else { Some(literal(key)) }
        };
        let keys: BTreeSet<String> = self.written.iter().filter_map(key).collect();
        if keys.is_empty() {
            return "1 = 0".to_owned();
        }
        format!("{column} IN ({})", keys.into_iter().collect::<Vec<_>>().join(", "))
    }
}

/// Returns the text of a column; `None` if it has none, such as a number.
fn as_text(dialect: Dialect, name: &str, kind: &str) -> Option<String> {
    match kind {
        "jsonb" | "super" => Some(dialect.json_text(name)),
        _ if ["text", "varchar", "character"].iter().any(|text| kind.starts_with(text)) => Some(name.to_owned()),
        _ => None,
    }
}
