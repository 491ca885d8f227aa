//! What PostgreSQL needs to look like a Redshift database: types, functions, system views, late-binding and
//! materialized views. The SQL files say what they do not emulate.

use anyhow::{Context, Result};
use tokio_postgres::Client;

use crate::rules::Disabled;
use crate::rules::service::UPDATE_CONFLICT;

const SCRIPT: [&str; 6] = [
    include_str!("catalog/functions.sql"),
    include_str!("catalog/casts.sql"),
    include_str!("catalog/relations.sql"),
    include_str!("catalog/views.sql"),
    include_str!("catalog/tables.sql"),
    include_str!("catalog/superuser.sql"),
];

/// The rule that system views of superusers need a grant.
pub const SUPERUSER_VIEWS: &str = "superuser-system-view";

/// Prepares a database if necessary. The client is a superuser of PostgreSQL.
pub async fn install(client: &Client, disabled: &Disabled) -> Result<()> {
    let prepared = client.query("SELECT FROM pg_namespace WHERE nspname = 'redshift'", &[]).await;
    if prepared.context("cannot read the schemas of the warehouse")?.is_empty() {
        let script = format!("BEGIN;\nSET LOCAL allow_system_table_mods = on;\n{}\nCOMMIT;", SCRIPT.join("\n"));
        client.batch_execute(&script).await.context("cannot prepare the database as a warehouse of Redshift")?;
    }
    if disabled.0.contains(SUPERUSER_VIEWS) {
        client.batch_execute("GRANT SELECT ON svv_table_info, svv_mv_info TO PUBLIC").await?;
    }
    Ok(())
}

/// The statements that start every session: SNAPSHOT isolation, which is the default of a workgroup, and UTC.
pub fn session_settings(disabled: &Disabled) -> String {
    let rules: Vec<&str> = disabled.0.iter().map(String::as_str).collect();
    // Without the rule, the second of two concurrent changes of a row applies to the result of the first one.
    let isolation = if disabled.enforces(&UPDATE_CONFLICT) { "repeatable read" } else { "read committed" };
    format!(
        "SET default_transaction_isolation = '{isolation}'; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, MDY'; \
         SET client_min_messages = 'warning'; SET redshift.disabled_rules = {};",
        literal(&rules.join(","))
    )
}

/// A text as a literal of SQL.
pub fn literal(text: &str) -> String {
    postgres_protocol::escape::escape_literal(text)
}

/// A name as a quoted identifier of SQL.
pub fn identifier(name: &str) -> String {
    postgres_protocol::escape::escape_identifier(name)
}
