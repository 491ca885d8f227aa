//! What the samples show at one place in the records: how many values of each kind, and of which length.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use contract::Type;
use indexmap::IndexMap;

use super::json::Json;

/// Integers up to this one are exactly 64-bit floats.
const EXACT: u64 = 1 << 53;

/// More fields than this are data, such as a map from IDs to values, if most records have few of them.
const MAP: usize = 40;

#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub nulls: u64,
    /// Empty strings, which a load turns into nulls.
    pub blanks: u64,
    pub texts: u64,
    pub instants: u64,
    pub days: u64,
    /// The longest text in bytes.
    pub longest: usize,
    pub integers: u64,
    /// The integers that are not exactly a float.
    pub wide: u64,
    pub doubles: u64,
    /// The numbers that are neither a 64-bit integer nor a float.
    pub huge: u64,
    pub bools: u64,
    pub lists: u64,
    pub objects: u64,
    /// The scalars, each with how often it occurs.
    pub values: BTreeMap<String, u64>,
    /// What is in the objects.
    pub fields: IndexMap<String, Self>,
    /// What is in the lists.
    pub items: Option<Box<Self>>,
}

impl Seen {
    pub fn of<'j>(records: impl IntoIterator<Item = &'j Json>) -> Self {
        let mut seen = Self::default();
        records.into_iter().for_each(|record| seen.add(record));
        seen
    }

    fn add(&mut self, json: &Json) {
        match json {
            Json::Null => self.nulls += 1,
            Json::Bool(_) => self.bools += 1,
            Json::Text(text) => self.add_text(text.trim()),
            Json::Number(number) => self.add_number(number),
            Json::List(items) => {
                self.lists += 1;
                let inside = self.items.get_or_insert_default();
                items.iter().for_each(|item| inside.add(item));
            }
            Json::Object(fields) => {
                self.objects += 1;
                fields.iter().for_each(|(name, value)| self.fields.entry(name.clone()).or_default().add(value));
            }
        }
    }

    fn add_text(&mut self, text: &str) {
        if text.is_empty() {
            self.blanks += 1;
            return;
        }
        self.texts += 1;
        self.longest = self.longest.max(text.len());
        self.instants += u64::from(is_instant(text));
        self.days += u64::from(is_day(text));
        self.count(text);
    }

    fn add_number(&mut self, number: &str) {
        let is_plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let digits = number.bytes().filter(u8::is_ascii_digit).count();
        match number.parse::<i64>() {
            Ok(integer) => {
                self.integers += 1;
                self.wide += u64::from(integer.unsigned_abs() > EXACT);
            }
            Err(_) if is_plain || !is_double(number) => self.huge += 1,
            // Such as 9007199254740993.0, which a float would round.
            Err(_) if digits > 15 && number.trim_end_matches('0').ends_with('.') => self.huge += 1,
            Err(_) => self.doubles += 1,
        }
        self.count(number);
    }

    fn count(&mut self, value: &str) {
        *self.values.entry(value.to_owned()).or_default() += 1;
    }

    pub fn numbers(&self) -> u64 {
        self.integers + self.doubles + self.huge
    }

    /// The values that are not null after a load.
    pub fn filled(&self) -> u64 {
        self.texts + self.numbers() + self.bools + self.lists + self.objects
    }

    /// Whether every value that is not null is an object with fields that may be columns.
    pub fn is_record(&self) -> bool {
        let legal = |name: &String| !name.is_empty() && !name.contains('.');
        self.objects > 0
            && self.filled() + self.blanks == self.objects
            && !self.fields.is_empty()
            && self.fields.keys().all(legal)
            && !self.is_map()
    }

    /// Whether the fields' names are data.
    pub fn is_map(&self) -> bool {
        let count = self.fields.len();
        let present: u64 = self.fields.values().map(|field| field.filled() + field.nulls + field.blanks).sum();
        let sparse = count > MAP && present * 2 < self.objects * count as u64;
        sparse || count > 2 && self.fields.keys().all(|name| name.starts_with(|char: char| char.is_ascii_digit()))
    }

    /// Whether every value that is not null is a list, and every element an object.
    pub fn is_table(&self) -> bool {
        let only_lists = self.lists > 0 && self.filled() + self.blanks == self.lists;
        only_lists && self.items.as_ref().is_some_and(|items| items.nulls == 0 && items.is_record())
    }

    /// Returns the column's type, and why if this is not obvious.
    pub fn kind(&self) -> (Type, Option<&'static str>) {
        let nested = self.lists + self.objects;
        match (self.texts, self.numbers(), self.bools, nested) {
            (0, 0, 0, 0) if self.blanks > 0 => (Type::String(bound(0)), Some("always empty")),
            (0, 0, 0, 0) => (Type::Json, Some("always null")),
            (texts, 0, 0, 0) if texts == self.instants => (Type::Timestamp, None),
            (texts, 0, 0, 0) if texts == self.days => (Type::Date, None),
            (_, 0, 0, 0) if self.longest > Type::MAX_STRING as usize => {
                (Type::String(Type::MAX_STRING), Some("some values are longer, and would be quarantined"))
            }
            (_, 0, 0, 0) => (Type::String(bound(self.longest)), None),
            (0, _, 0, 0) if self.huge > 0 => (Type::Json, Some("numbers beyond 64 bits")),
            (0, _, 0, 0) if self.doubles > 0 && self.wide > 0 => {
                (Type::Json, Some("fractions, and integers that a float would round"))
            }
            (0, _, 0, 0) if self.doubles > 0 && self.integers > 0 => (Type::Double, Some("integers and fractions")),
            (0, _, 0, 0) => (if self.doubles > 0 { Type::Double } else { Type::Integer }, None),
            (0, 0, _, 0) => (Type::Boolean, None),
            (0, 0, 0, _) if self.objects == 0 => (Type::Json, Some(self.list_of())),
            (0, 0, 0, _) if self.lists == 0 => {
                (Type::Json, Some(if self.fields.is_empty() { "always {}" } else { "a map: its keys are data" }))
            }
            _ => (Type::Json, Some("values of several types")),
        }
    }

    fn list_of(&self) -> &'static str {
        match &self.items {
            Some(items) if items.filled() + items.nulls + items.blanks == 0 => "always an empty list",
            Some(items) if items.is_record() => "a list of objects inside a list",
            Some(items) if items.objects + items.lists > 0 => "a list of several types or of lists",
            _ => "a list of values",
        }
    }

    /// Returns why some of the values do not fit a type.
    pub fn misfit(&self, kind: Type) -> Option<String> {
        let nested = self.lists + self.objects;
        let counts = [
            ("text", self.texts, matches!(kind, Type::String(_) | Type::Timestamp | Type::Date)),
            ("number", self.numbers(), matches!(kind, Type::Integer | Type::Double)),
            ("boolean", self.bools, kind == Type::Boolean),
            ("list or object", nested, false),
        ];
        let other = counts.iter().find(|(_, count, fits)| *count > 0 && !fits && kind != Type::Json);
        let bad = |count: u64, what: &str| {
            (count > 0).then(|| format!("{count} × {what} that is not {} {kind}", article(kind)))
        };
        match (other, kind) {
            (Some((what, count, _)), _) => {
                Some(format!("{count} × {what}, but the column is {} {kind}", article(kind)))
            }
            (None, Type::String(most)) if self.longest > most as usize => {
                Some(format!("a value has {} bytes, but the column is a {kind}", self.longest))
            }
            (None, Type::Timestamp) => bad(self.texts - self.instants, "text"),
            (None, Type::Date) => bad(self.texts - self.days, "text"),
            (None, Type::Integer) => bad(self.doubles + self.huge, "number"),
            (None, Type::Double) => bad(self.huge + self.wide, "number"),
            _ => None,
        }
    }
}

