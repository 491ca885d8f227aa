//! The warehouse that a run is loaded into.
//!
//! What to say to it is decided in [`crate::load`]; a driver only carries statements, stages files and tells a moved
//! head from a failure.

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

/// What became of the one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// Everything in it is there.
    Done,
    /// Nothing of it is there, because another transaction was in the way.
    HeadMoved,
}

/// A driver.
#[allow(async_fn_in_trait, reason = "used with static dispatch inside this crate only")]
pub trait Warehouse {
    /// Its SQL.
    fn dialect(&self) -> Dialect;

    /// The committed runs of a source, the newest first.
    async fn ledger(&self, source: &str) -> Result<Ledger>;

    /// Makes every table and column of the contract that is missing; refuses a column of another type and a table with
    /// another key. Returns what is there beyond the contract.
    async fn ensure_tables(&mut self, schema: &str, tables: &[Table<'_>]) -> Result<Retired>;

    /// Marks an attempt's tables as in use while this connection lives, and drops those of attempts that died.
    async fn hold_and_sweep(&self, schema: &str, token: &str) -> Result<Vec<String>>;

    /// Runs one statement on its own.
    async fn run(&self, statement: &Statement) -> Result<()>;

    /// The role with which the warehouse reads the lake itself, by COPY from a manifest; `None` for one that is sent
    /// the rows, by [`Warehouse::stage`].
    fn reads_lake_as(&self) -> Option<&str> {
        None
    }

    /// Copies a proved Parquet file into a staging table; gives the rows.
    async fn stage(&self, schema: &str, name: &str, table: &Table<'_>, parquet: Bytes) -> Result<u64>;

    /// Runs the statement of [`crate::load::Plan::count_changes`].
    async fn changes(&self, statement: &Statement) -> Result<Changes>;

    /// How many rows of a table are not marked deleted.
    async fn live_rows(&self, schema: &str, table: &str) -> Result<u64>;

    /// Runs statements in one transaction.
    async fn commit(&mut self, statements: &[Statement]) -> Result<Commit>;
}

/// The waits between so many tries, while another transaction is in the way.
pub fn waits(first: Duration, tries: usize) -> ExponentialBuilder {
    let waits = ExponentialBuilder::default().with_jitter().with_min_delay(first);
    waits.with_max_delay(Duration::from_secs(30)).with_max_times(tries - 1)
}

/// What to do about a warehouse that lacks something, or denies it.
const UNPREPARED: &str =
    "make the warehouse ready with `cargo xtask warehouse-init`: schemas, `etl` tables, roles and grants";

/// A column is there, but of a type that the contract does not give it.
fn other_type(place: &str, found: &str, wanted: &str) -> Failure {
    let failure = Failure::refused(format!("`{place}` is {found} in the warehouse, but {wanted} in the contract"));
    failure.hint("give the column another name in the contract, or drop it in the warehouse")
}

/// Refuses a table that has another key than the contract gives it; no columns mean that its key is not known.
fn same_key(schema: &str, table: &Table<'_>, found: &[String]) -> Result<(), Failure> {
    let same = found.len() == table.key.len() && table.key.iter().all(|key| found.iter().any(|column| column == key));
    if found.is_empty() || same {
        return Ok(());
    }
    let (name, found, wanted) = (table.name, found.join("`, `"), table.key.join("`, `"));
    let failure =
        Failure::refused(format!("`{schema}.{name}`: the table's key is `{found}`, the contract's is `{wanted}`"));
    Err(failure.hint("give the table another name in the contract, or drop it in the warehouse and load the run again"))
}

/// What a statement of the one transaction asserts does not hold.
fn not_as_asserted(statement: &Statement) -> Failure {
    let failure = Failure::refused(format!("could not {}: the load was rolled back", statement.purpose));
    failure.hint("the target was changed by hand, or two rows share a key")
}

/// Where a warehouse is.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// A PostgreSQL URL, password and all.
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
    ///
    /// # Errors
    /// When the URL names no warehouse that a driver here speaks to. The URL itself is not shown: it may hold a
    /// password.
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
                    _ => Err(Failure::refused("WAREHOUSE_URL names no workgroup and database").hint(forms).into()),
                }
            }
            Some((other, _)) => {
                let failure = Failure::refused(format!("no driver for the warehouse scheme `{other}`"));
                Err(failure.hint(forms).into())
            }
            // The text itself is not shown: it may be a password in the wrong place.
            None => Err(Failure::refused("WAREHOUSE_URL is no URL").hint(forms).into()),
        }
    }
}
