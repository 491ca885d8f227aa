//! Prepares a warehouse for the first load: schemas, the ledger, roles and grants, as idempotent statements.
//!
//! ```text
//! role          writes                                  reads
//! loader        <source>, staging_<source>, etl         analytics, for the report
//! transformer   analytics                               <source>, etl
//! reader        –                                       <source>, etl, analytics
//! ```
//!
//! On PostgreSQL, the roles log in and own the objects that they write. On Redshift, only users can own objects, so the
//! IAM roles of the loader and the transformer are database users, which are granted the roles and own the objects.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod address;
mod postgres;
mod redshift;

pub use address::Address;
pub use postgres::bootstrap;
pub use redshift::{EXISTING, Existing, Users, plan};

pub const ROLES: [&str; 3] = ["loader", "transformer", "reader"];

pub const DATABASE: &str = "dpstack";

/// The columns of `etl.findings`: what was implausible in a load, and the reason for which it was accepted.
const FINDINGS: &str = "source varchar(64) NOT NULL, seq bigint NOT NULL, table_name varchar(64) NOT NULL, \
     check_name varchar(32) NOT NULL, problem varchar(2000) NOT NULL, refused boolean NOT NULL, reason varchar(1000)";

/// Returns the schemas with the role that owns their tables and the roles that read them.
fn readers(sources: &[String]) -> [(String, &'static str, &'static [&'static str]); 2] {
    let loaded = (format!("{}, etl", sources.join(", ")), "loader", &["transformer", "reader"][..]);
    [loaded, ("analytics".to_owned(), "transformer", &["loader", "reader"])]
}

/// Returns the schemas of the sources and the two shared ones, each with the role that writes it.
fn schemas(sources: &[String]) -> Vec<(String, &'static str)> {
    let of_source = |source: &String| [(source.clone(), "loader"), (format!("staging_{source}"), "loader")];
    let shared = [("etl".to_owned(), "loader"), ("analytics".to_owned(), "transformer")];
    sources.iter().flat_map(of_source).chain(shared).collect()
}
