//! Time and random numbers. Everything else receives them as arguments.

use chrono::{DateTime, SecondsFormat, Utc};

/// Now, in UTC.
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// RFC 3339 in UTC with microseconds: a fixed width, so that text order is time order.
pub fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// A name for one attempt: its time, then 24 random bits, so that two attempts never write the same key.
pub fn attempt() -> String {
    format!("{}-{:06x}", now().format("%Y%m%dT%H%M%SZ"), rand() & 0xff_ffff)
}

fn rand() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    // Every `RandomState` is seeded by the operating system; its hash of anything has 64 random bits.
    RandomState::new().hash_one(std::process::id())
}
