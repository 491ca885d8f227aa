//! The differences between PostgreSQL's and Redshift's SQL: a few type names and JSON literals.

use contract::Type;

/// A warehouse's SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL 15 or newer.
    Postgres,
    /// Amazon Redshift.
    Redshift,
}

impl Dialect {
    /// A column's type. PostgreSQL's `text` needs no length; Redshift's VARCHAR counts bytes, as the contract does.
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

    /// A column's type in the table that a run's files are staged in. COPY of text into SUPER is not documented, but
    /// COPY into VARCHAR and JSON_PARSE are: so JSON is text until [`Dialect::staged`].
    pub fn staged_type(self, kind: Type) -> String {
        match (self, kind) {
            (Self::Redshift, Type::Json) => self.type_name(Type::String(65_535)),
            _ => self.type_name(kind),
        }
    }

    /// A staged column's value in the type of the loaded table.
    pub fn staged(self, column: &str, kind: Type) -> String {
        match (self, kind) {
            (Self::Redshift, Type::Json) => format!("JSON_PARSE({column})"),
            _ => column.to_owned(),
        }
    }

    /// A JSON column as text.
    pub fn json_text(self, column: &str) -> String {
        match self {
            Self::Postgres => format!("{column}::text"),
            Self::Redshift => format!("JSON_SERIALIZE({column})"),
        }
    }

    /// A JSON value in a statement.
    pub fn json(self, json: &str) -> String {
        match self {
            Self::Postgres => format!("CAST({} AS jsonb)", literal(json)),
            Self::Redshift => format!("JSON_PARSE({})", literal(json)),
        }
    }

    /// Text in a statement, of the length of a run id.
    pub fn text(self, text: &str) -> String {
        format!("CAST({} AS {})", literal(text), self.type_name(Type::String(64)))
    }
}

/// A text literal of a run id, time, hash or name. Backslashes are not allowed: the two engines read them differently.
pub fn literal(text: &str) -> String {
    debug_assert!(!text.contains('\\'), "a backslash in an SQL literal");
    format!("'{}'", text.replace('\'', "''"))
}
