//! PostgreSQL, the warehouse of one machine.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::BTreeMap;

use super::{ROLES, schemas};

/// The statements that prepare PostgreSQL for a source; `verifiers` has what the server keeps of the password of each
/// role that may log in (SCRAM), so that no password stands in a statement, which a server may log.
pub fn bootstrap(source: &str, verifiers: &BTreeMap<String, String>) -> Vec<String> {
    let mut statements = Vec::new();
    for role in ROLES {
        statements.push(format!(
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN CREATE ROLE {role}; END IF; END $$"
        ));
        if let Some(verifier) = verifiers.get(role) {
            statements.push(format!("ALTER ROLE {role} LOGIN PASSWORD '{}'", verifier.replace('\'', "''")));
        }
    }
    for (schema, owner) in schemas(source) {
        statements.push(format!("CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {owner}"));
    }
    // Only its lock counts: loads take it in turn without blocking those who read the ledger.
    statements.push("CREATE TABLE IF NOT EXISTS etl.load_lock (held boolean)".to_owned());
    statements.push(
        "CREATE TABLE IF NOT EXISTS etl.runs (
    seq bigint NOT NULL,
    source varchar(64) NOT NULL,
    run_id varchar(64) NOT NULL,
    fetched_at timestamp NOT NULL,
    loaded_at timestamp NOT NULL,
    committed_at timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
    collections jsonb NOT NULL,
    tables jsonb NOT NULL,
    PRIMARY KEY (source, seq),
    UNIQUE (source, run_id)
)"
        .to_owned(),
    );
    // One row a source: two commits on one head would both have to write it, which no isolation level allows.
    statements
        .push("CREATE TABLE IF NOT EXISTS etl.heads (source varchar(64) PRIMARY KEY, seq bigint NOT NULL)".to_owned());
    statements.extend(["load_lock", "runs", "heads"].map(|table| format!("ALTER TABLE etl.{table} OWNER TO loader")));
    for (schemas, owner, readers) in
        [(format!("{source}, etl"), "loader", "transformer, reader"), ("analytics".to_owned(), "transformer", "reader")]
    {
        statements.push(format!("GRANT USAGE ON SCHEMA {schemas} TO {readers}"));
        statements.push(format!("GRANT SELECT ON ALL TABLES IN SCHEMA {schemas} TO {readers}"));
        statements.push(format!(
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schemas} GRANT SELECT ON TABLES TO {readers}"
        ));
    }
    statements
}
