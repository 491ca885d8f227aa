//! The file's schema against the table's columns: how many, their names and places, and what Parquet type each has.
//!
//! "The data types must match" is all that AWS says of COPY from Parquet, so a type is taken only where a page or a
//! report says that it is; there is no widening.

use super::pages::{Layout, Shape};
use super::refusal::{Code, Refusal};
use super::target::{Column, Kind, Target};
use super::thrift::{Broken, Field};

/// A column as the file has it: whether its rows may be null, and how its values lie in the pages.
#[derive(Clone, Debug)]
pub(super) struct FileColumn {
    pub(super) name: String,
    pub(super) physical: i64,
    pub(super) layout: Layout,
    /// Whether the text is annotated JSON.
    pub(super) json: bool,
}

/// Parquet's physical types by their number.
const INT32: i64 = 1;
const INT64: i64 = 2;
const INT96: i64 = 3;
const PHYSICAL: [&str; 8] =
    ["BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"];

/// What a physical type means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Itself,
    Text,
    Json,
    Decimal { precision: i64, scale: i64 },
    Date,
    Timestamp(Unit),
    Signed(i64),
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Millis,
    Micros,
    Nanos,
}

/// One node of the schema.
#[derive(Clone, Debug, Default)]
struct Element<'b> {
    physical: Option<i64>,
    length: i64,
    repetition: i64,
    name: &'b [u8],
    children: usize,
    converted: Option<i64>,
    scale: i64,
    precision: i64,
    logical: Option<Meaning>,
}

/// Reads the schema and holds it against the table, column by column.
pub(super) fn check(list: &mut Field<'_, '_>, target: &Target) -> Result<Vec<FileColumn>, Refusal> {
    let mut columns = Vec::new();
    // How many elements still belong to the column before the next one.
    let mut inside = 0_usize;
    list.structs(|index, thrift| {
        let mut element = Element::default();
        thrift.fields(|id, field| element.take(id, field))?;
        if index == 0 {
            return root(&element, target);
        }
        if inside > 0 {
            inside = (inside - 1).saturating_add(element.children);
            return Ok(());
        }
        inside = element.children;
        let place = columns.len();
        let column = target.columns.get(place).ok_or(Broken("its schema has more columns than it says"))?;
        columns.push(element.column(place, column).map_err(|refusal| refusal.in_column(&column.name))?);
        Ok::<(), Refusal>(())
    })?;
    if columns.len() != target.columns.len() {
        return Err(Broken("its schema has fewer columns than it says").into());
    }
    Ok(columns)
}

fn root(root: &Element<'_>, target: &Target) -> Result<(), Refusal> {
    let (found, wanted) = (root.children, target.columns.len());
    if found != wanted {
        return Err(Refusal::new(Code::ColumnCount, format!("{found} columns, the table has {wanted}")));
    }
    Ok(())
}

impl<'b> Element<'b> {
    fn take(&mut self, id: i64, field: &mut Field<'_, 'b>) -> Result<(), Broken> {
        match id {
            1 => self.physical = Some(field.integer()?),
            2 => self.length = field.integer()?,
            3 => self.repetition = field.integer()?,
            4 => self.name = field.binary()?,
            5 => {
                let children = field.integer()?;
                self.children = usize::try_from(children).map_err(|_| Broken("less than no children"))?;
            }
            6 => self.converted = Some(field.integer()?),
            7 => self.scale = field.integer()?,
            8 => self.precision = field.integer()?,
            10 => self.logical = Some(logical(field)?),
            _ => {}
        }
        Ok(())
    }

    fn column(&self, place: usize, column: &Column) -> Result<FileColumn, Refusal> {
        if self.name != column.name.as_bytes() {
            let found = String::from_utf8_lossy(self.name);
            return Err(Refusal::new(Code::ColumnName, format!("column {} of the file is `{found}`", place + 1)));
        }
        let (Some(physical), 0, 0 | 1) = (self.physical, self.children, self.repetition) else {
            let problem = format!("a list, struct, map or repeated field, {} takes one value", column.kind);
            return Err(Refusal::new(Code::Nested, problem));
        };
        let meaning = self.meaning();
        let shape = self.taken(physical, meaning, column.kind)?;
        Ok(FileColumn {
            name: column.name.clone(),
            physical,
            layout: Layout { shape, optional: self.repetition == 1 },
            json: meaning == Meaning::Json,
        })
    }

    /// The newer annotation and the older one must say the same: nobody tells which of them COPY reads.
    fn meaning(&self) -> Meaning {
        let converted = self.converted.map(|converted| self.converted(converted));
        match (self.logical, converted) {
            (None, None) => Meaning::Itself,
            (Some(meaning), None) | (None, Some(meaning)) => meaning,
            (Some(logical), Some(converted)) if logical == converted => logical,
            (Some(_), Some(_)) => Meaning::Other,
        }
    }

