//! Reading a contract: the YAML first, then every rule that one column alone cannot know, all problems in one list.

mod paths;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use crate::locate::line_of;
use crate::words::{reserved, system_column};
use crate::{Column, Contract, Ordered, POSITION, Type, without_bom};

/// Both warehouses take 1,600 columns a table (PostgreSQL manual, appendix K; Amazon Redshift Database Developer Guide,
/// CREATE TABLE). A load needs five of its own and one in its delta, a child table two more.
const MOST_COLUMNS: usize = 1_600 - 6 - 2;

/// Why a contract was refused: every problem, in the file's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractError {
    /// The file's name as the caller gave it.
    pub file: String,
    /// At least one.
    pub problems: Vec<Problem>,
}

/// One thing to mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong, where in the structure, and what to write instead.
    pub message: String,
}

impl fmt::Display for ContractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            match problem.line {
                Some(line) => write!(f, "{}:{line}: {}", self.file, problem.message)?,
                None => write!(f, "{}: {}", self.file, problem.message)?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for ContractError {}

impl Contract {
    /// Reads a contract; `file` is only named in errors.
    ///
    /// # Errors
    /// A structural error (the YAML, an unknown key, a wrong type) comes alone, because nothing after it can be
    /// trusted; the problems of a well-formed contract come all together. Each names its line, path and mend.
    pub fn parse(text: &str, file: &str) -> Result<Self, ContractError> {
        let text = without_bom(text);
        let refused = |problems| ContractError { file: file.to_owned(), problems };
        let contract: Self = serde_yaml::from_str(text).map_err(|error| {
            let line = error.location().map(|place| place.line());
            refused(vec![Problem { line, message: structural(&error.to_string()) }])
        })?;
        let mut problems: Vec<Problem> = Checker::run(&contract)
            .into_iter()
            .map(|(path, message)| {
                let steps: Vec<&str> = path.iter().map(String::as_str).collect();
                Problem { line: line_of(text, &steps), message: format!("{}: {message}", path.join(".")) }
            })
            .collect();
        problems.sort_by_key(|problem| problem.line);
        if problems.is_empty() { Ok(contract) } else { Err(refused(problems)) }
    }
}

/// The reader's message without its own place (the line stands in front already), with the mend where it gave none.
fn structural(message: &str) -> String {
    let message = match message.rfind(" at line ") {
        Some(end) => &message[..end],
        None => message,
    };
    if message.contains("unknown field") || message.contains("; ") {
        message.to_owned()
    } else if message.contains("missing field") {
        format!("{message}; add it")
    } else {
        format!("{message}; the legend at the top of jobs/contracts/spacex.yaml shows every key")
    }
}

type Found = Vec<(Vec<String>, String)>;

struct Checker<'c> {
    contract: &'c Contract,
    found: Found,
}

impl<'c> Checker<'c> {
    fn run(contract: &'c Contract) -> Found {
        let mut checker = Self { contract, found: Vec::new() };
        checker.source();
        checker.table_names();
        for (name, collection) in contract.collections.iter() {
            let at = path(&["collections", name]);
            checker.share(&at, "max_quarantine_share", collection.max_quarantine_share);
            checker.share(&at, "max_deleted_share", collection.max_deleted_share);
            if !collection.path.starts_with('/') {
                checker.add(&at, &["path"], format!("`{}` must begin with `/`", collection.path));
            }
            match collection.columns.get(&collection.key) {
                None => checker.add(&at, &["key"], format!("no column `{}`; name one of the columns", collection.key)),
                Some(column) if !matches!(column.kind, Type::String(_) | Type::Integer) => {
                    checker.add(
                        &at,
                        &["key"],
                        format!("`{}` is a {}; a key is a string or an integer", collection.key, column.kind),
                    );
                }
                Some(_) => {}
            }
            checker.each_column(&at, &collection.columns);
            checker.columns(&at, &collection.columns, Some(&collection.children));
            checker.lists(&at, &collection.children);
            for (child_name, child) in collection.children.iter() {
                let at = [at.clone(), path(&["children", child_name])].concat();
                checker.column_name(&at, &["parent_key"], &child.parent_key);
                if child.parent_key == POSITION {
                    checker.add(
                        &at,
                        &["parent_key"],
                        format!("`{POSITION}` is the element's place; choose another name"),
                    );
                }
                for given in [child.parent_key.as_str(), POSITION] {
                    if child.columns.contains(given) {
                        checker.add(
                            &at,
                            &["columns", given],
                            format!("`{given}` is there by itself; remove it or give it another name"),
                        );
                    }
                }
                checker.each_column(&at, &child.columns);
                checker.columns(&at, &child.columns, None);
            }
        }
        checker.references();
        checker.found
    }

