//! Random deliveries from seeds: every line is returned once, whatever the order of the events.

use super::*;

/// Pseudorandom numbers (xorshift, Marsaglia 2003).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

fn stream(name: u64) -> Stream {
    ("/dpstack/jobs/ingestion".to_owned(), format!("ingestion-job/default/{name}"))
}

fn line(of: &Stream, number: u64, timestamp: i64) -> Line {
    let message = format!("line {number} of {}", of.1);
    Line { stream: of.clone(), id: format!("{:056}", number), timestamp, ingestion: timestamp + 40, message }
}

/// Lines, and the time at which each becomes visible: up to `late_ms` after its timestamp.
fn script(random: &mut Random, late_ms: u64) -> Vec<(i64, Line)> {
    let mut all = Vec::new();
    for name in 0..=random.below(3) {
        let (stream, mut time) = (stream(name), 1_000 + (name * random.below(9_000)) as i64);
        for number in 0..20 + random.below(60) {
            time += random.below(150) as i64;
            all.push((time + random.below(late_ms) as i64, line(&stream, number, time)));
        }
    }
    all
}

/// Returns the response to a query: the lines that are visible from a given time on, in random order, some of them
/// twice.
fn response(random: &mut Random, script: &[(i64, Line)], of: &Stream, from: i64, now: i64) -> Vec<Line> {
    let seen = script.iter().filter(|(at, line)| *at <= now && line.stream == *of && line.timestamp >= from);
    let mut list: Vec<Line> = seen.map(|(_, line)| line.clone()).collect();
    for index in 0..list.len() {
        if random.below(4) == 0 {
            list.push(list[index].clone());
        }
    }
    for index in (1..list.len()).rev() {
        list.swap(index, random.below(index as u64 + 1) as usize);
    }
    list
}

/// Follows a script to its end: it queries every second; a stream is known after its first line and finished after its
/// last.
fn follow(random: &mut Random, script: &[(i64, Line)], settle_ms: i64) -> Vec<Line> {
    let (mut lines, mut returned, mut now) = (Lines::new(settle_ms), Vec::new(), 0);
    let streams: BTreeSet<Stream> = script.iter().map(|(_, line)| line.stream.clone()).collect();
    loop {
        now += 1_000;
        for stream in &streams {
            let times = || script.iter().filter(|(_, line)| line.stream == *stream).map(|(_, line)| line.timestamp);
            if times().min().is_some_and(|first| first <= now) {
                lines.watch(stream, None, times().max().is_some_and(|last| last <= now));
            }
        }
        for (stream, from) in lines.queries() {
            let events = response(random, script, &stream, from, now);
            lines.add(&stream, events, now);
        }
        returned.extend(lines.ready(now));
        let all_known = script.iter().all(|(_, line)| line.timestamp <= now);
        if all_known && lines.are_complete() {
            returned.extend(lines.rest());
            return returned;
        }
    }
}

fn in_order(script: &[(i64, Line)]) -> Vec<Line> {
    let mut list: Vec<Line> = script.iter().map(|(_, line)| line.clone()).collect();
    list.sort_by_key(|line| (line.timestamp, line.ingestion, line.id.clone(), line.stream.clone()));
    list
}

#[test]
fn every_line_is_returned_once() {
    for seed in 1..=500 {
        let mut random = Random(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed));
        // Not later than the last queries.
        let script = script(&mut random, 2_500);
        let mut returned = follow(&mut random, &script, 1_000);
        returned.sort_by_key(|line| (line.timestamp, line.ingestion, line.id.clone(), line.stream.clone()));
        assert_eq!(returned, in_order(&script), "seed {seed}");
    }
}

#[test]
fn lines_within_the_settle_time_are_in_order() {
    for seed in 1..=500 {
        let mut random = Random(0xD1B5_4A32_D192_ED03_u64.wrapping_mul(seed));
        let script = script(&mut random, 2_000);
        let returned = follow(&mut random, &script, 3_000);
        let keys: Vec<_> = returned.iter().map(|line| (line.timestamp, line.ingestion, &line.id)).collect();
        assert!(keys.is_sorted() && returned.len() == script.len(), "seed {seed}: {keys:?}");
    }
}