    fn converted(&self, converted: i64) -> Meaning {
        match converted {
            0 => Meaning::Text,
            5 => Meaning::Decimal { precision: self.precision, scale: self.scale },
            6 => Meaning::Date,
            9 => Meaning::Timestamp(Unit::Millis),
            10 => Meaning::Timestamp(Unit::Micros),
            16 => Meaning::Signed(16),
            17 => Meaning::Signed(32),
            18 => Meaning::Signed(64),
            19 => Meaning::Json,
            _ => Meaning::Other,
        }
    }

    /// How the values lie in the pages, if the table's column takes them.
    fn taken(&self, physical: i64, meaning: Meaning, kind: Kind) -> Result<Shape, Refusal> {
        let shape = match (kind, physical, meaning) {
            (Kind::Boolean, 0, Meaning::Itself) => Shape::Bits,
            (Kind::SmallInt, INT32, Meaning::Signed(16))
            | (Kind::Integer, INT32, Meaning::Itself | Meaning::Signed(32))
            | (Kind::Date, INT32, Meaning::Date)
            | (Kind::Real, 4, Meaning::Itself) => Shape::Fixed(4),
            (Kind::BigInt, INT64, Meaning::Itself | Meaning::Signed(64))
            | (Kind::Timestamp, INT64, Meaning::Timestamp(Unit::Micros))
            | (Kind::Double, 5, Meaning::Itself) => Shape::Fixed(8),
            (Kind::Varchar(_) | Kind::JsonText, 6, Meaning::Text) | (Kind::Super, 6, Meaning::Text | Meaning::Json) => {
                Shape::Measured
            }
            (Kind::Timestamp, INT64, Meaning::Timestamp(unit)) => {
                let unit = if unit == Unit::Millis { "milliseconds" } else { "nanoseconds" };
                let problem = format!("an instant in {unit}, COPY reads microseconds");
                return Err(Refusal::new(Code::TimestampUnit, problem));
            }
            (Kind::Timestamp, INT96, _) => {
                return Err(Refusal::new(Code::TimestampUnit, "an instant as INT96, COPY reads microseconds"));
            }
            (Kind::Decimal { precision, scale }, 7, Meaning::Decimal { precision: p, scale: s }) => {
                if (p, s) != (precision.into(), scale.into()) {
                    let problem = format!("decimal({p},{s}), the table has {kind}");
                    return Err(Refusal::new(Code::DecimalPrecision, problem));
                }
                let bytes = decimal_bytes(precision);
                if usize::try_from(self.length) != Ok(bytes) {
                    let problem = format!("{kind} in {} bytes, COPY expects {bytes}", self.length);
                    return Err(Refusal::new(Code::Type, problem));
                }
                Shape::Fixed(bytes)
            }
            _ => {
                let found = usize::try_from(physical).ok().and_then(|index| PHYSICAL.get(index));
                let found = found.copied().unwrap_or("a type of no known kind");
                let problem = match meaning {
                    Meaning::Itself => format!("{found} without annotation is not taken by {kind}"),
                    meaning => format!("{found} annotated {meaning:?} is not taken by {kind}"),
                };
                return Err(Refusal::new(Code::Type, problem));
            }
        };
        Ok(shape)
    }
}

/// The newer annotation, a union.
fn logical(field: &mut Field<'_, '_>) -> Result<Meaning, Broken> {
    let mut meaning = Meaning::Other;
    field.fields(|id, field| {
        meaning = match id {
            1 => Meaning::Text,
            5 => {
                let (mut precision, mut scale) = (0, 0);
                field.fields(|id, field| {
                    match id {
                        1 => scale = field.integer()?,
                        2 => precision = field.integer()?,
                        _ => {}
                    }
                    Ok::<(), Broken>(())
                })?;
                Meaning::Decimal { precision, scale }
            }
            6 => Meaning::Date,
            8 => timestamp(field)?,
            10 => {
                let (mut bits, mut signed) = (0, false);
                field.fields(|id, field| {
                    match id {
                        1 => bits = field.integer()?,
                        2 => signed = field.truth()?,
                        _ => {}
                    }
                    Ok::<(), Broken>(())
                })?;
                if signed { Meaning::Signed(bits) } else { Meaning::Other }
            }
            12 => Meaning::Json,
            _ => Meaning::Other,
        };
        Ok::<(), Broken>(())
    })?;
    Ok(meaning)
}

fn timestamp(field: &mut Field<'_, '_>) -> Result<Meaning, Broken> {
    let mut meaning = Meaning::Other;
    field.fields(|id, field| {
        if id == 2 {
            field.fields(|unit, _| {
                meaning = match unit {
                    1 => Meaning::Timestamp(Unit::Millis),
                    2 => Meaning::Timestamp(Unit::Micros),
                    3 => Meaning::Timestamp(Unit::Nanos),
                    _ => Meaning::Other,
                };
                Ok::<(), Broken>(())
            })?;
        }
        Ok::<(), Broken>(())
    })?;
    Ok(meaning)
}

/// The fewest bytes that hold every number of so many digits, with its sign.
fn decimal_bytes(precision: u8) -> usize {
    let largest = 10_i128.checked_pow(u32::from(precision)).map_or(i128::MAX, |power| power - 1);
    (1..16).find(|bytes| largest < 1_i128 << (bytes * 8 - 1)).unwrap_or(16)
}
