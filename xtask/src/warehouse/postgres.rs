//! The statements that prepare PostgreSQL.

use std::collections::BTreeMap;

use super::ledger::{FINDINGS, describe};
use super::{MARTS, ROLES, development, layers, readers, schemas};

/// Returns the statements for the sources and the developers' schemas, which `transformer` owns. `verifiers` contains the
/// SCRAM verifier for each role that can log in, so that no statement contains a password: a server may log statements.
pub fn bootstrap(sources: &[String], verifiers: &BTreeMap<String, String>, developers: &[String]) -> Vec<String> {
    let mut statements = Vec::new();
    for role in ROLES {
        statements.push(format!(
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN CREATE ROLE {role}; END IF; END $$"
        ));
        if let Some(verifier) = verifiers.get(role) {
            statements.push(format!("ALTER ROLE {role} LOGIN PASSWORD '{}'", verifier.replace('\'', "''")));
        }
    }
    let of_developers = developers.iter().flat_map(|name| layers(&development(name)));
    let of_developers = of_developers.map(|schema| (schema, "transformer"));
    for (schema, owner) in schemas(sources).into_iter().chain(of_developers) {
        statements.push(format!("CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {owner}"));
    }
    // Every load locks this table, so that loads run one after the other without blocking readers of the ledger.
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
    // One row per source: two commits on the same head both write it, so one of them fails.
    statements
        .push("CREATE TABLE IF NOT EXISTS etl.heads (source varchar(64) PRIMARY KEY, seq bigint NOT NULL)".to_owned());
    statements.push(format!("CREATE TABLE IF NOT EXISTS etl.findings ({FINDINGS})"));
    let tables = ["load_lock", "runs", "heads", "findings"];
    statements.extend(tables.map(|table| format!("ALTER TABLE etl.{table} OWNER TO loader")));
    statements.extend(tables.into_iter().flat_map(describe));
    for (schemas, owner, readers) in readers(sources) {
        let readers = readers.join(", ");
        statements.push(format!("GRANT USAGE ON SCHEMA {schemas} TO {readers}"));
        statements.push(format!("GRANT SELECT ON ALL TABLES IN SCHEMA {schemas} TO {readers}"));
        statements.push(format!(
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schemas} GRANT SELECT ON TABLES TO {readers}"
        ));
    }
    // In one statement, because views depend on each other. Other objects that depend on them are not dropped.
    statements.push(format!(
        "DO $$ DECLARE misplaced text := (SELECT string_agg(format('%I.%I', schemaname, viewname), ', ') FROM pg_views \
         WHERE schemaname = '{MARTS}' AND viewname ~ '^(stg|int)_'); \
         BEGIN IF misplaced IS NOT NULL THEN EXECUTE 'DROP VIEW ' || misplaced; END IF; END $$"
    ));
    statements
}
