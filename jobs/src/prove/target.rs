//! The table that COPY would load: its columns in order.

use std::fmt;
use std::str::FromStr;

use contract::{Table, Type};

use crate::limits::TEXT_BYTES;
use crate::table::file_columns;

/// A table's columns, as far as COPY sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// In the table's order.
    pub columns: Vec<Column>,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, as the file must have it too: COPY goes by place, and its list of columns is made from the names.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may hold nulls.
    pub nullable: bool,
}

/// A type of Redshift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 16 bits.
    SmallInt,
    /// 32 bits.
    Integer,
    /// 64 bits.
    BigInt,
    /// A 32-bit float.
    Real,
    /// A 64-bit float.
    Double,
    /// True or false.
    Boolean,
    /// Text of at most so many bytes.
    Varchar(u32),
    /// VARCHAR(65535) whose text goes on through JSON_PARSE into SUPER: AWS documents each half of that way, but not
    /// what COPY does with plain text for SUPER.
    JsonText,
    /// SUPER, loaded by COPY itself.
    Super,
    /// A number with so many digits, and so many of them after the point.
    Decimal {
        /// All digits, up to 38.
        precision: u8,
        /// Those after the point.
        scale: u8,
    },
    /// A day.
    Date,
    /// An instant without a time zone.
    Timestamp,
}

impl Target {
    /// The stage of a table: the columns of its files.
    pub fn stage(table: &Table<'_>) -> Self {
        let column = |(name, kind, required): (&str, Type, bool)| Column {
            name: name.to_owned(),
            kind: match kind {
                Type::String(bytes) => Kind::Varchar(bytes),
                Type::Integer => Kind::BigInt,
                Type::Double => Kind::Double,
                Type::Boolean => Kind::Boolean,
                Type::Timestamp => Kind::Timestamp,
                Type::Date => Kind::Date,
                Type::Json => Kind::JsonText,
            },
            nullable: !required,
        };
        Self { columns: file_columns(table).into_iter().map(column).collect() }
    }
}

/// As in a CREATE TABLE.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SmallInt => f.write_str("smallint"),
            Self::Integer => f.write_str("integer"),
            Self::BigInt => f.write_str("bigint"),
            Self::Real => f.write_str("real"),
            Self::Double => f.write_str("double precision"),
            Self::Boolean => f.write_str("boolean"),
            Self::Varchar(bytes) => write!(f, "varchar({bytes})"),
            Self::JsonText => write!(f, "varchar({TEXT_BYTES}) of JSON"),
            Self::Super => f.write_str("super"),
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            Self::Date => f.write_str("date"),
            Self::Timestamp => f.write_str("timestamp"),
        }
    }
}

/// As it is displayed.
impl FromStr for Kind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let numbers = |start: &str| name.strip_prefix(start)?.strip_suffix(')');
        let sized = numbers("varchar(").and_then(|bytes| Some(Self::Varchar(bytes.parse().ok()?)));
        let decimal = numbers("decimal(").and_then(|digits| {
            let (precision, scale) = digits.split_once(',')?;
            Some(Self::Decimal { precision: precision.parse().ok()?, scale: scale.parse().ok()? })
        });
        let plain = [Self::SmallInt, Self::Integer, Self::BigInt, Self::Real, Self::Double, Self::Boolean];
        let all = plain.into_iter().chain([Self::JsonText, Self::Super, Self::Date, Self::Timestamp]);
        let named = all.into_iter().find(|kind| kind.to_string() == name);
        sized.or(decimal).or(named).ok_or_else(|| format!("no type `{name}`"))
    }
}