fn article(kind: Type) -> &'static str {
    if kind == Type::Integer { "an" } else { "a" }
}

/// Returns a generous length: a power of two, at least twice the longest value.
fn bound(longest: usize) -> u32 {
    let bytes = (longest * 2).next_power_of_two().max(32);
    u32::try_from(bytes).unwrap_or(u32::MAX).min(Type::MAX_STRING)
}

/// Whether the number is within the range of a 64-bit float in both warehouses.
fn is_double(number: &str) -> bool {
    number.parse::<f64>().is_ok_and(|value| value == 0.0 || (1e-307..=1e308).contains(&value.abs()))
}

/// Returns the text with every digit as 9.
fn digits(text: &str) -> String {
    text.chars().map(|char| if char.is_ascii_digit() { '9' } else { char }).collect()
}

fn is_day(text: &str) -> bool {
    digits(text) == "9999-99-99" && NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

/// Whether a text is a timestamp as the contract defines it; leap seconds are left out.
fn is_instant(text: &str) -> bool {
    let Some((day, rest)) = text.split_at_checked(10) else { return false };
    let Some((time, rest)) = rest.strip_prefix(['T', 't', ' ']).and_then(|rest| rest.split_at_checked(8)) else {
        return false;
    };
    let fraction = rest.strip_prefix('.').map(|rest| rest.trim_start_matches(|char: char| char.is_ascii_digit()));
    let zone = fraction.unwrap_or(rest);
    let has_digits = fraction.is_none_or(|zone| zone.len() + 1 < rest.len());
    let offset = zone.strip_prefix(['+', '-']).unwrap_or("00");
    let number = |from: usize| offset.replace(':', "").get(from..from + 2).map_or(0, |two| two.parse().unwrap_or(99));
    let legal_zone = ["", "Z", "z"].contains(&zone)
        || zone.starts_with(['+', '-']) && ["99", "9999", "99:99"].contains(&digits(offset).as_str());
    let within = number(2) < 60 && number(0) * 60 + number(2) <= 14 * 60;
    let legal_time = digits(time) == "99:99:99" && time < "24" && &time[3..5] < "60" && &time[6..] < "60";
    is_day(day) && legal_time && has_digits && legal_zone && within
}
