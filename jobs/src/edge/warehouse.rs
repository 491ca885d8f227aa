//! The warehouse that a run is loaded into.
//!
//! What to say to it is decided in [`crate::load`]; a driver only carries statements, stages files and tells a moved
//! head from a failure. PostgreSQL's driver is here; Redshift's belongs beside it.

mod binary;
mod postgres;

use std::collections::BTreeMap;

use anyhow::Result;
use bytes::Bytes;
use contract::Table;

use crate::failure::Failure;
use crate::load::{Change, Dialect, Ledger, Statement};

pub use postgres::Postgres;

/// Each table's changes by kind.
pub type Changes = BTreeMap<String, BTreeMap<Change, u64>>;

/// What became of the one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// Everything in it is there.
    Done,
    /// Nothing of it is there, because another run was committed in between.
    HeadMoved,
}

/// A driver.
#[allow(async_fn_in_trait, reason = "used with static dispatch inside this crate only")]
pub trait Warehouse {
    /// Its SQL.
    fn dialect(&self) -> Dialect;

    /// The committed runs of a source, the newest first.
    async fn ledger(&self, source: &str) -> Result<Ledger>;

    /// Makes every table and column of the contract that is missing; refuses a column of another type.
    async fn ensure_tables(&mut self, schema: &str, tables: &[Table<'_>]) -> Result<()>;

    /// Marks an attempt's tables as in use while this connection lives, and drops those of attempts that died.
    async fn hold_and_sweep(&self, schema: &str, token: &str) -> Result<Vec<String>>;

    /// Runs one statement on its own.
    async fn run(&self, statement: &Statement) -> Result<()>;

    /// Copies a proved Parquet file into a staging table; gives the rows.
    async fn stage(&self, schema: &str, name: &str, table: &Table<'_>, parquet: Bytes) -> Result<u64>;

    /// Runs the statement of [`crate::load::Plan::count_changes`].
    async fn changes(&self, statement: &Statement) -> Result<Changes>;

    /// How many rows of a table are not marked deleted.
    async fn live_rows(&self, schema: &str, table: &str) -> Result<u64>;

    /// Runs statements in one transaction.
    async fn commit(&mut self, statements: &[Statement]) -> Result<Commit>;
}

/// Refuses a URL of a warehouse that no driver here speaks to.
///
/// # Errors
/// When the scheme is not `postgres` or `postgresql`.
pub fn check_url(url: &str) -> Result<()> {
    match url.split_once("://").map(|(scheme, _)| scheme) {
        Some("postgres" | "postgresql") => Ok(()),
        Some(other) => {
            let failure = Failure::refused(format!("no driver for the warehouse scheme `{other}`"));
            Err(failure.hint("write WAREHOUSE_URL as postgres://user:password@host:port/database").into())
        }
        // The text itself is not shown: it may be a password in the wrong place.
        None => {
            let failure = Failure::refused("WAREHOUSE_URL is no URL");
            Err(failure.hint("write it as postgres://user:password@host:port/database").into())
        }
    }
}
