//! Date parts of functions, such as `day` in `datediff(day, a, b)`: the documented names and abbreviations, in PostgreSQL's
//! spelling.

/// PostgreSQL's name first, then the other ones of Redshift.
const PARTS: [&[&str]; 14] = [
    &["millennium", "millennia", "mil", "mils"],
    &["century", "centuries", "c", "cent", "cents"],
    &["decade", "decades", "dec", "decs"],
    &["epoch"],
    &["year", "years", "y", "yr", "yrs"],
    &["quarter", "quarters", "qtr", "qtrs"],
    &["month", "months", "mon", "mons"],
    &["week", "weeks", "w"],
    &["dow", "dayofweek", "dw", "weekday"],
    &["doy", "dayofyear", "dy", "yearday"],
    &["day", "days", "d"],
    &["hour", "hours", "h", "hr", "hrs"],
    &["minute", "minutes", "m", "min", "mins"],
    &["second", "seconds", "s", "sec", "secs"],
];
/// As [`PARTS`].
const FRACTIONS: [&[&str]; 2] = [
    &[
        "millisecond",
        "milliseconds",
        "ms",
        "msec",
        "msecs",
        "msecond",
        "mseconds",
        "millisec",
        "millisecs",
        "millisecon",
    ],
    &["microsecond", "microseconds", "us", "usec", "usecs", "usecond", "useconds", "microsec", "microsecs"],
];

/// PostgreSQL's name of a date part; `None` if Redshift has no such part.
pub(super) fn named(part: &str) -> Option<&'static str> {
    let part = part.to_ascii_lowercase();
    let names = PARTS.iter().chain(&FRACTIONS).find(|names| names.contains(&part.as_str()))?;
    names.first().copied()
}