#[test]
fn the_last_queries_find_late_lines() {
    let (of, mut lines) = (stream(1), Lines::new(0));
    lines.watch(&of, None, false);
    lines.add(&of, vec![line(&of, 2, 500_000)], 500_000);
    assert_eq!(lines.queries(), [(of.clone(), 500_000 - OVERLAP_MS)]);
    lines.watch(&of, None, true);
    assert_eq!(lines.queries(), [(of.clone(), 0)], "the complete stream");
    for _ in 0..EMPTY_QUERIES {
        assert!(!lines.are_complete());
        lines.add(&of, vec![line(&of, 2, 500_000)], 501_000);
    }
    assert!(lines.are_complete() && lines.queries().is_empty());
}

#[test]
fn a_stream_is_complete_when_its_container_has_finished_and_no_line_is_new() {
    let (of, mut lines) = (stream(1), Lines::new(0));
    lines.watch(&of, None, false);
    (0..10).for_each(|_| lines.add(&of, Vec::new(), 0));
    assert!(!lines.are_complete(), "the container is running");
    lines.watch(&of, None, true);
    lines.add(&of, Vec::new(), 0);
    lines.add(&of, vec![line(&of, 1, 7)], 0);
    for _ in 0..EMPTY_QUERIES - 1 {
        lines.add(&of, Vec::new(), 0);
    }
    assert!(!lines.are_complete(), "the late line restarts the count");
    lines.add(&of, Vec::new(), 0);
    assert!(lines.are_complete());
    assert_eq!(lines.rest().len(), 1);
}

#[test]
fn an_old_stream_needs_one_query() {
    let (of, mut lines) = (stream(1), Lines::new(0));
    lines.watch_past(&of, None);
    assert_eq!(lines.queries(), [(of.clone(), 0)]);
    lines.add(&of, vec![line(&of, 1, 7)], 0);
    assert!(lines.are_complete() && lines.rest().len() == 1);
}

#[test]
fn two_streams_may_use_the_same_id() {
    let mut lines = Lines::new(0);
    for name in [1, 2] {
        lines.add(&stream(name), vec![line(&stream(name), 5, 7)], 0);
    }
    let streams: BTreeSet<Stream> = lines.ready(0).into_iter().map(|line| line.stream).collect();
    assert_eq!(streams, BTreeSet::from([stream(1), stream(2)]));
}

#[test]
fn control_characters_are_replaced() {
    let line = |message: &str| Line {
        stream: ("group".to_owned(), "stream".to_owned()),
        id: "1".to_owned(),
        timestamp: 0,
        ingestion: 0,
        message: message.to_owned(),
    };
    assert_eq!(line("a\tb \u{e9}\r\n").printable(), "a\tb \u{e9}");
    assert_eq!(line("\u{1b}]0;title\u{7}\u{1b}[2Jgone").printable(), "\u{fffd}]0;title\u{fffd}\u{fffd}[2Jgone");
}

#[test]
fn no_query_starts_before_the_job_was_submitted() {
    let (of, submitted) = (stream(1), 1_790_000_000_000);
    let start = submitted - OVERLAP_MS;
    let (mut running, mut past) = (Lines::new(0), Lines::new(0));
    running.watch(&of, Some(submitted), false);
    assert_eq!(running.queries(), [(of.clone(), start)], "the first query");
    running.add(&of, vec![line(&of, 1, submitted + 5)], 0);
    assert_eq!(running.queries(), [(of.clone(), start + 5)], "the overlap");
    running.watch(&of, Some(submitted), true);
    assert_eq!(running.queries(), [(of.clone(), start)], "the complete stream");
    past.watch_past(&of, Some(submitted));
    assert_eq!(past.queries(), [(of.clone(), start)]);
}
