//! The rows of the records in the warehouse, and the search of its tables.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use contract::{Table, Type};
use serde_json::Value;

use super::objects::key_column;
use super::texts::walk_column;
use super::{Subject, Work};
use crate::clean::Cell;
use crate::edge::warehouse::Warehouse;
use crate::failure::Failure;
use crate::load::{Dialect, StageNames, Statement, literal};

/// The number of bytes of a text that are searched, and of a statement: the Data API of Redshift accepts 100 KB (Amazon
/// Redshift Management Guide, "Using the Amazon Redshift Data API").
const TEXT: usize = 100;
const STATEMENT: usize = 90_000;

/// The types of columns with JSON.
const JSON: [&str; 2] = ["jsonb", "super"];

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
                let cell = Cell::Text(text.into());
                walk_column(subject.name, Some(table), name, &cell, &mut |place, text, is_number| {
                    self.texts.add(place, text, is_number);
                });
            }
            if !rows.is_empty() {
                found.loaded.insert(table.name.to_owned(), rows.len() as u64);
            }
        }
        Ok(())
    }

    /// Drops the tables of aborted loads; fails if a load is active.
    pub(super) async fn claim<W: Warehouse>(&self, warehouse: &mut W) -> Result<()> {
        let source = &self.job.contract.source;
        let schema = format!("staging_{source}");
        warehouse.claim_and_drop_leftovers(&schema, "forgetforget").await?;
        let is_active = warehouse.shape(&schema).await?.keys().any(|table| StageNames::token_of(table).is_some());
        ensure!(!is_active, {
            let failure =
                Failure::refused(format!("a load of `{source}` is active, which would bring the records back"));
            failure.hint("run it again when no run of the source is active")
        });
        Ok(())
    }

    /// Deletes the rows of a collection's records, those of child tables first.
    pub(super) async fn delete<W: Warehouse>(&self, at: usize, warehouse: &mut W) -> Result<()> {
        let (subject, schema) = (&self.subjects[at], &self.job.contract.source);
        let found = self.report.collections.get(subject.name).map(|found| &found.loaded);
        let loaded = |table: &&Table<'_>| found.is_some_and(|loaded| loaded.contains_key(table.name));
        let delete = |table: &Table<'_>| {
            let sql = format!("DELETE FROM {schema}.{} WHERE {}", table.name, subject.rows(table));
            Statement::new(format!("delete the rows in `{}`", table.name), sql)
        };
        let deletes: Vec<Statement> = subject.tables.iter().rev().filter(loaded).map(delete).collect();
        warehouse.run(&deletes).await
    }

    /// Searches all columns with text of the source's tables, the ledger and the marts, and those with integers except in the
    /// ledger, whose numbers are counts.
    pub(super) async fn search_tables<W: Warehouse>(&mut self, warehouse: &mut W) -> Result<()> {
        let short = |text: &str| text[..text.floor_char_boundary(TEXT)].to_owned();
        let texts: BTreeSet<String> = self.texts.distinctive().map(short).collect();
        // As JSON has them.
        let quoted = |text: &String| {
            let quoted = Value::from(text.as_str()).to_string();
            quoted[1..quoted.len() - 1].to_owned()
        };
        let quoted: BTreeSet<String> = texts.iter().map(quoted).collect();
        let numbers = self.texts.integers().join(", ");
        let source = &self.job.contract.source;
        for schema in [source.clone(), format!("staging_{source}"), "etl".to_owned(), "analytics".to_owned()] {
            for (table, columns) in warehouse.shape(&schema).await? {
                self.report.searched.tables += 1;
                let conditions = columns.iter().flat_map(|(name, column)| {
                    let text = as_text(W::DIALECT, name, &column.kind);
                    let own = if JSON.contains(&column.kind.as_str()) { &quoted } else { &texts };
                    let has = |text| own.iter().map(|own| format!("strpos({text}, {}) > 0", literal(own))).collect();
                    let is_number = ["bigint", "integer", "smallint"].contains(&column.kind.as_str());
                    let is_searched = is_number && !numbers.is_empty() && schema != "etl" && !name.starts_with('_');
                    text.as_ref()
                        .map_or_else(|| Vec::from_iter(is_searched.then(|| format!("{name} IN ({numbers})"))), has)
                });
                for sql in queries(&format!("{schema}.{table}"), conditions) {
                    if warehouse.query(&format!("search `{schema}.{table}`"), &sql).await? != [["0"]] {
                        self.report.left.insert(format!("table {schema}.{table}"));
                    }
                }
            }
        }
        Ok(())
    }

    /// Reads the rows once more: a load may have committed in between.
    pub(super) async fn search_rows<W: Warehouse>(&mut self, warehouse: &mut W) -> Result<()> {
        let schema = &self.job.contract.source;
        let shape = warehouse.shape(schema).await?;
        for (subject, table) in self.subjects.iter().flat_map(|one| one.tables.iter().map(move |table| (one, table))) {
            if shape.get(table.name).is_some_and(|columns| columns.contains_key(key_column(Some(table)))) {
                let sql =
                    format!("SELECT count(*) AS found FROM {schema}.{} WHERE {}", table.name, subject.rows(table));
                if warehouse.query(&format!("find the rows in `{}`", table.name), &sql).await? != [["0"]] {
                    self.report.left.insert(format!("table {schema}.{}", table.name));
                }
            }
        }
        Ok(())
    }
}

/// Returns the queries that count the rows of a table with one of the conditions.
fn queries(table: &str, conditions: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut queries: Vec<String> = Vec::new();
    for condition in conditions {
        match queries.last_mut().filter(|query| query.len() + condition.len() < STATEMENT) {
            Some(query) => *query += &format!(" OR {condition}"),
            None => queries.push(format!("SELECT count(*) AS found FROM {table} WHERE {condition}")),
        }
    }
    queries
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
        _ if JSON.contains(&kind) => Some(dialect.json_text(name)),
        _ if ["text", "varchar", "character"].iter().any(|text| kind.starts_with(text)) => Some(name.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
#[path = "../../../tests/unit/flows/forget_tables.rs"]
mod tests;
