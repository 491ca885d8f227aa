//! The columns that a table's Parquet files must have.

use contract::{Table, Type};

use crate::table::file_columns;

/// One column of the staging table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name. COPY matches columns by position, and its column list is made from the names.
    pub name: String,
    /// Its type. JSON is loaded as VARCHAR(65535) and then parsed by JSON_PARSE.
    pub kind: Type,
    /// Whether it may hold nulls.
    pub nullable: bool,
}

impl Column {
    /// The columns of a table's files, in order.
    pub fn of(table: &Table<'_>) -> Vec<Self> {
        let columns = file_columns(table).into_iter();
        columns.map(|(name, kind, required)| Self { name: name.to_owned(), kind, nullable: !required }).collect()
    }

    /// Whether its values have a length of their own.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.kind, Type::String(_) | Type::Json)
    }
}