    fn add(&mut self, at: &[String], rest: &[&str], message: String) {
        self.found.push(([at, &path(rest)].concat(), message));
    }

    fn source(&mut self) {
        let contract = self.contract;
        self.name(&[], &["source"], &contract.source);
        self.share(&path(&["defaults"]), "max_quarantine_share", Some(contract.defaults.max_quarantine_share));
        self.share(&path(&["defaults"]), "max_deleted_share", contract.defaults.max_deleted_share);
        let scheme = ["http://", "https://"].iter().any(|scheme| contract.base_url.starts_with(scheme));
        if !scheme || contract.base_url.ends_with('/') {
            self.add(
                &[],
                &["base_url"],
                format!("`{}` must be http(s)://host without a final slash", contract.base_url),
            );
        }
        if contract.collections.is_empty() {
            self.add(&[], &["collections"], "there is none; describe at least one".to_owned());
        }
    }

    fn share(&mut self, at: &[String], key: &str, share: Option<f64>) {
        if share.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
            self.add(at, &[key], "a share goes from 0 to 1".to_owned());
        }
    }

    fn table_names(&mut self) {
        let contract = self.contract;
        let mut first: BTreeMap<&str, String> = BTreeMap::new();
        for (name, collection) in contract.collections.iter() {
            let own = (name, path(&["collections", name]));
            let children =
                collection.children.names().map(|child| (child, path(&["collections", name, "children", child])));
            for (table, at) in std::iter::once(own).chain(children) {
                self.name(&at, &[], table);
                if let Some(other) = first.insert(table, at.join(".")) {
                    self.add(&at, &[], format!("table `{table}` is described twice (also at {other}); rename one"));
                }
            }
        }
    }

    /// Names go into SQL unquoted and into staging names with a suffix of 16 characters; PostgreSQL keeps 63.
    fn name(&mut self, at: &[String], rest: &[&str], name: &str) {
        let legal = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            && name.len() <= 46;
        if !legal {
            self.add(at, rest, format!("`{name}` is no name; write up to 46 of a-z 0-9 _, a letter first"));
        } else if reserved(name) {
            self.add(
                at,
                rest,
                format!("`{name}` is a reserved word of SQL; choose another name and write `at: {name}`"),
            );
        }
    }

    fn column_name(&mut self, at: &[String], rest: &[&str], name: &str) {
        self.name(at, rest, name);
        if system_column(name) {
            let message =
                format!("`{name}` is a system column of PostgreSQL; choose another name and write `at: {name}`");
            self.add(at, rest, message);
        }
    }

    fn each_column(&mut self, at: &[String], columns: &Ordered<Column>) {
        if columns.iter().count() > MOST_COLUMNS {
            let message = format!("{} columns; at most {MOST_COLUMNS} fit", columns.iter().count());
            self.add(at, &["columns"], message);
        }
        for (name, column) in columns.iter() {
            self.column_name(at, &["columns", name], name);
            if column.known_gaps.is_some() && column.references.is_none() {
                self.add(at, &["columns", name, "known_gaps"], "only a column with `references` has gaps".to_owned());
            }
            if !column.values.is_empty() && !matches!(column.kind, Type::String(_)) {
                self.add(at, &["columns", name, "values"], format!("a {} has no list of values", column.kind));
            }
        }
    }

    fn references(&mut self) {
        let contract = self.contract;
        for table in contract.tables() {
            for column in &table.columns {
                let (Some(reference), Some(_)) = (&column.references, column.path) else { continue };
                let mut at = path(&["collections", table.collection]);
                if table.child.is_some() {
                    at.extend(path(&["children", table.name]));
                }
                let rest = ["columns", column.name, "references"];
                match contract.collections.get(&reference.table).map(|target| target.columns.get(&reference.column)) {
                    None => {
                        let known: Vec<&str> = contract.collections.names().collect();
                        let message = format!("no collection `{}`; there are {}", reference.table, known.join(", "));
                        self.add(&at, &rest, message);
                    }
                    Some(None) => {
                        let message = format!("collection `{}` has no column `{}`", reference.table, reference.column);
                        self.add(&at, &rest, message);
                    }
                    Some(Some(_)) => {}
                }
            }
        }
    }
}

fn path(steps: &[&str]) -> Vec<String> {
    steps.iter().map(|step| (*step).to_owned()).collect()
}
