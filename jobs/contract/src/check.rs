//! Parses a contract, then checks every rule that involves more than one column. All problems are reported together.

mod paths;
mod personal;
mod request;
#[cfg(test)]
#[path = "../tests/unit/check.rs"]
mod tests;

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_yaml::Value;
use thiserror::Error;

use crate::model::{Collection, Column, Contract, Type};
use crate::tables::POSITION;
use crate::words::{SYSTEM_COLUMNS, reserved};
use crate::yaml::{explain, line_of, without_bom, without_place};

/// Both warehouses allow 1,600 columns per table (PostgreSQL manual, appendix K; Amazon Redshift Database Developer Guide,
/// CREATE TABLE). A load adds five, its delta one more, and a child table two.
const MAX_COLUMNS: usize = 1_600 - 6 - 2;

/// Schemas of the dbt models, the ledger and the warehouse. Names with `pg_` are also the warehouse's; those with
/// `staging_` belong to the loads of a source, those with `analytics_` and `dev_` to dbt.
const SCHEMAS: [&str; 4] = ["analytics", "etl", "information_schema", "public"];
const PREFIXES: [&str; 4] = ["analytics_", "dev_", "pg_", "staging_"];

/// How to fix the name of a source or a table.
const RENAME: &str = "choose a different name";

/// Why a contract was rejected: every problem, in file order.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", lines(file, problems))]
pub struct ContractError {
    /// The file name, as passed by the caller.
    pub file: String,
    /// At least one problem.
    pub problems: Vec<Problem>,
}

/// One problem in a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1, if known.
    pub line: Option<usize>,
    /// What is wrong, where in the structure, and what to write instead.
    pub message: String,
}

/// Formats each problem as `file:line: message`.
fn lines(file: &str, problems: &[Problem]) -> String {
    let place = |problem: &Problem| problem.line.map(|line| format!(":{line}")).unwrap_or_default();
    let line = |problem: &Problem| format!("{file}{}: {}", place(problem), problem.message);
    problems.iter().map(line).collect::<Vec<_>>().join("\n")
}

impl Contract {
    /// Reads a contract; `file` is its name in errors.
    ///
    /// Returns the first structural error (invalid YAML, an unknown key, a wrong type), or else all broken rules. Each
    /// has a line, a path and a fix.
    pub fn parse(text: &str, file: &str) -> Result<Self, ContractError> {
        let text = without_bom(text);
        let refused = |problems| ContractError { file: file.to_owned(), problems };
        let one = |(line, message)| refused(vec![Problem { line, message }]);
        // The types below keep only the last of two equal keys, so duplicates are detected first.
        serde_yaml::from_str::<Value>(text).map_err(|error| one(explain(text, &error)))?;
        let contract: Self = serde_yaml::from_str(text).map_err(|error| {
            one((error.location().map(|place| place.line()), structural(without_place(&error.to_string()))))
        })?;
        let problem = |(path, message): (Vec<&str>, String)| Problem {
            line: line_of(text, &path),
            message: format!("{}: {message}", path.join(".")),
        };
        let mut problems: Vec<Problem> = Checker::run(&contract).into_iter().map(problem).collect();
        problems.sort_by_key(|problem| problem.line);
        if problems.is_empty() { Ok(contract) } else { Err(refused(problems)) }
    }
}

/// Returns the YAML reader's message, with a fix if the message has none.
fn structural(message: String) -> String {
    if message.contains("unknown field") || message.contains("; ") {
        message
    } else if message.contains("missing field") {
        format!("{message}; add it")
    } else {
        format!("{message}; the comment at the top of jobs/contracts/spacex.yaml explains every key")
    }
}

/// Collects problems, each with a path of keys and a message.
struct Checker<'c> {
    contract: &'c Contract,
    found: Vec<(Vec<&'c str>, String)>,
}

impl<'c> Checker<'c> {
    fn run(contract: &'c Contract) -> Vec<(Vec<&'c str>, String)> {
        let mut checker = Self { contract, found: Vec::new() };
        checker.source();
        checker.table_names();
        for (name, collection) in contract.collections.iter() {
            checker.collection(&["collections", name], collection);
        }
        checker.references();
        checker.personal();
        checker.found
    }

    fn add(&mut self, at: &[&'c str], rest: &[&'c str], message: impl Into<String>) {
        self.found.push(([at, rest].concat(), message.into()));
    }

    fn source(&mut self) {
        let contract = self.contract;
        let source = contract.source.as_str();
        self.name(&["source"], source, RENAME);
        if SCHEMAS.contains(&source) || PREFIXES.iter().any(|prefix| source.starts_with(prefix)) {
            self.add(&["source"], &[], format!("the schema `{source}` has another purpose; {RENAME}"));
        }
        self.share(&["defaults", "max_quarantine_share"], Some(contract.defaults.max_quarantine_share));
        self.share(&["defaults", "max_deleted_share"], contract.defaults.max_deleted_share);
        self.share(&["defaults", "max_emptied_share"], contract.defaults.max_emptied_share);
        let url = &contract.base_url;
        if !(url.starts_with("http://") || url.starts_with("https://")) || url.ends_with('/') {
            self.add(&["base_url"], &[], format!("`{url}` must be http(s)://host without a trailing slash"));
        }
        self.request(&[], &contract.request);
        if contract.collections.is_empty() {
            self.add(&["collections"], &[], "is empty; define at least one collection");
        }
    }

