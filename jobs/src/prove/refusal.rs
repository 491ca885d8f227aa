//! Why COPY would not take a file, and where in it.

use std::fmt;

use super::thrift::Broken;
use crate::limits::{Flaw, Rule};

/// One reason, with the place of the first thing that it is true of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which rule.
    pub code: Code,
    /// The row group, from 0; none for what is wrong with the schema or the file.
    pub row_group: Option<usize>,
    /// The row, from 0 within the whole file; none for what is wrong with a whole column of a row group.
    pub row: Option<u64>,
    /// The table's name of the column.
    pub column: Option<String>,
    /// What is there and what is allowed.
    pub problem: String,
}

impl Refusal {
    pub(super) fn new(code: Code, problem: impl Into<String>) -> Self {
        Self { code, row_group: None, row: None, column: None, problem: problem.into() }
    }

    pub(super) fn in_group(self, group: usize) -> Self {
        Self { row_group: Some(group), ..self }
    }

    pub(super) fn at_row(self, row: u64) -> Self {
        Self { row: Some(row), ..self }
    }

    pub(super) fn in_column(self, name: &str) -> Self {
        Self { column: Some(name.to_owned()), ..self }
    }
}

/// `row group 0, row 5, column `v`: 9 bytes, at most 8 fit (varchar_bytes)`.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        let mut place = |f: &mut fmt::Formatter<'_>, text: fmt::Arguments<'_>| {
            let separator = std::mem::replace(&mut between, ", ");
            write!(f, "{separator}{text}")
        };
        if let Some(group) = self.row_group {
            place(f, format_args!("row group {group}"))?;
        }
        if let Some(row) = self.row {
            place(f, format_args!("row {row}"))?;
        }
        if let Some(column) = &self.column {
            place(f, format_args!("column `{column}`"))?;
        }
        if !between.is_empty() {
            f.write_str(": ")?;
        }
        write!(f, "{} ({})", self.problem, self.code)
    }
}

impl std::error::Error for Refusal {}

impl From<Flaw> for Refusal {
    fn from(flaw: Flaw) -> Self {
        Self::new(flaw.rule.into(), flaw.problem)
    }
}

/// Where Thrift is read in another place than the footer, the reader says so.
impl From<Broken> for Refusal {
    fn from(broken: Broken) -> Self {
        Self::new(Code::Footer, format!("the footer cannot be read: {}", broken.0))
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal,)*) => {
        /// Which rule a file breaks; `tests/copy_corpus/README.md` says the same with the source of each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $($(#[doc = $doc])* $name,)*
        }

        impl fmt::Display for Code {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$name => $text,)* })
            }
        }
    };
}

codes! {
    /// More or fewer columns than the table's.
    ColumnCount = "column_count",
    /// A column's name or place is not the table's.
    ColumnName = "column_name",
    /// A column's type is not one that the table's column takes.
    Type = "type",
    /// A list, struct, map or repeated field.
    Nested = "nested",
    /// Precision or scale are not the column's.
    DecimalPrecision = "decimal_precision",
    /// A decimal has more digits than its type holds.
    DecimalRange = "decimal_range",
    /// An instant in other units than microseconds.
    TimestampUnit = "timestamp_unit",
    /// An instant before 4713 BC.
    TimestampRange = "timestamp_range",
    /// A day outside of 4713 BC to 294276 AD.
    DateRange = "date_range",
    /// A number outside of its type's documented range.
    FloatRange = "float_range",
    /// NaN.
    Nan = "nan",
    /// An infinity.
    Infinity = "infinity",
    /// A null for a NOT NULL column.
    Null = "null",
    /// Text of more bytes than the column holds.
    VarcharBytes = "varchar_bytes",
    /// Text that is not UTF-8.
    Utf8 = "utf8",
    /// U+0000 in text.
    Nul = "nul",
    /// Text that JSON_PARSE would refuse, or might.
    SuperJson = "super_json",
    /// A string inside JSON that is too long.
    SuperString = "super_string",
    /// JSON that is too deep.
    SuperDepth = "super_depth",
    /// A SUPER value that is too large.
    SuperSize = "super_size",
    /// A row that is too large.
    RowSize = "row_size",
    /// Footer, row groups and columns disagree about the number of rows.
    RowCount = "row_count",
    /// A compression that is not documented.
    Codec = "codec",
    /// V2 data pages, or an encoding that came with Parquet 2.
    Encoding = "encoding",
    /// Encrypted footer or columns.
    Encrypted = "encrypted",
    /// Pages that are missing, overwritten or elsewhere.
    Corrupt = "corrupt",
    /// A footer that cannot be read.
    Footer = "footer",
    /// The end of the file is missing.
    Truncated = "truncated",
    /// Another format, or Parquet with something before it.
    NotParquet = "not_parquet",
    /// The object's name makes COPY decompress it, or skip it.
    FileName = "file_name",
}

impl From<Rule> for Code {
    fn from(rule: Rule) -> Self {
        match rule {
            Rule::Length => Self::VarcharBytes,
            Rule::Nul => Self::Nul,
            Rule::Nan => Self::Nan,
            Rule::Infinity => Self::Infinity,
            Rule::Float => Self::FloatRange,
            Rule::Timestamp => Self::TimestampRange,
            Rule::Date => Self::DateRange,
            Rule::Json => Self::SuperJson,
            Rule::JsonString => Self::SuperString,
            Rule::JsonDepth => Self::SuperDepth,
        }
    }
}
