//! What a warehouse needs before the first load: schemas, the ledger, roles and grants, as statements that may run
//! any number of times.
//!
//! ```text
//! role          writes                                  reads
//! loader        <source>, staging_<source>, etl         –
//! transformer   analytics                               <source>, etl
//! reader        –                                       <source>, etl, analytics
//! ```
//!
//! On PostgreSQL a role logs in itself and owns what it writes. On Redshift only a user can own, so the IAM role that
//! the loader runs as is a user, has the role, and owns; likewise the transformer's.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod address;
mod postgres;
mod redshift;

pub use address::Address;
pub use postgres::bootstrap;
pub use redshift::{Found, Users, WHAT_IS_THERE, plan};

/// The roles, least privilege each.
pub const ROLES: [&str; 3] = ["loader", "transformer", "reader"];

/// The database.
pub const DATABASE: &str = "dpstack";

/// A source's schemas and the two that all sources share, each with the role that writes it.
fn schemas(source: &str) -> [(String, &'static str); 4] {
    [
        (source.to_owned(), "loader"),
        (format!("staging_{source}"), "loader"),
        ("etl".to_owned(), "loader"),
        ("analytics".to_owned(), "transformer"),
    ]
}
