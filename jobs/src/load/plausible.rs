//! What is implausible in a load. It is computed before the transaction, from the manifests, the audit and the counts of
//! the deltas; a person may accept it once, and the ledger keeps the reason.
//!
//! ```text
//! empty           no valid record for a table with rows
//! incomplete      the response itself reports more records, or a next page (not if `max_deleted_share` is 1, as below); or
//!                 its pages repeat records, so others may be missing: only a warning, unless it has as many as the total
//! page_size       as many records as a page has, and rows would be deleted
//! deleted         too large a share of a table's rows would be deleted
//! emptied         too large a share of a column's values would become null: a renamed field
//! unknown_fields  in every record; only a warning, and the likely cause of the others
//! clock           fetched in the future; cannot be accepted, because it would supersede every later run
//! ```
//!
//! A part may be empty; it deletes only list elements, and does not show whether a column is empty.

use contract::{Check, Collection, Finding, Parameter, Removed, Table, Type};

use super::audit::Audit;
use super::batch::unions;
use super::changes::{Change, Changes, compared};
use super::plan::Plan;
use super::retired::Retired;
use super::sql::{Statement, literal};
use crate::receipt::{Receipt, TableReceipt};

/// A load may always delete this many rows or values: in a table of one or two rows, any loss is a large share.
const ALWAYS: u64 = 2;

/// The numbers of records that APIs commonly return as a page.
const PAGES: [u64; 10] = [10, 20, 25, 30, 50, 100, 200, 250, 500, 1_000];

/// The parameters in a path that APIs commonly use for the number of records.
const LIMITS: &str = "limit per_page perpage page_size pagesize page[size] $top top first take size rows count max_results \
                      maxresults";

/// The number of names that a message lists.
const LISTED: usize = 5;

/// The size of a text in the ledger, in bytes.
const PROBLEM: u32 = 2_000;

impl Plan<'_> {
    /// Returns what is implausible in this load.
    pub fn findings(&self, audit: &Audit, changes: &Changes) -> Vec<Finding> {
        let found = self.receipts.iter().filter_map(|receipt| {
            let collection = self.contract.collections.get(&receipt.collection)?;
            let own = receipt.tables.first()?;
            Some(Load { plan: self, collection, receipt, own, audit, changes }.findings())
        });
        let retired = self.retired.iter().filter(|one| one.column.is_none() && one.removed != Removed::Keep);
        let retired = retired.filter_map(|one| Some((one, audit.retired(&one.table).filter(|live| *live > 0)?)));
        let retired = retired.map(|(Retired { table, .. }, live)| {
            let problem = format!("table `{table}` is not in the contract, and loses its {live} rows");
            Finding { check: Check::Deleted, table: table.clone(), problem, refused: false }
        });
        let clock = self.tables.first().filter(|_| audit.in_future(&self.loaded_at)).map(|table| Finding {
            check: Check::Clock,
            table: table.name.to_owned(),
            problem: format!("the load started at {}, which is in the future by the warehouse's clock", self.loaded_at),
            refused: true,
        });
        found.flatten().chain(retired).chain(clock).collect()
    }

    /// Returns the columns that a load may have emptied: few rows of the run have a value. Only these are counted in the
    /// warehouse. If the table loses half of its rows as well, more values must be missing.
    pub(super) fn sparse_columns<'t>(&self, table: &Table<'t>) -> Vec<&'t str> {
        let receipt = self.receipts.iter().flat_map(|receipt| &receipt.tables).find(|found| found.table == table.name);
        let collection = self.contract.collections.get(table.collection);
        // A part says nothing about the other rows.
        let counted = |receipt: &TableReceipt| !receipt.values.is_empty() && !self.is_part(table);
        let Some((receipt, collection)) = receipt.zip(collection).filter(|(receipt, _)| counted(receipt)) else {
            return Vec::new();
        };
        let few = receipt.rows as f64 * 2.0 * (1.0 - self.contract.max_emptied_share(collection));
        let columns =
            table.columns.iter().filter(|column| !column.required && (values(receipt, column.name) as f64) < few);
        columns.map(|column| column.name).collect()
    }

    /// Writes the findings to the ledger; `reason` is that of the person who accepted the refused ones.
    pub(super) fn insert_findings(&self, seq: i64, findings: &[Finding], reason: Option<&str>) -> Vec<Statement> {
        let row = |finding: &Finding| {
            let problem = &finding.problem[..finding.problem.floor_char_boundary(PROBLEM as usize)];
            let reason = reason.filter(|_| finding.refused).map_or("NULL".to_owned(), literal);
            format!(
                "SELECT '{}', {seq}, '{}', '{}', {}, {}, CAST({reason} AS varchar(1000))",
                self.contract.source,
                finding.table,
                finding.check,
                self.dialect.cast(problem, Type::String(PROBLEM)),
                finding.refused,
            )
        };
        let into = "INSERT INTO etl.findings (source, seq, table_name, check_name, problem, refused, reason)\n";
        unions("write the findings to the ledger", into, findings.iter().map(row))
    }
}

