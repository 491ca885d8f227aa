//! Time and random numbers. Everything else receives them as arguments.

use std::hash::{BuildHasher, RandomState};

use chrono::{DateTime, SecondsFormat, Utc};

/// Returns the current time in UTC.
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Formats a time as RFC 3339 in UTC with microseconds: the fixed width makes lexicographic order chronological.
pub fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Returns a name for one attempt: its start time and 24 random bits, so that two attempts never write the same key.
pub fn attempt() -> String {
    // Every `RandomState` is seeded by the operating system, so the hash of any value has 64 random bits.
    let random = RandomState::new().hash_one(std::process::id());
    format!("{}-{:06x}", now().format("%Y%m%dT%H%M%SZ"), random & 0xff_ffff)
}
