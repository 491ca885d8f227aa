//! Generates the records of a contract, with values at and around the limits of their columns.

use contract::{Child, Collection, Column, Type};

use crate::rows_are_validated::Nasty;

/// The records of a collection; not the size of a page.
const RECORDS: usize = 7;

const INTEGERS: [&str; 6] = ["0", "-7", "4.0", "1e3", "9223372036854775807", "-9223372036854775808"];
const DOUBLES: [&str; 7] = ["0", "-0.0", "2.5", "-1e308", "1e-307", "0.1234567890123456789", "9007199254740992"];
const TIMESTAMPS: [&str; 5] = [
    "\"2026-01-05T09:30:00.123456+02:00\"",
    "\"0000-01-01T00:00:00Z\"",
    "\"9999-12-31T23:59:59.999999Z\"",
    "\"2016-12-31T23:59:60Z\"",
    "\"2026-01-05 09:30:00-14:00\"",
];
const DATES: [&str; 3] = ["\"0000-01-01\"", "\"2024-02-29\"", "\"9999-12-31\""];
const JSON: [&str; 6] = [
    "{\"a\":[1,2.5,null]}",
    "[]",
    "\"\"",
    "true",
    "-99999999999999999999999999999999999999",
    "[{\"ä\":\"\\n\"}, 1e308]",
];

/// Writes records of a contract.
pub struct Source {
    pub nasty: Nasty,
}

impl Source {
    pub fn response(&mut self, collection: &Collection) -> String {
        let records: Vec<String> = (0..RECORDS).map(|index| self.record(collection, index)).collect();
        format!("[{}]", records.join(",\n"))
    }

    /// Every other record has only values that fit.
    fn record(&mut self, collection: &Collection, index: usize) -> String {
        let fits = index.is_multiple_of(2);
        let key = self.key(collection, index, fits);
        let mut record = self.fields(collection.columns.iter(), Some((collection.key.as_str(), key.as_str())), fits);
        for child in collection.children.values() {
            let elements: Vec<String> = (0..self.nasty.random.below(4)).map(|_| self.element(child, fits)).collect();
            record += &format!(",\"{}\":[{}]", child.at, elements.join(","));
        }
        if index == 1 {
            record += &format!(",\"colour\":{}", self.nasty.value(3));
        }
        format!("{{{record}}}")
    }

    /// Returns a key of its own for each record, because the last character differs.
    fn key(&mut self, collection: &Collection, index: usize, fits: bool) -> String {
        let random = &mut self.nasty.random;
        match collection.columns.get(&collection.key).map(|column| column.kind) {
            Some(Type::String(most)) => {
                let most = most as usize;
                let length = if fits {
                    *random.one(&[1, most.min(64), most.min(2_600)])
                } else {
                    *random.one(&[most, most + 1, 2_600, 2_601])
                };
                // Without repetitions, so that it cannot be compressed.
                let start: String =
                    (1..length).map(|_| char::from(*random.one(b"abcdefghijklmnopqrstuvwxyz_-"))).collect();
                format!("\"{start}{index}\"")
            }
            _ => match index {
                0 => i64::MIN.to_string(),
                2 => i64::MAX.to_string(),
                _ => index.to_string(),
            },
        }
    }

    fn element(&mut self, child: &Child, fits: bool) -> String {
        match child.columns.first() {
            Some((_, column)) if column.at.as_deref() == Some(".") => self.value(column.kind, fits, false),
            _ => format!("{{{}}}", self.fields(child.columns.iter(), None, fits)),
        }
    }

    /// Returns the fields of an object; `key` is the name and the value of the key.
    fn fields<'c>(
        &mut self,
        columns: impl ExactSizeIterator<Item = (&'c String, &'c Column)>,
        key: Option<(&str, &str)>,
        fits: bool,
    ) -> String {
        let (mut fields, mut inner) = (Vec::new(), Vec::new());
        // The values of many columns are short, so that some of the rows fit.
        let short = columns.len() > 50;
        for (name, column) in columns {
            let value = match key {
                Some((key, value)) if key == name.as_str() => value.to_owned(),
                _ if !column.required && self.nasty.random.once_in(6) => continue,
                _ => self.value(column.kind, fits, short),
            };
            match column.path(name).split_once('.') {
                Some(("inner", field)) => inner.push(format!("\"{field}\":{value}")),
                _ => fields.push(format!("\"{}\":{value}", column.path(name))),
            }
        }
        if !inner.is_empty() {
            fields.push(format!("\"inner\":{{{}}}", inner.join(",")));
        }
        fields.join(",")
    }

    fn value(&mut self, kind: Type, fits: bool, short: bool) -> String {
        let random = &mut self.nasty.random;
        if fits || !random.once_in(if short { 400 } else { 8 }) {
            return match kind {
                Type::String(most) => {
                    let (unit, bytes) = *random.one(&[("x", 1), ("ä", 2), ("€", 3)]);
                    let most = most as usize / bytes;
                    let count = *random.one(&[1, 20, if short { 21 } else { most }]);
                    // An empty string would be null.
                    if most == 0 { "\"x\"".to_owned() } else { format!("\"{}\"", unit.repeat(count.min(most))) }
                }
                Type::Integer => (*random.one(&INTEGERS)).to_owned(),
                Type::Double => (*random.one(&DOUBLES)).to_owned(),
                Type::Boolean => random.once_in(2).to_string(),
                Type::Timestamp => (*random.one(&TIMESTAMPS)).to_owned(),
                Type::Date => (*random.one(&DATES)).to_owned(),
                Type::Json if random.once_in(20) => format!("{}{}", "[".repeat(1_000), "]".repeat(1_000)),
                Type::Json => (*random.one(&JSON)).to_owned(),
            };
        }
        match kind {
            Type::String(most) if random.once_in(2) => format!("\"{}\"", "x".repeat(most as usize + 1)),
            Type::Timestamp | Type::Date => self.nasty.time(),
            _ => self.nasty.value(3),
        }
    }
}
