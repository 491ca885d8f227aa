//! Prepares a warehouse for the first load: schemas, the ledger, roles and grants, as idempotent statements.
//!
//! ```text
//! role          writes                                  reads
//! loader        <source>, staging_<source>, etl         analytics, for the report
//! transformer   analytics, analytics_<layer>            <source>, etl
//! reader        –                                       <source>, etl, analytics
//! a developer   dev_<name>, dev_<name>_<layer>          <source>, etl, analytics, analytics_<layer>
//! ```
//!
//! The layers are dbt's, `staging` and `intermediate`. dbt creates no schema: that needs CREATE on the database, which
//! allows any name (Amazon Redshift Database Developer Guide, GRANT).
//!
//! On PostgreSQL, the roles log in and own the objects that they write. On Redshift, only users can own objects, so the
//! IAM roles of the loader and the transformer are database users, which are granted the roles and own the objects.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod address;
mod ledger;
mod postgres;
mod redshift;

use std::collections::BTreeMap;

use crate::failure::Failure;

pub use address::Address;
pub use postgres::bootstrap;
pub use redshift::{EXISTING, Existing, Users, plan};

pub const ROLES: [&str; 3] = ["loader", "transformer", "reader"];

pub const DATABASE: &str = "dpstack";

const MARTS: &str = "analytics";

/// Returns the schemas with the role that owns their tables and the roles that read them.
fn readers(sources: &[String]) -> [(String, &'static str, &'static [&'static str]); 2] {
    let loaded = (format!("{}, etl", sources.join(", ")), "loader", &["transformer", "reader"][..]);
    [loaded, (MARTS.to_owned(), "transformer", &["loader", "reader"])]
}

/// Returns the schemas of the sources, the ledger and dbt, each with the role that writes it.
fn schemas(sources: &[String]) -> Vec<(String, &'static str)> {
    let of_source = |source: &String| [(source.clone(), "loader"), (format!("staging_{source}"), "loader")];
    let of_dbt = layers(MARTS).map(|layer| (layer, "transformer"));
    sources.iter().flat_map(of_source).chain([("etl".to_owned(), "loader")]).chain(of_dbt).collect()
}

/// Returns the schemas that dbt uses if DBT_SCHEMA is `marts`: for marts and snapshots, and for the two other layers.
fn layers(marts: &str) -> [String; 3] {
    ["", "_staging", "_intermediate"].map(|layer| format!("{marts}{layer}"))
}

/// Refuses developers who would share a schema: the second one would take it from the first.
pub fn check_developers(developers: &[String]) -> Result<(), Failure> {
    let mut seen = BTreeMap::new();
    for developer in developers {
        for schema in layers(&development(developer)) {
            if let Some(other) = seen.insert(schema.clone(), developer).filter(|other| *other != developer) {
                let message =
                    format!("the developers `{other}` and `{developer}` would both have the schema `{schema}`");
                return Err(Failure::new(message).hint("rename one of them, or use another role"));
            }
        }
    }
    Ok(())
}

/// Returns the schema of a developer, who is an IAM role or a database user such as `IAM:<user>`.
fn development(developer: &str) -> String {
    let name = developer.split_once(':').map_or(developer, |(_, name)| name).to_ascii_lowercase();
    format!("dev_{}", name.replace(|char: char| !char.is_ascii_alphanumeric(), "_"))
}

/// Whether a view in [`MARTS`] is from a version that built all layers there.
fn is_misplaced(view: &str) -> bool {
    ["stg_", "int_"].iter().any(|layer| view.starts_with(layer))
}
