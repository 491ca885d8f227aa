//! SQL statements, and the differences between PostgreSQL and Redshift: a few type names and JSON literals.

use contract::{SYSTEM_COLUMNS, Table, Type};

/// One statement and its purpose, for errors and logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub purpose: String,
    /// Whether its failure means that the ledger's head has moved since the deltas were computed.
    pub guards_head: bool,
    pub sql: String,
}

impl Statement {
    pub(crate) fn new(purpose: impl Into<String>, sql: String) -> Self {
        Self { purpose: purpose.into(), guards_head: false, sql }
    }
}

/// A warehouse's SQL dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL 15 or newer.
    Postgres,
    /// Amazon Redshift.
    Redshift,
}

impl Dialect {
    /// Returns a column's type. PostgreSQL's `text` has no length; Redshift's VARCHAR and the contract count bytes.
    pub fn type_name(self, kind: Type) -> String {
        match (self, kind) {
            (Self::Postgres, Type::String(_)) => "text".to_owned(),
            (Self::Redshift, Type::String(bytes)) => format!("varchar({bytes})"),
            (Self::Postgres, Type::Json) => "jsonb".to_owned(),
            (Self::Redshift, Type::Json) => "super".to_owned(),
            (_, Type::Integer) => "bigint".to_owned(),
            (_, Type::Double) => "double precision".to_owned(),
            (_, Type::Boolean) => "boolean".to_owned(),
            (_, Type::Timestamp) => "timestamp".to_owned(),
            (_, Type::Date) => "date".to_owned(),
        }
    }

    /// Returns a column's type in the staging table. COPY of text into SUPER is not documented, but COPY into VARBYTE
    /// and JSON_PARSE of it are, so JSON stays bytes until the delta is computed. VARCHAR has at most 65,535 bytes.
    pub fn staged_type(self, kind: Type) -> String {
        match (self, kind) {
            (Self::Redshift, Type::Json) => "varbyte(16777216)".to_owned(),
            _ => self.type_name(kind),
        }
    }

    /// The current time in UTC, without time zone.
    pub fn now(self) -> &'static str {
        match self {
            Self::Postgres => "(now() AT TIME ZONE 'UTC')",
            Self::Redshift => "getdate()",
        }
    }

    /// Converts a JSON column to text.
    pub fn json_text(self, column: &str) -> String {
        match self {
            Self::Postgres => format!("{column}::text"),
            Self::Redshift => format!("JSON_SERIALIZE({column})"),
        }
    }

    /// Formats a JSON value as SQL.
    pub fn json(self, json: &str) -> String {
        match self {
            Self::Postgres => self.cast(json, Type::Json),
            Self::Redshift => format!("JSON_PARSE({})", literal(json)),
        }
    }

    /// Formats text as an SQL expression of this type.
    pub fn cast(self, text: &str, kind: Type) -> String {
        format!("CAST({} AS {})", literal(text), self.type_name(kind))
    }
}

/// Formats text as an expression: a literal without backslashes, because the two engines interpret them differently.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''").replace('\\', "' || chr(92) || '"))
}

/// Returns each column of a loaded table with its type, and whether the load itself needs it to be NOT NULL. The
/// contract's other rules are checked before the load or tested by dbt, so that a contract may change.
pub fn column_ddl(table: &Table<'_>, dialect: Dialect) -> Vec<(String, String, bool)> {
    let own = table.columns.iter().map(|column| (column.name, column.kind, table.key.contains(&column.name)));
    let system = SYSTEM_COLUMNS.iter().map(|column| (column.name, column.kind, column.required));
    own.chain(system).map(|(name, kind, set)| (name.to_owned(), dialect.type_name(kind), set)).collect()
}

/// Returns the statement that creates a loaded table. Redshift does not enforce a primary key but relies on it, and may
/// return wrong results for a duplicate key (Database Developer Guide, "Table constraints"), so its tables do not
/// declare keys. They are sorted by the key, which every load joins on: "If you frequently join a table, specify the join
/// column as both the sort key and the distribution key" (Database Developer Guide, "Choose the best sort key").
/// `_deleted_at` is null in most rows, so sorting by it would not let a query skip blocks. The distribution is automatic,
/// because small tables are better copied to all nodes.
pub fn create_table(schema: &str, table: &Table<'_>, dialect: Dialect) -> Statement {
    let line =
        |(name, kind, set): (String, String, bool)| format!("    {name} {kind}{}", if set { " NOT NULL" } else { "" });
    let mut lines: Vec<String> = column_ddl(table, dialect).into_iter().map(line).collect();
    if dialect == Dialect::Postgres {
        lines.push(format!("    PRIMARY KEY ({})", table.key.join(", ")));
    }
    let mut sql = format!("CREATE TABLE IF NOT EXISTS {schema}.{} (\n{}\n)", table.name, lines.join(",\n"));
    if dialect == Dialect::Redshift {
        sql += &format!("\nSORTKEY ({})", table.key.join(", "));
    }
    Statement::new(format!("create {schema}.{}", table.name), sql)
}

/// Returns a query that fails if the warehouse was prepared by a version without this table: otherwise, only the first load
/// with a finding would fail.
pub fn find_findings(source: &str) -> Statement {
    let sql = format!("SELECT count(*) AS findings FROM etl.findings WHERE source = '{source}'");
    Statement::new("find the ledger's table of findings", sql)
}

/// Returns the statement that creates the source's row in `etl.heads`. If two loads do so at the same time, PostgreSQL
/// keeps one row; on Redshift, every commit updates both.
pub fn register(source: &str, dialect: Dialect) -> Statement {
    let once = if dialect == Dialect::Postgres { "\nON CONFLICT DO NOTHING" } else { "" };
    let sql = format!(
        "INSERT INTO etl.heads (source, seq)\nSELECT '{source}', head\n\
         FROM (SELECT coalesce(max(seq), 0) AS head FROM etl.runs WHERE source = '{source}') AS ledger\n\
         WHERE NOT EXISTS (SELECT 1 FROM etl.heads WHERE source = '{source}'){once}"
    );
    Statement::new(format!("register the source `{source}`"), sql)
}
