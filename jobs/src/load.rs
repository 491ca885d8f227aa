//! The load as statements: what to compute outside the transaction, what the one transaction holds, and what a run's
//! place in the ledger means.
//!
//! ```text
//! stage     one table a contract table, named after run and attempt, filled from the run's files
//! delta     from stage and target: inserted, updated (changed by row hash), revived, deleted (vanished)
//! commit    lock · assert head and absence · one MERGE a table from its delta · assert counts and keys · ledger row
//! ```
//!
//! The same text runs on PostgreSQL and on Redshift but for the types of a few columns ([`Dialect`]). Redshift's
//! MERGE wants a table as its source, both branches and no alias on the target, hence the delta tables. TRUNCATE
//! never appears: on Redshift it commits.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod ddl;
mod deletions;
mod ledger;
mod names;
mod retired;
mod sql;
mod statements;

pub use ddl::{column_ddl, create_table, register};
pub use deletions::Loss;
pub use ledger::{Committed, Ledger, Standing};
pub use names::StageNames;
pub use retired::Retired;
pub use sql::{Dialect, literal};
pub use statements::{Change, Plan, Statement};
