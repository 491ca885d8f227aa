//! Why COPY would reject a file, and where.

use parquet::errors::ParquetError;
use thiserror::Error;

/// One reason, with the first place where it applies.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}{problem} ({code})", place(*row_group, *row, column.as_deref()))]
pub struct Refusal {
    /// The rule's name in `tests/copy_corpus/README.md`.
    pub code: &'static str,
    /// The row group, from 0; `None` for a defect in the schema or the file.
    pub row_group: Option<usize>,
    /// The row in the file, from 0; `None` for a defect in the column.
    pub row: Option<u64>,
    /// The column's name in the table.
    pub column: Option<String>,
    /// The actual and the allowed value.
    pub problem: String,
}

impl Refusal {
    pub(super) fn new(code: &'static str, problem: impl Into<String>) -> Self {
        Self { code, row_group: None, row: None, column: None, problem: problem.into() }
    }

    /// Returns a refusal as the result of a check.
    pub(super) fn of<T>(code: &'static str, problem: impl Into<String>) -> Result<T, Self> {
        Err(Self::new(code, problem))
    }

    pub(super) fn corrupt(problem: impl Into<String>) -> Self {
        Self::new("corrupt", problem)
    }

    pub(super) fn in_column(self, name: &str) -> Self {
        Self { column: Some(name.to_owned()), ..self }
    }
}

/// Formats the place like ``row group 0, row 5, column `v`: ``, or as an empty text if it is the whole file.
fn place(group: Option<usize>, row: Option<u64>, column: Option<&str>) -> String {
    let group = group.map(|group| format!("row group {group}"));
    let row = row.map(|row| format!("row {row}"));
    let column = column.map(|column| format!("column `{column}`"));
    let place: Vec<String> = [group, row, column].into_iter().flatten().collect();
    if place.is_empty() { String::new() } else { format!("{}: ", place.join(", ")) }
}

/// Converts an error from the reader, or a refusal that passed through the reader.
impl From<ParquetError> for Refusal {
    fn from(error: ParquetError) -> Self {
        match error {
            ParquetError::External(source) => match source.downcast::<Self>() {
                Ok(refusal) => *refusal,
                Err(source) => Self::corrupt(source.to_string()),
            },
            error => Self::corrupt(error.to_string()),
        }
    }
}

impl From<Refusal> for ParquetError {
    fn from(refusal: Refusal) -> Self {
        Self::External(Box::new(refusal))
    }
}
