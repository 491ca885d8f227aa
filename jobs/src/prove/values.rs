//! A chunk's values against the rules of the table's column, and how much room each row needs.

use super::pages::{Dictionary, Sink};
use super::refusal::{Code, Refusal};
use super::target::{Column, Kind};
use crate::limits::{self, FIXED_BYTES, SUPER_BYTES, TEXT_BYTES};

/// Checks each value of a chunk and remembers the first that does not hold.
#[derive(Debug)]
pub(super) struct Judge<'c> {
    column: &'c Column,
    /// Whether the file annotates the text as JSON.
    json: bool,
    /// The row that comes next, within the row group.
    row: u64,
    /// The first row that is refused, and why.
    first: Option<(u64, Refusal)>,
    /// The dictionary's values that were good when they were last seen.
    good: Vec<bool>,
    /// The longest text; 0 where values have no lengths of their own.
    pub(super) longest: usize,
    /// A text of the dictionary that is not UTF-8, perhaps in no row.
    broken: Option<Refusal>,
}

impl<'c> Judge<'c> {
    pub(super) fn new(column: &'c Column, json: bool) -> Self {
        Self { column, json, row: 0, first: None, good: Vec::new(), longest: 0, broken: None }
    }

    /// What is refused: the first row, or the column as a whole where no row is at fault.
    pub(super) fn refusal(self) -> Option<Refusal> {
        let first = self.first.map(|(row, refusal)| refusal.at_row(row));
        first.or(self.broken).map(|refusal| refusal.in_column(&self.column.name))
    }

    fn judge(&mut self, value: &[u8]) -> bool {
        let found = check(self.column.kind, self.json, value);
        if let Err(refusal) = found {
            self.first.get_or_insert((self.row, refusal));
            return false;
        }
        if is_text(self.column.kind) {
            self.longest = self.longest.max(value.len());
        }
        true
    }
}

impl Sink for Judge<'_> {
    fn dictionary(&mut self, dictionary: &Dictionary) {
        self.good = vec![false; dictionary.values().len()];
        // A reader may decode all of a dictionary at once.
        if is_text(self.column.kind) {
            self.broken = dictionary.values().find_map(|value| utf8(value).err());
        }
    }

    fn nulls(&mut self, rows: usize) {
        if !self.column.nullable && rows > 0 {
            let refusal = || Refusal::new(Code::Null, "a null, the column is NOT NULL");
            self.first.get_or_insert_with(|| (self.row, refusal()));
        }
        self.row += rows as u64;
    }

    fn value(&mut self, value: &[u8]) {
        // After the first refusal only the pages themselves matter.
        if self.first.is_none() {
            self.judge(value);
        }
        self.row += 1;
    }

    fn entry(&mut self, index: usize, value: &[u8], rows: usize) {
        if self.first.is_none() && !self.good[index] {
            self.good[index] = self.judge(value);
        }
        self.row += rows as u64;
    }
}

/// Whether a column takes a value.
fn check(kind: Kind, json: bool, value: &[u8]) -> Result<(), Refusal> {
    // The schema has been checked: a value has its type's length.
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    match kind {
        Kind::BigInt | Kind::Integer | Kind::Boolean => Ok(()),
        Kind::SmallInt => match (number(value) as u32).cast_signed() {
            small if i16::try_from(small).is_ok() => Ok(()),
            large => Err(Refusal::new(Code::Type, format!("{large} is annotated INT_16, which ends at 32767"))),
        },
        Kind::Real => Ok(limits::real(f32::from_bits(number(value) as u32))?),
        Kind::Double => Ok(limits::double(f64::from_bits(number(value)))?),
        Kind::Date => Ok(limits::days((number(value) as u32).cast_signed())?),
        Kind::Timestamp => Ok(limits::micros(number(value).cast_signed())?),
        Kind::Decimal { precision, .. } => decimal(precision, value),
        Kind::Varchar(bytes) => Ok(limits::text(utf8(value)?, bytes as usize)?),
        Kind::JsonText => {
            let text = utf8(value)?;
            limits::text(text, TEXT_BYTES)?;
            limits::json(text)?;
            Ok(())
        }
        Kind::Super => {
            let text = utf8(value)?;
            let (code, most) = if json { (Code::SuperSize, SUPER_BYTES) } else { (Code::SuperString, TEXT_BYTES) };
            if text.len() > most {
                return Err(Refusal::new(code, format!("{} bytes, at most {most} fit", text.len())));
            }
            limits::json(text)?;
            Ok(())
        }
    }
}

fn utf8(value: &[u8]) -> Result<&str, Refusal> {
    std::str::from_utf8(value).map_err(|error| {
        Refusal::new(Code::Utf8, format!("no UTF-8 from byte {} of {}", error.valid_up_to(), value.len()))
    })
}

/// Big-endian two's complement. Up to 19 digits Redshift keeps in 64 bits, so DECIMAL(19, s) ends where they do
/// ("Numeric types").
fn decimal(precision: u8, value: &[u8]) -> Result<(), Refusal> {
    let sign = if value.first().is_some_and(|byte| byte & 0x80 != 0) { -1 } else { 0 };
    let number = value.iter().fold(sign, |sum: i128, byte| sum << 8 | i128::from(*byte));
    let digits = 10_u128.checked_pow(u32::from(precision)).is_some_and(|limit| number.unsigned_abs() < limit);
    if digits && (precision > 19 || i64::try_from(number).is_ok()) {
        return Ok(());
    }
    let problem = format!("{number} (without its point) is beyond a decimal of {precision} digits");
    Err(Refusal::new(Code::DecimalRange, problem))
}

/// Adds up how much room each row of a group needs: where it grows and where it shrinks again, so that a value that
/// comes in many rows costs no more than one.
#[derive(Debug)]
pub(super) struct Rows {
    changes: Vec<i64>,
    row: usize,
}

impl Rows {
    pub(super) fn new(rows: u64) -> Self {
        Self { changes: vec![0; rows as usize + 1], row: 0 }
    }

    /// The next column begins at the first row again.
    pub(super) fn begin(&mut self) {
        self.row = 0;
    }

    /// The first row that is too large.
    pub(super) fn too_large(&self, fixed: usize) -> Option<(u64, String)> {
        let mut bytes = fixed as i64;
        self.changes.iter().zip(0..).find_map(|(change, row)| {
            bytes += change;
            limits::row(usize::try_from(bytes).unwrap_or(0)).map(|problem| (row, problem))
        })
    }

    fn add(&mut self, bytes: usize, rows: usize) {
        for (row, change) in [(self.row, bytes as i64), (self.row + rows, -(bytes as i64))] {
            if let Some(place) = self.changes.get_mut(row) {
                *place += change;
            }
        }
        self.row += rows;
    }
}

impl Sink for Rows {
    fn dictionary(&mut self, _: &Dictionary) {}

    fn nulls(&mut self, rows: usize) {
        self.row += rows;
    }

    fn value(&mut self, value: &[u8]) {
        self.add(value.len(), 1);
    }

    fn entry(&mut self, _: usize, value: &[u8], rows: usize) {
        self.add(value.len(), rows);
    }
}

/// What a row needs in a column before any text.
pub(super) fn fixed_bytes(kind: Kind) -> usize {
    if is_text(kind) { 0 } else { FIXED_BYTES }
}

/// Whether a column's values have lengths of their own.
pub(super) fn is_text(kind: Kind) -> bool {
    matches!(kind, Kind::Varchar(_) | Kind::JsonText | Kind::Super)
}