    fn collection(&mut self, at: &[&'c str], collection: &'c Collection) {
        self.share(&[at, &["max_quarantine_share"]].concat(), collection.max_quarantine_share);
        self.share(&[at, &["max_deleted_share"]].concat(), collection.max_deleted_share);
        self.share(&[at, &["max_emptied_share"]].concat(), collection.max_emptied_share);
        if !collection.path.starts_with('/') {
            self.add(at, &["path"], format!("`{}` must start with `/`", collection.path));
        }
        self.request(at, &collection.request);
        self.collection_request(at, collection);
        let key = &collection.key;
        match collection.columns.get(key).map(|column| column.kind) {
            None => self.add(at, &["key"], format!("column `{key}` does not exist; use one of the columns")),
            Some(Type::String(_) | Type::Integer) => {}
            Some(kind) => self.add(at, &["key"], format!("`{key}` is a {kind}; a key must be a string or an integer")),
        }
        self.columns(at, &collection.columns);
        self.column_paths(at, &collection.columns, Some(&collection.children));
        self.child_paths(at, &collection.children);
        for (name, child) in collection.children.iter() {
            let at = [at, &["children", name]].concat();
            self.column_name(&[&at[..], &["parent_key"]].concat(), &child.parent_key);
            if child.parent_key == POSITION {
                self.add(&at, &["parent_key"], format!("`{POSITION}` is an automatic column; choose a different name"));
            }
            let automatic = [child.parent_key.as_str(), POSITION];
            for automatic in automatic.into_iter().filter(|name| child.columns.contains_key(*name)) {
                let message = format!("`{automatic}` is an automatic column; remove or rename this one");
                self.add(&at, &["columns", automatic], message);
            }
            self.columns(&at, &child.columns);
            self.column_paths(&at, &child.columns, None);
        }
    }

    fn share(&mut self, at: &[&'c str], share: Option<f64>) {
        if share.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
            self.add(at, &[], "must be between 0 and 1");
        }
    }

    fn table_names(&mut self) {
        let mut first: BTreeMap<&str, String> = BTreeMap::new();
        for (name, collection) in self.contract.collections.iter() {
            let own = (name, vec!["collections", name]);
            let place = |child: &'c String| (child, vec!["collections", name, "children", child]);
            for (table, at) in std::iter::once(own).chain(collection.children.keys().map(place)) {
                self.name(&at, table, RENAME);
                let indexed = |other: &&str| self.contract.tables().iter().any(|table| table.name == *other);
                if let Some(other) = table.strip_suffix("_pkey").filter(indexed) {
                    self.add(&at, &[], format!("PostgreSQL uses this name for the key of `{other}`; rename one"));
                }
                if let Some(other) = first.insert(table, at.join(".")) {
                    self.add(&at, &[], format!("table `{table}` is defined twice (also at {other}); rename one"));
                }
            }
        }
    }

    /// Checks a name. SQL contains it unquoted, and staging names add 16 characters; PostgreSQL keeps 63.
    fn name(&mut self, at: &[&'c str], name: &str, rename: &str) {
        let legal = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            && name.len() <= 46;
        if !legal {
            let fix = "use up to 46 characters from a-z 0-9 _, starting with a letter";
            self.add(at, &[], format!("`{name}` is not a valid name; {fix}"));
        } else if reserved(name) {
            self.add(at, &[], format!("`{name}` is a reserved SQL word; {rename}"));
        }
    }

    fn column_name(&mut self, at: &[&'c str], name: &str) {
        let rename = format!("{RENAME}, and set `at: {name}`");
        self.name(at, name, &rename);
        if SYSTEM_COLUMNS.contains(&name) {
            self.add(at, &[], format!("`{name}` is a system column of PostgreSQL; {rename}"));
        }
    }

    fn columns(&mut self, at: &[&'c str], columns: &'c IndexMap<String, Column>) {
        let count = columns.len();
        if count > MAX_COLUMNS {
            self.add(at, &["columns"], format!("{count} columns; the limit is {MAX_COLUMNS}"));
        }
        for (name, column) in columns.iter() {
            let at = [at, &["columns", name]].concat();
            self.column_name(&at, name);
            if column.known_gaps.is_some() && column.references.is_none() {
                self.add(&at, &["known_gaps"], "needs `references`");
            }
            if !column.values.is_empty() && !matches!(column.kind, Type::String(_)) {
                self.add(&at, &["values"], format!("a {} cannot have a list of values", column.kind));
            }
        }
    }

    fn references(&mut self) {
        for table in self.contract.tables() {
            let mut at = vec!["collections", table.collection];
            if table.child.is_some() {
                at.extend(["children", table.name]);
            }
            for column in &table.columns {
                let (Some(reference), Some(_)) = (&column.references, column.path) else { continue };
                let message = match self.contract.collections.get(&reference.table) {
                    Some(target) if target.columns.contains_key(&reference.column) => continue,
                    Some(_) => format!("collection `{}` has no column `{}`", reference.table, reference.column),
                    None => {
                        let known: Vec<&str> = self.contract.collections.keys().map(String::as_str).collect();
                        let (table, known) = (&reference.table, known.join(", "));
                        format!("collection `{table}` does not exist; the collections are {known}")
                    }
                };
                self.add(&at, &["columns", column.name, "references"], message);
            }
        }
    }
}