/// One collection of a load.
struct Load<'l> {
    plan: &'l Plan<'l>,
    collection: &'l Collection,
    receipt: &'l Receipt,
    /// The manifest of the collection's own table.
    own: &'l TableReceipt,
    audit: &'l Audit,
    changes: &'l Changes,
}

impl Load<'_> {
    fn findings(&self) -> Vec<Finding> {
        let mut found: Vec<Finding> =
            [self.clock(), self.incomplete(), self.repeated(), self.empty()].into_iter().flatten().collect();
        // An empty response says nothing about columns, and all rows are lost.
        if self.own.rows > 0 {
            let tables = self.plan.tables.iter().filter(|table| table.collection == self.receipt.collection);
            found.extend(self.page_size());
            found.extend(self.receipt.tables.iter().filter_map(|table| self.deleted(table)));
            found.extend(tables.zip(&self.receipt.tables).filter_map(|(table, read)| self.emptied(table, read)));
            found.extend(self.receipt.tables.iter().filter_map(unknown_fields));
        }
        found
    }

    fn refused(&self, check: Check, problem: String) -> Finding {
        Finding { check, table: self.own.table.clone(), problem, refused: true }
    }

    fn clock(&self) -> Option<Finding> {
        let (time, name) = (&self.receipt.fetched_at, &self.receipt.collection);
        let problem =
            format!("collection `{name}` was fetched at {time}, which is in the future by the warehouse's clock");
        self.audit.in_future(time).then(|| self.refused(Check::Clock, problem))
    }

    fn incomplete(&self) -> Option<Finding> {
        // If the source returned 304, the response was loaded before.
        // A part must have all changes.
        let is_new = self.receipt.unchanged_since.is_none() && (self.must_be_whole() || self.receipt.part);
        let claim = self.receipt.incomplete.as_ref().filter(|_| is_new)?;
        let problem = format!("the response for collection `{}` {claim}", self.receipt.collection);
        Some(self.refused(Check::Incomplete, problem))
    }

    /// Records that move between pages are on two of them, or on none. A total counts both, so it does not show this.
    fn repeated(&self) -> Option<Finding> {
        let request = self.plan.contract.request_of(self.collection);
        let (read, keys) = (self.own.rows, compared(self.changes, self.own));
        let problem = format!(
            "the pages of collection `{}` repeat records: {read} have only {keys} keys, so others may be missing",
            self.receipt.collection
        );
        let refused = request.total_path.is_some() && self.must_be_whole();
        (request.paginator.is_some() && self.receipt.raw.len() > 1 && keys < read && !self.is_part())
            .then(|| Finding { refused, ..self.refused(Check::Incomplete, problem) })
    }

    fn empty(&self) -> Option<Finding> {
        let live = if self.is_part() { 0 } else { self.audit.live(&self.own.table) };
        let found = if self.own.read == 0 { "is empty" } else { "has only quarantined records" };
        let name = &self.receipt.collection;
        let problem = format!("the response for collection `{name}` {found}, but the table has {live} rows");
        (self.own.rows == 0 && live > 0).then(|| self.refused(Check::Empty, problem))
    }

    fn page_size(&self) -> Option<Finding> {
        let (read, name) = (self.own.read, &self.own.table);
        let lost = self.count(Change::Deleted, name);
        let request = self.plan.contract.request_of(self.collection);
        // Its pages were read to the end.
        if request.paginator.is_some() {
            return None;
        }
        let is_part = self.receipt.part && self.collection.incremental.is_some();
        let in_query = request.query.iter().filter_map(|(name, value)| match value {
            Parameter::Plain(value) if is_limit(name) => value.parse().ok(),
            _ => None,
        });
        let asked = limit_in(&self.collection.path).into_iter().chain(in_query).any(|limit: u64| limit == read);
        let is_common = PAGES.contains(&read) && (lost > 0 || read >= 50 && (is_part || self.audit.live(name) == 0));
        if !asked && !is_common || lost > 0 && !self.must_be_whole() {
            return None;
        }
        let cause = if asked { "the limit of its request" } else { "a page often has" };
        let losses = if lost > 0 { format!(", and {lost} rows of the table would be deleted") } else { String::new() };
        let problem =
            format!("the response for collection `{name}` has exactly {read} records, as many as {cause}{losses}");
        Some(Finding { refused: lost > ALWAYS || is_part, ..self.refused(Check::PageSize, problem) })
    }

    fn deleted(&self, table: &TableReceipt) -> Option<Finding> {
        let name = &table.table;
        let deleted = self.count(Change::Deleted, name);
        let live = self.audit.live(name);
        let limit = self.plan.contract.max_deleted_share(self.collection);
        let share = too_much(deleted, live, limit)?;
        let problem = format!("table `{name}` would lose {deleted} of its {live} rows ({share})");
        Some(Finding { table: name.clone(), ..self.refused(Check::Deleted, problem) })
    }

    fn emptied(&self, table: &Table<'_>, read: &TableReceipt) -> Option<Finding> {
        let limit = self.plan.contract.max_emptied_share(self.collection);
        let columns = self.plan.sparse_columns(table).into_iter().enumerate().filter_map(|(index, column)| {
            let before = self.audit.values(table.name, index);
            let lost = before.saturating_sub(values(read, column));
            // Where few rows ever have a value, all values may be gone the next day.
            let lost = if lost < read.rows / 100 { 0 } else { lost };
            too_much(lost, before, limit).map(|share| format!("{lost} of the {before} values of `{column}` ({share})"))
        });
        let columns: Vec<String> = columns.collect();
        let problem = format!("table `{}` would lose {}", table.name, listed(&columns));
        let finding = Finding { table: table.name.to_owned(), ..self.refused(Check::Emptied, problem) };
        (!columns.is_empty()).then_some(finding)
    }

    /// Returns whether rows that are not in the response were deleted in the source.
    fn must_be_whole(&self) -> bool {
        self.plan.contract.max_deleted_share(self.collection) < 1.0
    }

    fn is_part(&self) -> bool {
        self.plan.tables.iter().any(|table| table.name == self.own.table && self.plan.is_part(table))
    }

    fn count(&self, change: Change, table: &str) -> u64 {
        change.count(self.changes, table)
    }
}

