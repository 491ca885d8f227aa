//! Log lines from CloudWatch Logs, which may return events late, repeated and out of order. Each is printed once.
//!
//! | events | handling |
//! |---|---|
//! | repeated | events have IDs; a known ID is ignored |
//! | out of order | a line waits for a settle time, and is printed after all lines that sort before it |
//! | late | each query overlaps the previous one; after the container has finished, queries read the complete stream |
//! | from a new stream | each stream is queried separately, from the submission of its job |
//!
//! A stream is complete when its container has finished and several queries have returned nothing new.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::{BTreeMap, BTreeSet};

/// A query starts this many milliseconds before the newest event in its stream; the last queries read the whole stream.
/// The first query starts as early before the submission of the job: the clock of its host may be behind.
const OVERLAP_MS: i64 = 60_000;
/// A stream is complete after this many queries without a new event.
const EMPTY_QUERIES: u32 = 4;

/// A log stream: its group and its name.
pub type Stream = (String, String);

/// A line returned by FilterLogEvents, the only call that returns event IDs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub stream: Stream,
    pub id: String,
    /// When the line was written, in milliseconds since the Unix epoch.
    pub timestamp: i64,
    /// When CloudWatch received the line, in milliseconds since the Unix epoch.
    pub ingestion: i64,
    pub message: String,
}

impl Line {
    /// Returns the time when the line was written, in UTC with millisecond precision.
    pub fn time(&self) -> String {
        let time = chrono::DateTime::from_timestamp_millis(self.timestamp).unwrap_or_default();
        time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    }

    /// Returns the text without control characters, which could move the cursor, or change colours or the title.
    pub fn printable(&self) -> String {
        let plain = |c: char| if c.is_control() && c != '\t' { '\u{fffd}' } else { c };
        self.message.trim_end().chars().map(plain).collect()
    }
}

/// The order of lines: by timestamp, ingestion time and ID. IDs are decimal numbers that increase within a batch (Amazon
/// CloudWatch Logs User Guide, the example in "Log group-level subscription filters"), so a longer one is greater. Two
/// streams may use the same ID.
type SortKey = (i64, i64, usize, String, Stream);

#[derive(Debug)]
pub struct Lines {
    settle_ms: i64,
    seen: BTreeSet<(Stream, String)>,
    /// Lines that have not been returned yet, with their arrival times.
    pending: BTreeMap<SortKey, (i64, Line)>,
    streams: BTreeMap<Stream, State>,
}

#[derive(Clone, Debug, Default)]
struct State {
    /// No event is older.
    start: i64,
    newest: Option<i64>,
    finished: bool,
    past: bool,
    empty_queries: u32,
}

impl Lines {
    /// `settle_ms`: how long a line waits for lines that sort before it.
    pub fn new(settle_ms: i64) -> Self {
        Self { settle_ms, seen: BTreeSet::new(), pending: BTreeMap::new(), streams: BTreeMap::new() }
    }

    /// Adds a stream of a job that was submitted at `created_ms`; `finished` means that its container has finished. CloudWatch
    /// would search all events of the log group since 1970 if a query had no start.
    pub fn watch(&mut self, stream: &Stream, created_ms: Option<i64>, finished: bool) {
        let state = self.streams.entry(stream.clone()).or_default();
        state.start = created_ms.map_or(0, |created| (created - OVERLAP_MS).max(0));
        state.finished |= finished;
    }

    /// Adds a stream whose container finished so long ago that no line can be late: one query is enough.
    pub fn watch_past(&mut self, stream: &Stream, created_ms: Option<i64>) {
        self.watch(stream, created_ms, true);
        self.streams.entry(stream.clone()).or_default().past = true;
    }

    pub fn queries(&self) -> Vec<(Stream, i64)> {
        let from = |state: &State| match (state.finished, state.newest) {
            (false, Some(newest)) => (newest - OVERLAP_MS).max(state.start),
            _ => state.start,
        };
        let open = self.streams.iter().filter(|(_, state)| !state.is_complete());
        open.map(|(stream, state)| (stream.clone(), from(state))).collect()
    }

    /// Adds all pages of a query result.
    pub fn add(&mut self, stream: &Stream, events: Vec<Line>, now_ms: i64) {
        let state = self.streams.entry(stream.clone()).or_default();
        let mut is_new = false;
        for line in events {
            if !self.seen.insert((line.stream.clone(), line.id.clone())) {
                continue;
            }
            is_new = true;
            state.newest = state.newest.max(Some(line.timestamp));
            let id = line.id.clone();
            self.pending.insert((line.timestamp, line.ingestion, id.len(), id, line.stream.clone()), (now_ms, line));
        }
        state.empty_queries = match state {
            State { past: true, .. } => EMPTY_QUERIES,
            State { finished: true, empty_queries, .. } if !is_new => *empty_queries + 1,
            _ => 0,
        };
    }

    /// Removes and returns the lines whose settle time has passed, and those before them.
    pub fn ready(&mut self, now_ms: i64) -> Vec<Line> {
        let settled = |(_, (arrived, _)): &(&SortKey, &(i64, Line))| now_ms - arrived >= self.settle_ms;
        let Some(last) = self.pending.iter().filter(settled).map(|(key, _)| key.clone()).next_back() else {
            return Vec::new();
        };
        let later = self.pending.split_off(&last);
        let mut ready = std::mem::replace(&mut self.pending, later);
        ready.extend(self.pending.remove_entry(&last));
        ready.into_values().map(|(_, line)| line).collect()
    }

    pub fn rest(&mut self) -> Vec<Line> {
        std::mem::take(&mut self.pending).into_values().map(|(_, line)| line).collect()
    }

    pub fn are_complete(&self) -> bool {
        self.streams.values().all(State::is_complete)
    }
}

impl State {
    fn is_complete(&self) -> bool {
        self.empty_queries >= EMPTY_QUERIES
    }
}

#[cfg(test)]
#[path = "../tests/unit/lines.rs"]
mod tests;
