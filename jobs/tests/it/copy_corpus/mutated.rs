//! 10,000 mutated files are rejected or abort the process. If the validation accepts a file, the file has the number of
//! rows that it counted, and all values are within the limits.

use std::env;
use std::panic::catch_unwind;
use std::process::Command;
use std::time::{Duration, Instant};

use bytes::Bytes;
use contract::Type;
use jobs::{limits, validate};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use super::{Case, Corpus, Verdict, columns, corpus, read};
use crate::support::random::Random;

const SEEDS: u64 = 10_000;
/// The environment variable with the seed of a child process.
const FIRST: &str = "MUTATED_FIRST_SEED";
/// Corrupt sizes may make the `parquet` crate abort on an allocation. This must be rare; otherwise little is tested.
const ABORTS: u64 = SEEDS / 50;

/// Significant bytes of footers and page headers: end markers, maximum values, field types, magic numbers.
const SIGNIFICANT: [&[u8]; 9] = [
    &[0],
    &[0xff],
    &[0x80],
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0xfe, 0xff, 0xff, 0xff, 0x0f],
    &[0x19, 0xfc],
    &[0x1c],
    b"PAR1",
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
];

fn mutated(good: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len().max(1));
        match random.below(8) {
            0..=2 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            3 if at < bytes.len() => bytes[at] = random.next() as u8,
            4 => bytes.truncate(at.max(12)),
            5 => {
                let end = (at + random.below(9)).min(bytes.len());
                bytes.drain(at..end);
            }
            _ => {
                let significant = *random.one(&SIGNIFICANT);
                let end = if random.once_in(2) { at } else { (at + significant.len()).min(bytes.len()) };
                bytes.splice(at..end, significant.iter().copied());
            }
        }
    }
    bytes
}

/// Returns whether the file is accepted. Panics in the `parquet` crate abort the process in a release build, so they
/// count as rejections.
fn accepted(corpus: &Corpus, case: &Case, bytes: Vec<u8>) -> bool {
    let (bytes, columns) = (Bytes::from(bytes), columns(&corpus.targets[&case.target]));
    let Ok(Ok(rows)) = catch_unwind(|| validate::parquet(&columns, "part-0.parquet", &bytes)) else { return false };
    let mut found = 0;
    let reader = SerializedFileReader::new(bytes).expect("accepted");
    for row in reader.get_row_iter(None).expect("accepted") {
        let row = row.expect("accepted");
        assert_eq!(row.len(), columns.len());
        for ((_, field), column) in row.get_column_iter().zip(&columns) {
            let (_, kind, required) = *column;
            let within = match (field, kind) {
                (Field::Null, _) => !required,
                (Field::Str(text), Type::String(most)) => limits::text(text, most as usize).is_ok(),
                (Field::Str(text), Type::Json) => limits::json(text).is_ok(),
                (Field::Double(value), Type::Double) => limits::double(*value).is_ok(),
                (Field::TimestampMicros(value), Type::Timestamp) => limits::micros(*value).is_ok(),
                (Field::Date(value), Type::Date) => limits::days(*value).is_ok(),
                (field, kind) => {
                    matches!((field, kind), (Field::Long(_), Type::Integer) | (Field::Bool(_), Type::Boolean))
                }
            };
            assert!(within, "{field:?} in {column:?}");
        }
        found += 1;
    }
    assert_eq!(found, rows, "another number of rows");
    true
}

/// Runs in a child process, from the seed in its environment: an abort there does not end the tests.
#[test]
#[ignore = "a part of the test below"]
fn in_a_child_process() {
    let first: u64 = env::var(FIRST).expect("run by the test below").parse().expect("a number");
    let corpus = corpus();
    let small: Vec<&Case> = corpus.cases.iter().filter(|case| (12..4096).contains(&case.bytes)).collect();
    for seed in first..SEEDS {
        let mut random = Random::of(seed);
        let case = random.one(&small);
        let bytes = mutated(&read(&case.file), &mut random);
        println!("seed {seed}");
        let started = Instant::now();
        if accepted(&corpus, case, bytes) {
            println!("accepted {seed}");
        }
        assert!(started.elapsed() < Duration::from_secs(60), "{} took {:?}", case.file, started.elapsed());
    }
    println!("every seed was tried");
}

#[test]
fn no_mutated_file_with_a_value_outside_the_limits_is_accepted() {
    let (mut first, mut aborts, mut accepted) = (0, 0, 0);
    loop {
        let mut child = Command::new(env::current_exe().expect("this program"));
        child.args(["--exact", "copy_corpus::mutated::in_a_child_process", "--ignored", "--nocapture"]);
        let output = child.env(FIRST, first.to_string()).output().expect("a child process");
        let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let seeds = |start: &str| text.lines().filter_map(|line| line.strip_prefix(start)?.parse().ok()).collect();
        let (tried, taken): (Vec<u64>, Vec<u64>) = (seeds("seed "), seeds("accepted "));
        accepted += taken.len() as u64;
        if text.contains("every seed was tried") {
            break;
        }
        let last = tried.last().unwrap_or_else(|| panic!("no seed was tried: {errors}"));
        assert!(output.status.code().is_none(), "seed {last}: {errors}");
        aborts += 1;
        first = last + 1;
    }
    assert!(aborts <= ABORTS, "{aborts} of {SEEDS} aborted");
    // Both results must be frequent, otherwise this tests nothing.
    assert!((SEEDS / 100..SEEDS / 2).contains(&accepted), "{accepted} of {SEEDS} accepted");
}

#[test]
fn no_truncated_file_is_accepted() {
    let corpus = corpus();
    for case in corpus.cases.iter().filter(|case| case.verdict == Verdict::Accept && case.bytes < 600) {
        let bytes = read(&case.file);
        for end in 0..bytes.len() {
            assert!(!accepted(&corpus, case, bytes[..end].to_vec()), "{}: {end} bytes", case.file);
        }
    }
}
