//! The load as SQL statements: those before the transaction, those in the transaction, and the ledger of runs.
//!
//! ```text
//! stage     a table for each table of the contract, named after run and attempt, filled from the run's files
//! reduce    remove superseded versions of records from the stage, where a response may have some
//! audit     count the rows and keys of the targets, and the values of columns that may become empty
//! delta     from stage and target: inserted, updated (changed by row hash), revived, deleted (vanished)
//! findings  what is implausible: accepted by a person, or refused
//! commit    lock · assert head and absence · a MERGE for each changed table · assert that it applied the delta · ledger row
//! ```
//!
//! PostgreSQL and Redshift run the same statements, except for a few types ([`Dialect`]). Redshift's MERGE needs a
//! table as its source, both branches and no alias on the target, hence the delta tables. TRUNCATE is not used, because
//! it commits on Redshift. Whole tables are read outside the transaction only: under the lock, a load touches the rows of
//! its deltas.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod audit;
mod batch;
mod changes;
mod commit;
mod describe;
mod ledger;
mod plan;
mod plausible;
mod reduce;
mod retired;
mod sql;

pub(crate) use audit::Audit;
#[cfg(feature = "aws")]
pub(crate) use batch::batches;
pub(crate) use changes::{Change, Changes, compared};
pub(crate) use describe::Descriptions;
pub(crate) use ledger::Standing;
pub use ledger::{Ledger, Loaded};
#[cfg(feature = "aws")]
pub(crate) use plan::drop_tables;
pub(crate) use plan::{Plan, StageNames};
pub(crate) use retired::Retired;
pub use sql::{Dialect, column_ddl, create_table};
pub(crate) use sql::{Statement, find_findings, literal, register};
