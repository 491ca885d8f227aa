//! A source whose records change for 30 days. It shows changes late, repeatedly, in several versions and in any order, and
//! sometimes also records that were deleted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};

use crate::support::random::Random;
use crate::support::server::{Response, Server};

pub const DAY: i64 = 86_400;
/// A change may be shown this much later: one second less than the contract's `lookback`.
const LATE: i64 = 2 * DAY - 1;

#[derive(Clone, Debug)]
struct Version {
    id: usize,
    at: i64,
    shown_at: i64,
    note: u64,
    stops: Vec<u64>,
}

impl Version {
    fn json(&self) -> Value {
        let stops = self.stops.iter().map(|stop| json!({"place": format!("p{stop}"), "minutes": stop}));
        json!({
            "id": self.id, "updated_at": text(self.at), "note": format!("n{}", self.note),
            "stops": stops.collect::<Vec<_>>(),
        })
    }
}

pub fn text(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).expect("a time").to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The source's state.
#[derive(Debug)]
pub struct Source {
    pub random: Random,
    pub now: i64,
    versions: Vec<Version>,
    deleted: BTreeSet<usize>,
    /// Whether it shows one version of each record, and no deleted ones.
    pub is_calm: bool,
}

impl Source {
    pub fn new(seed: u64, records: usize) -> Self {
        let start = DateTime::parse_from_rfc3339("2025-06-01T00:00:00Z").expect("a time").timestamp();
        let (versions, deleted) = (Vec::new(), BTreeSet::new());
        let mut source = Self { random: Random::of(seed), now: start, versions, deleted, is_calm: false };
        (0..records).for_each(|id| source.change(id, start, start));
        source
    }

    fn change(&mut self, id: usize, at: i64, shown_at: i64) {
        let (note, stops) = (self.random.next() % 1_000, self.random.below(5));
        let stops = (0..stops).map(|_| self.random.next() % 90).collect();
        self.versions.push(Version { id, at, shown_at, note, stops });
    }

    /// Lets time pass: some records change, some are new, and some are deleted.
    pub fn pass(&mut self, seconds: i64, changes: usize) {
        let records = self.versions.iter().map(|version| version.id).max().unwrap_or(0) + 1;
        for _ in 0..changes {
            let at = self.now + 1 + self.random.below(seconds as usize) as i64;
            let id = if self.random.once_in(6) { records + self.random.below(3) } else { self.random.below(records) };
            // A deleted key is not used again, and two versions of a record have different times.
            if self.deleted.contains(&id) || self.versions.iter().any(|other| (other.id, other.at) == (id, at)) {
                continue;
            }
            let late = if self.random.once_in(2) { self.random.below(LATE as usize) as i64 } else { 0 };
            self.change(id, at, at + late);
        }
        if changes > 0 && self.random.once_in(2) {
            self.deleted.insert(self.random.below(records));
        }
        self.now += seconds;
    }

    /// Returns the newest version of each record that the source shows.
    fn current(&self) -> BTreeMap<usize, &Version> {
        let mut current: BTreeMap<usize, &Version> = BTreeMap::new();
        for version in self.versions.iter().filter(|version| version.shown_at <= self.now) {
            if current.get(&version.id).is_none_or(|other| other.at < version.at) {
                current.insert(version.id, version);
            }
        }
        current
    }

    /// Returns the keys of the records that were deleted.
    pub fn deleted(&self) -> Vec<String> {
        self.deleted.iter().map(usize::to_string).collect()
    }

    /// Returns a response: all records, or those that have changed since then.
    pub fn response(&mut self, since: Option<i64>) -> Value {
        let since = since.unwrap_or(i64::MIN);
        let current: Vec<Version> = self.current().into_values().cloned().collect();
        let mut shown: Vec<Version> = Vec::new();
        for version in current {
            let is_deleted = self.deleted.contains(&version.id);
            if !is_deleted && version.at >= since {
                shown.push(version.clone());
            }
            if self.is_calm {
                continue;
            }
            // Older versions, in parts also alone or of deleted records, and the same version again.
            let older = self.versions.iter().filter(|other| other.id == version.id && other.at <= version.at);
            let older: Vec<Version> = older.cloned().collect();
            if self.random.once_in(3) && (!is_deleted || since > i64::MIN) {
                shown.push(self.random.one(&older).clone());
            }
        }
        for at in (1..shown.len()).rev() {
            let other = self.random.below(at + 1);
            shown.swap(at, other);
        }
        shown.iter().map(Version::json).collect()
    }
}

/// Serves the source at `/visits`; `since` is the first time of a change.
pub fn serve(source: Source) -> (Server, Arc<Mutex<Source>>) {
    let (server, source) = (Server::start(), Arc::new(Mutex::new(source)));
    let shared = Arc::clone(&source);
    server.answer(move |request| {
        let url = url::Url::parse(&format!("http://zoo.example{}", request.path)).expect("a path");
        let since = url.query_pairs().find(|(name, _)| name == "since");
        let since = since.map(|(_, time)| DateTime::parse_from_rfc3339(&time).expect("a time").timestamp());
        let mut source = shared.lock().unwrap_or_else(PoisonError::into_inner);
        (url.path() == "/visits").then(|| Response::json(&source.response(since)))
    });
    (server, source)
}
