//! What containers say, as CloudWatch Logs gives it: events that come late, twice, out of order and from streams that were
//! not there before. Every line is told once, and none is lost.
//!
//! | events | what is done |
//! |---|---|
//! | come twice | an event has an id; an id that was seen is nothing new |
//! | come out of order | a line waits for a settle time, and goes out behind all that sort before it |
//! | come late | each look reaches back beyond what was seen; the last ones, after the container's end, see all of its stream |
//! | come from a new stream | streams are looked at one by one, each from its own beginning |
//!
//! A stream has been drained when its container has ended and several looks at all of it have brought nothing.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::{BTreeMap, BTreeSet};

/// Milliseconds that a look reaches back behind the newest event of a stream. What comes later than that is seen by the
/// last looks, which see all.
const REACH_MS: i64 = 60_000;
/// Looks without anything new after which a stream has been drained.
const QUIET_LOOKS: u32 = 4;

/// A log stream: its group and its name.
pub type Stream = (String, String);

/// A line, as FilterLogEvents gives it: of all calls only that one tells an event's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The stream it is from.
    pub stream: Stream,
    /// The event's id, the same whenever it is given.
    pub id: String,
    /// When it was said, in milliseconds since 1970.
    pub timestamp: i64,
    /// When CloudWatch took it, in milliseconds since 1970.
    pub ingestion: i64,
    /// What was said.
    pub message: String,
}

impl Line {
    /// When it was said, in UTC, to the millisecond.
    pub fn time(&self) -> String {
        let time = chrono::DateTime::from_timestamp_millis(self.timestamp).unwrap_or_default();
        time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    }

    /// What was said, as a terminal may be given it: without what would move its cursor, change its colours or its title.
    pub fn printable(&self) -> String {
        let plain = |c: char| if c.is_control() && c != '\t' { '\u{fffd}' } else { c };
        self.message.trim_end().chars().map(plain).collect()
    }
}

/// Where a line stands among all: by its time, then by when it was taken, then by its id. Ids are decimal numbers that
/// rise within a batch (Amazon CloudWatch Logs User Guide, the example of "Log group-level subscription filters"): the
/// longer is the greater. Two streams may use one id.
type Place = (i64, i64, usize, String, Stream);

/// All streams of a run.
#[derive(Debug)]
pub struct Lines {
    settle_ms: i64,
    seen: BTreeSet<(Stream, String)>,
    /// Lines that have not gone out, and when they came.
    held: BTreeMap<Place, (i64, Line)>,
    streams: BTreeMap<Stream, State>,
}

#[derive(Clone, Debug, Default)]
struct State {
    newest: Option<i64>,
    ended: bool,
    past: bool,
    quiet: u32,
}

impl Lines {
    /// With the time that a line waits for those that sort before it.
    pub fn new(settle_ms: i64) -> Self {
        Self { settle_ms, seen: BTreeSet::new(), held: BTreeMap::new(), streams: BTreeMap::new() }
    }

    /// A stream to look at; `ended` when its container has.
    pub fn watch(&mut self, stream: &Stream, ended: bool) {
        let state = self.streams.entry(stream.clone()).or_default();
        state.ended |= ended;
    }

    /// A stream whose container ended so long ago that nothing can be late any more: one look is enough.
    pub fn watch_past(&mut self, stream: &Stream) {
        self.watch(stream, true);
        self.streams.entry(stream.clone()).or_default().past = true;
    }

    /// The streams that have to be looked at, and each one's time from which on, in milliseconds since 1970.
    pub fn looks(&self) -> Vec<(Stream, i64)> {
        let from = |state: &State| match (state.ended, state.newest) {
            (false, Some(newest)) => (newest - REACH_MS).max(0),
            _ => 0,
        };
        let open = self.streams.iter().filter(|(_, state)| !state.is_drained());
        open.map(|(stream, state)| (stream.clone(), from(state))).collect()
    }

    /// What one look at one stream gave, all pages of it.
    pub fn take(&mut self, stream: &Stream, events: Vec<Line>, now_ms: i64) {
        let state = self.streams.entry(stream.clone()).or_default();
        let mut new = false;
        for line in events {
            if !self.seen.insert((line.stream.clone(), line.id.clone())) {
                continue;
            }
            new = true;
            state.newest = state.newest.max(Some(line.timestamp));
            let id = line.id.clone();
            self.held.insert((line.timestamp, line.ingestion, id.len(), id, line.stream.clone()), (now_ms, line));
        }
        state.quiet = if state.past {
            QUIET_LOOKS
        } else if new || !state.ended {
            0
        } else {
            state.quiet + 1
        };
    }

    /// The lines whose time has come, and those that sort before them.
    pub fn ready(&mut self, now_ms: i64) -> Vec<Line> {
        let settled = |(_, (came, _)): &(&Place, &(i64, Line))| now_ms - came >= self.settle_ms;
        let Some(last) = self.held.iter().filter(settled).map(|(place, _)| place.clone()).next_back() else {
            return Vec::new();
        };
        let mut out = self.held.split_off(&last);
        std::mem::swap(&mut out, &mut self.held);
        out.extend(self.held.remove_entry(&last));
        out.into_values().map(|(_, line)| line).collect()
    }

    /// Every line that still waits.
    pub fn rest(&mut self) -> Vec<Line> {
        std::mem::take(&mut self.held).into_values().map(|(_, line)| line).collect()
    }

    /// Whether nothing more is to be expected of the streams that are known.
    pub fn are_drained(&self) -> bool {
        self.streams.values().all(State::is_drained)
    }
}

impl State {
    fn is_drained(&self) -> bool {
        self.quiet >= QUIET_LOOKS
    }
}

#[cfg(test)]
#[path = "../tests/unit/lines.rs"]
mod tests;
