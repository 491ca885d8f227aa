//! Deliveries by seed: whatever a delivery does to the events, the lines are those that were said.

use super::*;

/// Numbers that look random and are the same for the same seed (xorshift, Marsaglia 2003).
struct Dice(u64);

impl Dice {
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

fn said(of: &Stream, number: u64, timestamp: i64) -> Line {
    let message = format!("line {number} of {}", of.1);
    Line { stream: of.clone(), id: format!("{:056}", number), timestamp, ingestion: timestamp + 40, message }
}

/// What is said, and when each line can be seen first: up to `late_ms` after it was said.
fn script(dice: &mut Dice, late_ms: u64) -> Vec<(i64, Line)> {
    let mut all = Vec::new();
    for name in 0..=dice.below(3) {
        let (stream, mut time) = (stream(name), 1_000 + (name * dice.below(9_000)) as i64);
        for number in 0..20 + dice.below(60) {
            time += dice.below(150) as i64;
            all.push((time + dice.below(late_ms) as i64, said(&stream, number, time)));
        }
    }
    all
}

/// A service that shows of a stream what can be seen by now, from a time on: in any order, and some of it twice.
fn shown(dice: &mut Dice, script: &[(i64, Line)], of: &Stream, from: i64, now: i64) -> Vec<Line> {
    let seen = script.iter().filter(|(at, line)| *at <= now && line.stream == *of && line.timestamp >= from);
    let mut list: Vec<Line> = seen.map(|(_, line)| line.clone()).collect();
    for index in 0..list.len() {
        if dice.below(4) == 0 {
            list.push(list[index].clone());
        }
    }
    for index in (1..list.len()).rev() {
        list.swap(index, dice.below(index as u64 + 1) as usize);
    }
    list
}

/// Follows a script to its end, as a flow does: a look every second, each stream known once its first line is said, and
/// ended some time after its last one.
fn follow(dice: &mut Dice, script: &[(i64, Line)], settle_ms: i64) -> Vec<Line> {
    let (mut lines, mut told, mut now) = (Lines::new(settle_ms), Vec::new(), 0);
    let streams: BTreeSet<Stream> = script.iter().map(|(_, line)| line.stream.clone()).collect();
    loop {
        now += 1_000;
        for stream in &streams {
            let times = || script.iter().filter(|(_, line)| line.stream == *stream).map(|(_, line)| line.timestamp);
            if times().min().is_some_and(|first| first <= now) {
                lines.watch(stream, times().max().is_some_and(|last| last <= now));
            }
        }
        for (stream, from) in lines.looks() {
            let events = shown(dice, script, &stream, from, now);
            lines.take(&stream, events, now);
        }
        told.extend(lines.ready(now));
        let all_known = script.iter().all(|(_, line)| line.timestamp <= now);
        if all_known && lines.are_drained() {
            told.extend(lines.rest());
            return told;
        }
    }
}

fn in_order(script: &[(i64, Line)]) -> Vec<Line> {
    let mut list: Vec<Line> = script.iter().map(|(_, line)| line.clone()).collect();
    list.sort_by_key(|line| (line.timestamp, line.ingestion, line.id.clone(), line.stream.clone()));
    list
}

#[test]
fn every_line_is_told_once_whatever_the_delivery_does() {
    for seed in 1..=500 {
        let mut dice = Dice(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed));
        // No later than the looks after the end go on.
        let script = script(&mut dice, 2_500);
        let mut told = follow(&mut dice, &script, 1_000);
        told.sort_by_key(|line| (line.timestamp, line.ingestion, line.id.clone(), line.stream.clone()));
        assert_eq!(told, in_order(&script), "seed {seed}");
    }
}

#[test]
fn lines_that_come_within_the_settle_time_are_in_order() {
    for seed in 1..=500 {
        let mut dice = Dice(0xD1B5_4A32_D192_ED03_u64.wrapping_mul(seed));
        let script = script(&mut dice, 2_000);
        let told = follow(&mut dice, &script, 3_000);
        let places: Vec<_> = told.iter().map(|line| (line.timestamp, line.ingestion, &line.id)).collect();
        assert!(places.is_sorted() && told.len() == script.len(), "seed {seed}: {places:?}");
    }
}

#[test]
fn a_line_that_is_later_than_a_look_reaches_back_is_seen_at_the_end() {
    let (of, mut lines) = (stream(1), Lines::new(0));
    lines.watch(&of, false);
    lines.take(&of, vec![said(&of, 2, 500_000)], 500_000);
    assert_eq!(lines.looks(), [(of.clone(), 500_000 - REACH_MS)]);
    lines.watch(&of, true);
    assert_eq!(lines.looks(), [(of.clone(), 0)], "all of it");
    for _ in 0..QUIET_LOOKS {
        assert!(!lines.are_drained());
        lines.take(&of, vec![said(&of, 2, 500_000)], 501_000);
    }
    assert!(lines.are_drained() && lines.looks().is_empty());
}

#[test]
fn a_stream_is_drained_only_when_its_container_has_ended_and_nothing_comes() {
    let (of, mut lines) = (stream(1), Lines::new(0));
    lines.watch(&of, false);
    (0..10).for_each(|_| lines.take(&of, Vec::new(), 0));
    assert!(!lines.are_drained(), "it may still say something");
    lines.watch(&of, true);
    lines.take(&of, Vec::new(), 0);
    lines.take(&of, vec![said(&of, 1, 7)], 0);
    for _ in 0..QUIET_LOOKS - 1 {
        lines.take(&of, Vec::new(), 0);
    }
    assert!(!lines.are_drained(), "counted anew after the late line");
    lines.take(&of, Vec::new(), 0);
    assert!(lines.are_drained());
    assert_eq!(lines.rest().len(), 1);
}

#[test]
fn what_is_long_past_takes_one_look() {
    let (of, mut lines) = (stream(1), Lines::new(0));
    lines.watch_past(&of);
    assert_eq!(lines.looks(), [(of.clone(), 0)]);
    lines.take(&of, vec![said(&of, 1, 7)], 0);
    assert!(lines.are_drained() && lines.rest().len() == 1);
}

#[test]
fn one_id_in_two_streams_is_two_lines() {
    let mut lines = Lines::new(0);
    for name in [1, 2] {
        lines.take(&stream(name), vec![said(&stream(name), 5, 7)], 0);
    }
    let streams: BTreeSet<Stream> = lines.ready(0).into_iter().map(|line| line.stream).collect();
    assert_eq!(streams, BTreeSet::from([stream(1), stream(2)]));
}

#[test]
fn a_line_cannot_drive_the_terminal() {
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