fn unknown_fields(table: &TableReceipt) -> Option<Finding> {
    let (name, fields) = (&table.table, table.unknown.iter().map(|field| format!("`{field}`")));
    let fields: Vec<String> = fields.collect();
    let problem = format!("every row of `{name}` has fields that the contract does not define: {}", listed(&fields));
    let finding = Finding { check: Check::UnknownFields, table: name.clone(), problem, refused: false };
    (!fields.is_empty()).then_some(finding)
}

/// Returns the lost share as text if it is too large.
fn too_much(lost: u64, of: u64, limit: f64) -> Option<String> {
    let share = lost as f64 / of.max(1) as f64;
    let text = || format!("{:.1} %; the limit is {:.1} %", share * 100.0, limit * 100.0);
    (lost > ALWAYS && share > limit).then(text)
}

fn values(table: &TableReceipt, column: &str) -> u64 {
    table.values.get(column).copied().unwrap_or(0)
}

fn listed(names: &[String]) -> String {
    let more = names.len().saturating_sub(LISTED);
    let shown = names[..names.len() - more].join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

/// Returns the number of records that a path asks for.
fn limit_in(path: &str) -> Option<u64> {
    let (_, query) = path.split_once('?')?;
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let mut limits = pairs.filter(|(name, _)| is_limit(name));
    limits.find_map(|(_, value)| value.parse().ok())
}

fn is_limit(name: &str) -> bool {
    LIMITS.split(' ').any(|limit| name.eq_ignore_ascii_case(limit))
}

#[cfg(test)]
#[path = "../../tests/unit/load/plausible.rs"]
mod tests;
