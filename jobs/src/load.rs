//! The load as SQL statements: those before the transaction, those of the one transaction, and the ledger of runs.
//!
//! ```text
//! stage     a table for each table of the contract, named after run and attempt, filled from the run's files
//! delta     from stage and target: inserted, updated (changed by row hash), revived, deleted (vanished)
//! commit    lock · assert head and absence · a MERGE for each table from its delta · assert counts and keys · ledger row
//! ```
//!
//! PostgreSQL and Redshift run the same statements, except for a few types ([`Dialect`]). Redshift's MERGE needs a table
//! as its source, both branches and no alias on the target, hence the delta tables. TRUNCATE is not used: on Redshift it
//! commits.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod commit;
mod ddl;
mod deletions;
mod ledger;
mod names;
mod plan;
mod retired;
mod sql;
mod statement;

pub use ddl::{column_ddl, create_table, register};
pub use deletions::Loss;
pub use ledger::{Committed, Ledger, Standing};
pub use names::StageNames;
pub use plan::Plan;
pub use retired::Retired;
pub use sql::{Dialect, literal};
pub use statement::{Change, Statement};
