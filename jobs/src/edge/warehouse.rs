//! The warehouse that a run is loaded into.
//!
//! [`crate::load`] has the statements; a driver runs them, stages files, and distinguishes a moved head from a failure.

mod binary;
mod postgres;
#[cfg(feature = "aws")]
mod redshift;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use backon::ExponentialBuilder;
use bytes::Bytes;
use contract::Table;

use crate::failure::Failure;
use crate::load::{Change, Dialect, Ledger, Retired, Statement};

pub use postgres::Postgres;
#[cfg(feature = "aws")]
pub use redshift::Redshift;

/// Each table's changes by kind.
pub type Changes = BTreeMap<String, BTreeMap<Change, u64>>;

/// The result of the one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// It is committed.
    Done,
    /// It is rolled back, because another transaction was first.
    HeadMoved,
}

/// A driver.
#[allow(async_fn_in_trait, reason = "used with static dispatch inside this crate only")]
pub trait Warehouse {
    /// Its SQL.
    fn dialect(&self) -> Dialect;

    /// The committed runs of a source, the newest first.
    async fn ledger(&self, source: &str) -> Result<Ledger>;

    /// Creates the missing tables and columns of the contract; refuses a column of another type and a table with another
    /// key. Returns the tables and columns that are not in the contract.
    async fn ensure_tables(&mut self, schema: &str, tables: &[Table<'_>]) -> Result<Retired>;

    /// Marks an attempt's tables as in use while this connection lives, and drops those of aborted attempts.
    async fn hold_and_sweep(&self, schema: &str, token: &str) -> Result<Vec<String>>;

    /// Runs one statement in its own transaction.
    async fn run(&self, statement: &Statement) -> Result<()>;

    /// The role with which the warehouse reads the lake itself, by COPY from a manifest; `None` for a warehouse that
    /// receives the rows by [`Warehouse::stage`].
    fn reads_lake_as(&self) -> Option<&str> {
        None
    }

    /// Copies a validated Parquet file into a staging table; returns the number of rows.
    async fn stage(&self, schema: &str, name: &str, table: &Table<'_>, parquet: Bytes) -> Result<u64>;

    /// Runs the statement of [`crate::load::Plan::count_changes`].
    async fn changes(&self, statement: &Statement) -> Result<Changes>;

    /// How many rows of a table are not marked deleted.
    async fn live_rows(&self, schema: &str, table: &str) -> Result<u64>;

    /// Runs statements in one transaction.
    async fn commit(&mut self, statements: &[Statement]) -> Result<Commit>;
}

/// The waits between so many attempts after conflicts with other transactions.
pub fn waits(first: Duration, tries: usize) -> ExponentialBuilder {
    let waits = ExponentialBuilder::default().with_jitter().with_min_delay(first);
    waits.with_max_delay(Duration::from_secs(30)).with_max_times(tries - 1)
}

/// The hint for missing objects and permissions.
const UNPREPARED: &str =
    "prepare the warehouse with `cargo xtask warehouse-init`: schemas, `etl` tables, roles and grants";

/// The column has another type than in the contract.
fn other_type(place: &str, found: &str, expected: &str) -> Failure {
    let failure = Failure::refused(format!("`{place}` is {found} in the warehouse, but {expected} in the contract"));
    failure.hint("give the column another name in the contract, or drop it in the warehouse")
}

/// Refuses a table with another key than in the contract; no columns mean that the key is unknown.
fn same_key(schema: &str, table: &Table<'_>, found: &[String]) -> Result<(), Failure> {
    let same = found.len() == table.key.len() && table.key.iter().all(|key| found.iter().any(|column| column == key));
    if found.is_empty() || same {
        return Ok(());
    }
    let (name, found, expected) = (table.name, found.join("`, `"), table.key.join("`, `"));
    let failure =
        Failure::refused(format!("`{schema}.{name}`: the table's key is `{found}`, the contract's is `{expected}`"));
    Err(failure.hint("give the table another name in the contract, or drop it in the warehouse and load the run again"))
}

/// An assertion of the transaction failed.
fn not_as_asserted(statement: &Statement) -> Failure {
    let failure = Failure::refused(format!("could not {}: the load was rolled back", statement.purpose));
    failure.hint("the target was changed by hand, or two rows share a key")
}

/// The address of a warehouse.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// A PostgreSQL URL, which may contain a password.
    Postgres(String),
    /// A workgroup and a database of Redshift Serverless.
    Redshift {
        /// The workgroup.
        workgroup: String,
        /// The database.
        database: String,
    },
}

impl Address {
    /// Reads `postgres://user:password@host:port/database` or `redshift://workgroup/database`.
    /// Fails when no driver supports the URL. It is not shown, because it may contain a password.
    pub fn parse(url: &str) -> Result<Self> {
        let forms = "write it as redshift://workgroup/database or postgres://user:password@host:port/database";
        match url.split_once("://") {
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(url.to_owned())),
            Some(("redshift", place)) => {
                // Names of workgroups: 3 to 64 of a-z, 0-9 and hyphens (CreateWorkgroup, Amazon Redshift Serverless API).
                let plain = |name: &str, more: &str| {
                    !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || more.contains(char))
                };
                match place.split_once('/') {
                    Some((workgroup, database)) if plain(workgroup, "-") && plain(database, "_-$") => {
                        Ok(Self::Redshift { workgroup: workgroup.to_owned(), database: database.to_owned() })
                    }
                    _ => Err(Failure::refused("WAREHOUSE_URL has no valid workgroup and database").hint(forms).into()),
                }
            }
            Some((other, _)) => {
                let failure = Failure::refused(format!("no driver for the warehouse scheme `{other}`"));
                Err(failure.hint(forms).into())
            }
            // The text is not shown: it may be a password.
            None => Err(Failure::refused("WAREHOUSE_URL is not a URL").hint(forms).into()),
        }
    }
}
