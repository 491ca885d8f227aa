//! What a load needs first: the source's tables, and its row in `etl.heads`.

use contract::{SYSTEM_COLUMNS, Table};

use super::sql::Dialect;
use super::statement::Statement;

/// `name type` of every column of a loaded table, and whether the load itself needs it to be NOT NULL. What the
/// contract requires beyond that is validated before the load and tested by dbt, so that a contract may change.
pub fn column_ddl(table: &Table<'_>, dialect: Dialect) -> Vec<(String, String, bool)> {
    let own = table.columns.iter().map(|column| (column.name, column.kind, table.key.contains(&column.name)));
    let system = SYSTEM_COLUMNS.iter().map(|column| (column.name, column.kind, column.required));
    own.chain(system).map(|(name, kind, set)| (name.to_owned(), dialect.type_name(kind), set)).collect()
}

/// The statement that creates a loaded table. Redshift does not enforce a primary key but relies on it, and may return
/// wrong results for a duplicate key (Database Developer Guide, "Table constraints"), so its tables have none.
pub fn create_table(schema: &str, table: &Table<'_>, dialect: Dialect) -> Statement {
    let mut lines: Vec<String> = column_ddl(table, dialect)
        .iter()
        .map(|(name, kind, set)| format!("    {name} {kind}{}", if *set { " NOT NULL" } else { "" }))
        .collect();
    if dialect == Dialect::Postgres {
        lines.push(format!("    PRIMARY KEY ({})", table.key.join(", ")));
    }
    let sql = format!("CREATE TABLE IF NOT EXISTS {schema}.{} (\n{}\n)", table.name, lines.join(",\n"));
    Statement::new(format!("create {schema}.{}", table.name), sql)
}

/// Creates the source's row in `etl.heads`. If two loads do so at the same time, PostgreSQL keeps one row; on Redshift, every commit
/// updates both.
pub fn register(source: &str, dialect: Dialect) -> Statement {
    let once = if dialect == Dialect::Postgres { "\nON CONFLICT DO NOTHING" } else { "" };
    let sql = format!(
        "INSERT INTO etl.heads (source, seq)\nSELECT '{source}', head\n\
         FROM (SELECT coalesce(max(seq), 0) AS head FROM etl.runs WHERE source = '{source}') AS ledger\n\
         WHERE NOT EXISTS (SELECT 1 FROM etl.heads WHERE source = '{source}'){once}"
    );
    Statement::new(format!("register the source `{source}`"), sql)
}
