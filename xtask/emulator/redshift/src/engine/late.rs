//! Tables that were created after the snapshot of a transaction. PostgreSQL lets a transaction use them and shows them empty;
//! Redshift fails with error 1018.

use tokio_postgres::Client;

use super::Engine;
use super::error::Failed;
use crate::rules::service::TABLE_AFTER_SNAPSHOT;

/// What the transaction has locked but its snapshot does not contain: later tables, or tables that it has dropped itself.
const UNKNOWN: &str = "SELECT relation::int8, pg_current_snapshot()::text FROM pg_locks \
    WHERE locktype = 'relation' AND pid = pg_backend_pid() AND relation >= 16384 \
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
    AND NOT EXISTS (SELECT 1 FROM pg_class WHERE oid = relation)";

/// Of these, the tables that were created after the snapshot.
const LATER: &str = "SELECT oid::int8, relname::text FROM pg_class \
    WHERE oid::int8 = ANY ($1) AND relkind IN ('r', 'v', 'm') \
    AND NOT pg_visible_in_snapshot(xmin::text::xid8, $2::text::pg_snapshot)";

/// Fails if the transaction has used a table that was created after its snapshot.
pub(super) async fn check(engine: &Engine, client: &Client) -> Result<(), Failed> {
    if !engine.disabled().enforces(&TABLE_AFTER_SNAPSHOT) {
        return Ok(());
    }
    let rows = client.query(UNKNOWN, &[]).await.map_err(Failed::of)?;
    let Some(first) = rows.first() else { return Ok(()) };
    let snapshot: String = first.get(1);
    let unknown: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
    let admin = engine.0.admin.lock().await;
    let later = admin.query(LATER, &[&unknown, &snapshot]).await.map_err(Failed::of)?;
    let Some(table) = later.first() else { return Ok(()) };
    let (number, name): (i64, String) = (table.get(0), table.get(1));
    let message = format!(
        "1018 DETAIL: Relation does not exist: table {number} (`{name}`) was created after the snapshot of this transaction"
    );
    Err(TABLE_AFTER_SNAPSHOT.refusal(message).into())
}
