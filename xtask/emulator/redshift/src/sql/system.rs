//! Where a relation is: in a table of users, in a system table of the compute nodes, or in a catalog of the leader node.

use sqlparser::ast::ObjectName;

use super::names::parts;

/// Prefixes of system tables and views, which the compute nodes have.
const SYSTEM: [&str; 6] = ["stl_", "stv_", "svl_", "svv_", "svcs_", "sys_"];

/// What a name in FROM refers to, decided by the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// A table or view of a user.
    User,
    /// A system table or view.
    System,
    /// A catalog table, which only the leader node has.
    Catalog,
}

/// Classifies a name that is not one of a common table expression.
pub(super) fn relation(name: &ObjectName) -> Relation {
    let parts = parts(name);
    let Some((last, schemas)) = parts.split_last() else { return Relation::User };
    let schema = schemas.last().map(String::as_str);
    match schema {
        Some("information_schema") => Relation::Catalog,
        None | Some("pg_catalog") if SYSTEM.iter().any(|prefix| last.starts_with(prefix)) => Relation::System,
        Some("pg_catalog") => Relation::Catalog,
        None if last.starts_with("pg_") => Relation::Catalog,
        _ => Relation::User,
    }
}
