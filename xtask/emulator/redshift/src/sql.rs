//! SQL of Redshift: parsed, checked against the rules, and translated for PostgreSQL.
//!
//! Queries, INSERT, UPDATE, DELETE and MERGE are parsed by `sqlparser`, whose tree is checked part by part: what no rule
//! accepts is refused. Each other statement has a small parser of its own in this folder, on the same tokens, which accepts
//! the documented syntax only.
//!
//! Not verified: types of expressions, and what depends on the database's objects (PostgreSQL checks its own rules there).
//! Comparisons that ignore trailing blanks, and the precision of decimal arithmetic, are those of PostgreSQL.

mod access;
mod alter;
mod attributes;
mod copy;
mod data_types;
mod date_parts;
mod expressions;
mod functions;
mod gate;
mod merge;
mod names;
mod navigation;
mod procedure;
mod query;
mod reader;
mod rewrite;
mod session;
mod statement;
mod system;
mod table;
mod view;
mod walk;
mod write;

use std::thread::Builder;

use crate::rules::{Disabled, Refusal};

/// The stack for a text: a union of a thousand queries, as dbt sends it, is a tree of that depth. Unused memory is not taken.
const STACK: usize = 512 << 20;

/// How a statement is executed, which decides what it may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transaction {
    /// A single statement that commits by itself.
    Autocommit,
    /// Between BEGIN and COMMIT of a session.
    Block,
    /// In a BatchExecuteStatement whose execution mode is TRANSACTION.
    Batch,
}

/// What a statement is checked against.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// How the text is executed; BEGIN and COMMIT in it change this for the statements that follow.
    pub transaction: Transaction,
    /// The rules that are not enforced.
    pub disabled: &'a Disabled,
}

/// The kind of a statement, for those that are not simply sent to PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Returns rows or a count; PostgreSQL executes the translation.
    Plain,
    /// Starts a transaction block.
    Begin,
    /// Commits the transaction block.
    Commit,
    /// Rolls the transaction block back.
    Rollback,
    /// Loads the objects of a manifest.
    Copy(Copy),
}

/// COPY table (columns) FROM manifest IAM_ROLE role FORMAT AS PARQUET MANIFEST …
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// The table, as it is written in the statement.
    pub table: String,
    /// The column list; empty for all columns in the table's order.
    pub columns: Vec<String>,
    /// The URL of the manifest.
    pub manifest: String,
    /// An ARN, or `default`.
    pub role: String,
}

/// A statement that Redshift accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Translated {
    /// What the engine does with it.
    pub kind: Kind,
    /// The statements for PostgreSQL, to be executed in order; the last one's result is the statement's.
    pub postgres: Vec<String>,
    /// The command tag of the statement, such as `CREATE VIEW`, where PostgreSQL's would differ, and wherever `postgres` has
    /// several statements. The statement then returns no rows: the result of PostgreSQL is discarded.
    pub tag: Option<&'static str>,
}

impl Translated {
    fn plain(postgres: impl Into<String>) -> Self {
        Self { kind: Kind::Plain, postgres: vec![postgres.into()], tag: None }
    }

    /// A statement that is a function of `catalog/`, or several statements, in PostgreSQL.
    fn tagged(tag: &'static str, postgres: Vec<String>) -> Self {
        Self { kind: Kind::Plain, postgres, tag: Some(tag) }
    }
}

/// Parses, checks and translates a text of one or more statements.
///
/// # Errors
/// The refusal of the first statement that Redshift, or a rule of the emulator, does not accept.
pub fn translate(sql: &str, context: Context<'_>) -> Result<Vec<Translated>, Refusal> {
    let failed = || gate::refusal(&crate::rules::sql::NOT_EMULATED, "the emulator cannot parse the statement");
    std::thread::scope(|scope| {
        let thread = Builder::new().stack_size(STACK).spawn_scoped(scope, || statement::all(sql, context));
        thread.map_err(|_| failed())?.join().map_err(|_| failed())?
    })
}
