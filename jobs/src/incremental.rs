//! Which records a run requests of a collection: all of them, those that have changed since the last load, or a range.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use chrono::{DateTime, SecondsFormat};
use contract::{Collection, CursorFormat, Incremental, Mode, Type};
use serde_json::Value;

use crate::clean;
use crate::failure::Failure;
use crate::load::Ledger;
use crate::receipt::Receipt;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// What a run requests, instead of what has changed since the last load.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// What has changed, or all records if the contract requires a snapshot.
    #[default]
    Changes,
    /// All records.
    All,
    /// The records from one value of the cursor to another, as text.
    Range(String, String),
}

/// What a run requests of one collection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Parameters of the query, or `$.path` in the body, with their values.
    pub parameters: Vec<(String, Value)>,
    /// Whether records that the response does not have may still exist.
    pub part: bool,
    /// Whether the response continues what was loaded before, so that the next request can start where it ends.
    pub continues: bool,
}

impl Window {
    /// Returns what to request of a collection that has this fingerprint. All records are requested if none were loaded with
    /// it, or if it is time for a snapshot.
    /// Fails if the contract does not describe a range, or its values do not have the cursor's type.
    pub fn of(
        (name, collection): (&str, &Collection),
        fingerprint: &str,
        ledger: &Ledger,
        choice: &Choice,
    ) -> Result<Self, Failure> {
        let all = Self { parameters: Vec::new(), part: false, continues: true };
        if let Choice::Range(from, to) = choice {
            return Self::range(name, collection, from, to);
        }
        let Some((incremental, kind)) = cursor_of(collection) else {
            return Ok(Self { part: collection.mode == Mode::Append, ..all });
        };
        let every = u64::from(incremental.snapshot_every);
        let loaded = ledger.cursor(name, fingerprint).filter(|(_, parts)| every == 0 || parts + 1 < every);
        let Some((cursor, _)) = loaded.filter(|_| *choice == Choice::Changes) else { return Ok(all) };
        let unit = if kind == Type::Timestamp { SECOND } else { 1 };
        let start = cursor.saturating_sub(i64::from(incremental.lookback) * unit);
        let start = (incremental.start_param.clone(), written(start, kind, incremental.format));
        Ok(Self { parameters: vec![start], part: true, continues: true })
    }

    fn range(name: &str, collection: &Collection, from: &str, to: &str) -> Result<Self, Failure> {
        let refused = |problem: &str, hint: &str| {
            Failure::refused(format!("the range {from} to {to} cannot be requested of collection `{name}`: {problem}"))
                .hint(hint.to_owned())
        };
        let others = "request the range only of other collections, with --collections";
        let (incremental, end) = collection.range().map_err(|problem| refused(problem, others))?;
        let kind = collection.columns[&incremental.cursor].kind;
        let read = |text: &str| {
            let cursor = &incremental.cursor;
            value(text, kind).map_err(|problem| refused(&format!("`{cursor}` is a {kind}: {problem}"), EXPECTED))
        };
        let (first, last) = (read(from)?, read(to)?);
        if first > last {
            return Err(refused("it ends before it starts", "pass the earlier value with --from"));
        }
        let parameters = [(incremental.start_param.as_str(), first), (end, last)];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), written(value, kind, incremental.format)));
        Ok(Self { parameters: parameters.into(), part: true, continues: false })
    }

    /// Returns the window of a run that is replayed.
    pub fn replayed(receipt: &Receipt) -> Self {
        let continues = !receipt.part || receipt.cursor.is_some();
        Self { parameters: Vec::new(), part: receipt.part, continues }
    }

    /// Returns the cursor that the manifest keeps, of a response with this largest value. Nothing that was requested can have
    /// changed later: otherwise, one record with a wrong time would hide all changes until then.
    pub fn cursor(&self, collection: &Collection, newest: Option<i64>, fetched_at: &str) -> Option<i64> {
        let (_, kind) = cursor_of(collection).filter(|_| self.continues)?;
        let now = DateTime::parse_from_rfc3339(fetched_at).map_or(i64::MAX, |time| time.timestamp_micros());
        let latest = match kind {
            Type::Timestamp => now,
            // It may be tomorrow in the source's time zone.
            Type::Date => now.div_euclid(DAY) + 1,
            _ => i64::MAX,
        };
        newest.map(|newest| newest.min(latest))
    }
}

const EXPECTED: &str =
    "write a time as 2026-01-31 or 2026-01-31T12:00:00Z, a date as 2026-01-31, and an integer as digits";

fn cursor_of(collection: &Collection) -> Option<(&Incremental, Type)> {
    let incremental = collection.incremental.as_ref()?;
    Some((incremental, collection.columns.get(&incremental.cursor)?.kind))
}

/// Reads a value of the cursor column.
fn value(text: &str, kind: Type) -> Result<i64, String> {
    let text = text.trim();
    if kind == Type::Integer {
        return text.parse().map_err(|_| format!("`{text}` is not an integer"));
    }
    let full = if kind == Type::Timestamp && text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    clean::text(full.into(), kind, &[])?.number().ok_or_else(|| format!("`{text}` is not a {kind}"))
}

/// Formats a value of the cursor column for a request. Where the format is less precise, it is earlier.
fn written(value: i64, kind: Type, format: Option<CursorFormat>) -> Value {
    let micros = match kind {
        Type::Timestamp => value,
        Type::Date => value.saturating_mul(DAY),
        _ => return value.into(),
    };
    let default = if kind == Type::Date { CursorFormat::Date } else { CursorFormat::Iso8601 };
    let time = DateTime::from_timestamp_micros(micros).unwrap_or_default();
    let precision = if micros.rem_euclid(SECOND) == 0 { SecondsFormat::Secs } else { SecondsFormat::Micros };
    match format.unwrap_or(default) {
        CursorFormat::Iso8601 => time.to_rfc3339_opts(precision, true).into(),
        CursorFormat::Date => time.format("%Y-%m-%d").to_string().into(),
        CursorFormat::UnixSeconds => micros.div_euclid(SECOND).into(),
        CursorFormat::UnixMilliseconds => micros.div_euclid(1_000).into(),
    }
}

#[cfg(test)]
#[path = "../tests/unit/incremental.rs"]
mod tests;
