//! The jobs: `transformation` converts a source's responses to typed Parquet, `copy` loads it exactly once, and `report`
//! writes the page of the run.
//!
//! A record passes through the modules in this order: `edge/source` → `table` (with `clean`) → `edge/lake` → `validate`
//! → `load` → `edge/warehouse`.
//!
//! Architecture invariant: a module imports downward only. `flows` may use `edge` and the pure modules; `edge` may use
//! the pure modules, never another edge file; the pure modules touch no file, clock, network or process.

pub mod clean;
pub mod cli;
pub mod edge;
pub mod flows;
pub mod incremental;
pub mod limits;
mod lineage;
pub mod load;
mod page;
mod pagination;
mod receipt;
mod report;
mod request;
mod secrets;
pub mod table;
pub mod validate;

pub use connect::failure;
pub use receipt::fingerprint;
