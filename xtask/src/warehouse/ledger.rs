//! What the tables of the ledger, in the schema `etl`, have in common on PostgreSQL and Redshift.

/// The columns of `etl.findings`.
pub const FINDINGS: &str = "source varchar(64) NOT NULL, seq bigint NOT NULL, table_name varchar(64) NOT NULL, \
     check_name varchar(32) NOT NULL, problem varchar(2000) NOT NULL, refused boolean NOT NULL, reason varchar(1000)";

/// The descriptions of the tables and of their columns; those of tables that dbt reads are the same as in its sources.
const DESCRIPTIONS: &[(&str, &str)] = &[
    ("load_lock", "Locked by each load's transaction, so that loads commit one after the other. It has no rows."),
    ("load_lock.held", "Always empty: a table needs a column."),
    ("runs", "One row per committed run, for all sources."),
    (
        "runs.seq",
        "Position in the commit order of the source, from 1. Only this order is reliable, because load times can overlap.",
    ),
    ("runs.source", "The source, such as spacex."),
    ("runs.run_id", "Run ID, which is the `_run_id` of the rows that the run wrote."),
    ("runs.fetched_at", "Time (UTC) of the request for the run's oldest response."),
    ("runs.loaded_at", "Start time of the load (UTC), which is the `_loaded_at` of the rows that it wrote."),
    ("runs.committed_at", "Commit time of the load (UTC)."),
    (
        "runs.collections",
        "Collections that the run loaded, each with its contract fingerprint, and with the cursor if only changes are \
         requested.",
    ),
    ("runs.tables", "Tables that the run loaded, each with its row counts."),
    (
        "heads",
        "One row per source: its newest run. Every commit updates it, so two commits after the same run conflict.",
    ),
    ("heads.source", "The source, such as spacex."),
    ("heads.seq", "The newest run's `seq` in `runs`; 0 before the first load."),
    ("attempts", "One row per attempt to load a run: its lease on its staging tables."),
    ("attempts.token", "The attempt's part of the names of its staging tables."),
    ("attempts.expires_at", "Time (UTC) after which any load may drop these tables."),
    (
        "findings",
        "One row per implausibility that `copy` found in a committed run, such as a table that lost many rows.",
    ),
    ("findings.source", "The source, such as spacex."),
    ("findings.seq", "The run's `seq` in `runs`."),
    ("findings.table_name", "The table."),
    ("findings.check_name", "The check, such as `deleted` or `page_size`."),
    ("findings.problem", "What is implausible, with its numbers."),
    ("findings.refused", "Whether the load was refused until someone accepted it; otherwise, the row is a warning."),
    ("findings.reason", "The reason for accepting it; null for warnings."),
];

/// Returns the statements that describe a table and its columns.
pub fn describe(table: &str) -> impl Iterator<Item = String> {
    let of_table = move |(place, _): &&(&str, &str)| place.split('.').next() == Some(table);
    DESCRIPTIONS.iter().filter(of_table).map(|(place, text)| {
        let kind = if place.contains('.') { "COLUMN" } else { "TABLE" };
        format!("COMMENT ON {kind} etl.{place} IS '{}'", text.replace('\'', "''"))
    })
}

#[cfg(test)]
#[path = "../../tests/unit/warehouse/ledger.rs"]
mod tests;
