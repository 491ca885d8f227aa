//! Files that lie: whatever is done to a good one, the prover neither panics nor runs away, and what it still takes
//! the `parquet` crate reads, row for row.

use std::panic::catch_unwind;
use std::time::{Duration, Instant};

use bytes::Bytes;
use jobs::prove::{self, Column, Kind, Target};
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use super::{Case, Corpus, Verdict, corpus, read, target};
use crate::support::random::Random;

const SEEDS: u64 = 10_000;

/// Bytes that mean much in a footer or a page's header: ends, largest numbers, kinds of fields, magics.
const TELLING: [&[u8]; 9] = [
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

/// A file with a few things done to it.
fn spoiled(good: &[u8], random: &mut Random) -> Vec<u8> {
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
                let telling = *random.one(&TELLING);
                let end = if random.once_in(2) { at } else { (at + telling.len()).min(bytes.len()) };
                bytes.splice(at..end, telling.iter().copied());
            }
        }
    }
    bytes
}

fn rows_of(bytes: &Bytes) -> Result<u64, String> {
    // Arrow's own copy of the schema is a note among others to every reader but Arrow's.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(bytes.clone(), options)
        .map_err(|error| error.to_string())?;
    let batches = builder.build().map_err(|error| error.to_string())?;
    batches.map(|batch| batch.map(|batch| batch.num_rows() as u64).map_err(|error| error.to_string())).sum()
}

/// What the prover says of bytes meant for a case's table; what it takes must be readable.
fn survives(corpus: &Corpus, case: &Case, bytes: Vec<u8>) -> bool {
    let bytes = Bytes::from(bytes);
    match prove::copy(&target(&corpus.targets[&case.target]), "part-0.parquet", &bytes) {
        Ok(rows) => {
            assert_eq!(rows_of(&bytes), Ok(rows));
            true
        }
        Err(refusal) => {
            assert!(!refusal.to_string().is_empty());
            false
        }
    }
}

#[test]
fn no_spoiled_file_is_taken_that_cannot_be_read() {
    let corpus = corpus();
    let small: Vec<&Case> = corpus.cases.iter().filter(|case| (12..4096).contains(&case.bytes)).collect();
    let (mut taken, mut slowest, mut failed) = (0_u64, Duration::ZERO, Vec::new());
    for seed in 0..SEEDS {
        let mut random = Random::of(seed);
        let case = random.one(&small);
        let bytes = spoiled(&read(&case.file), &mut random);
        let began = Instant::now();
        let survived = catch_unwind(|| survives(&corpus, case, bytes));
        slowest = slowest.max(began.elapsed());
        match survived {
            Ok(survived) => taken += u64::from(survived),
            Err(_) => failed.push(format!("seed {seed}: {}", case.file)),
        }
    }
    assert!(failed.is_empty(), "{} of {SEEDS}:\n{}", failed.len(), failed.join("\n"));
    // Both ends of the road must be walked, or this shows nothing.
    assert!((SEEDS / 100..SEEDS / 2).contains(&taken), "{taken} of {SEEDS} taken");
    assert!(slowest < Duration::from_secs(1), "one took {slowest:?}");
}

#[test]
fn no_beginning_of_a_file_is_taken() {
    let corpus = corpus();
    for case in corpus.cases.iter().filter(|case| case.verdict == Verdict::Accept && case.bytes < 600) {
        let bytes = read(&case.file);
        for end in 0..bytes.len() {
            assert!(!survives(&corpus, case, bytes[..end].to_vec()), "{}: {end} bytes", case.file);
        }
    }
}

/// A compact Thrift number.
fn varint(value: i64) -> Vec<u8> {
    let mut value = ((value << 1) ^ (value >> 63)).cast_unsigned();
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A file with this page data and this footer.
fn file(pages: &[u8], footer: &[u8]) -> Vec<u8> {
    [b"PAR1", pages, footer, &(footer.len() as u32).to_le_bytes(), b"PAR1"].concat()
}

fn refused(bytes: Vec<u8>, kind: Kind) -> String {
    let column = Column { name: "v".to_owned(), kind, nullable: true };
    let began = Instant::now();
    let refusal = prove::copy(&Target { columns: vec![column] }, "part-0.parquet", &bytes.into());
    assert!(began.elapsed() < Duration::from_secs(1), "took {:?}", began.elapsed());
    refusal.expect_err("must be refused").to_string()
}

/// Version, then a schema whose root has so many children.
fn schema(children: i64, elements: u8) -> Vec<u8> {
    let root = [&[0x48, 1, b's', 0x15][..], &varint(children), &[0]].concat();
    [&[0x15, 2, 0x19, elements << 4 | 0x0c][..], &root].concat()
}

#[test]
fn a_schema_without_end_is_refused_at_its_beginning() {
    let problem = refused(file(b"", &[schema(i64::from(i32::MAX), 1), vec![0]].concat()), Kind::BigInt);
    assert_eq!(problem, "2147483647 columns, the table has 1 (column_count)");

    // Groups in groups, a million deep: whoever descends into them runs out of stack.
    let levels = 1_000_000_u32;
    let mut deep = [&[0x15, 2, 0x19, 0xfc][..], &unsigned(levels + 1)].concat();
    for _ in 0..=levels {
        deep.extend([0x35, 2, 0x18, 1, b'v', 0x15, 2, 0]);
    }
    deep.push(0);
    assert!(refused(file(b"", &deep), Kind::BigInt).contains("(nested)"));
}

fn unsigned(value: u32) -> Vec<u8> {
    varint(-i64::from(value.div_ceil(2)) * i64::from(value % 2) + i64::from(value / 2) * i64::from(1 - value % 2))
}

/// A footer with one column `v` of optional text and one row group.
fn footer(rows: i64, bytes: usize) -> Vec<u8> {
    let column = [0x15, 12, 0x25, 2, 0x18, 1, b'v', 0x25, 0, 0];
    let metadata = [
        &[0x15, 12, 0x19, 0x25, 0, 6, 0x19, 0x18, 1, b'v', 0x15, 2, 0x16][..],
        &varint(rows),
        &[0x16],
        &varint(bytes as i64),
        &[0x16],
        &varint(bytes as i64),
        &[0x26, 8, 0],
    ];
    let chunk = [&[0x26, 0, 0x1c][..], &metadata.concat(), &[0]].concat();
    let group = [&[0x19, 0x1c][..], &chunk, &[0x16, 0, 0x16], &varint(rows), &[0]].concat();
    [schema(1, 2), column.to_vec(), vec![0x16], varint(rows), [&[0x19, 0x1c][..], &group, &[0]].concat()].concat()
}

/// The header of a V1 data page.
fn page(size: i64, packed: usize, values: i64) -> Vec<u8> {
    let data = [&[0x15][..], &varint(values), &[0x15, 0, 0x15, 6, 0x15, 6, 0]].concat();
    [&[0x15, 0, 0x15][..], &varint(size), &[0x15], &varint(packed as i64), &[0x2c], &data, &[0]].concat()
}

#[test]
fn a_page_of_two_gigabytes_in_a_few_bytes_is_refused() {
    let body = [&[0xff, 0xff, 0xff, 0xff, 0x07][..], &[0; 60]].concat();
    let pages = [page(i64::from(i32::MAX), body.len(), 1), body].concat();
    let problem = refused(file(&pages, &footer(1, pages.len())), Kind::Varchar(8));
    assert!(problem.starts_with("row group 0, column `v`: a page of 2147483647 bytes"), "{problem}");
}

/// One run of nulls is a few bytes, however many rows it claims.
#[test]
fn rows_without_end_are_refused_and_many_are_counted_at_once() {
    let nulls = |rows: u32| {
        let run = [&unsigned(rows * 2)[..], &[0]].concat();
        let body = [&(run.len() as u32).to_le_bytes()[..], &run].concat();
        let literal = [&[body.len() as u8, ((body.len() - 1) << 2) as u8][..], &body].concat();
        let pages = [page(body.len() as i64, literal.len(), rows.into()), literal].concat();
        file(&pages, &footer(rows.into(), pages.len()))
    };
    let column = Column { name: "v".to_owned(), kind: Kind::JsonText, nullable: true };
    let target = Target { columns: vec![column] };
    assert_eq!(prove::copy(&target, "part-0.parquet", &nulls(1 << 24).into()), Ok(1 << 24));
    let problem = refused(nulls((1 << 24) + 1), Kind::JsonText);
    assert_eq!(problem, "row group 0: 16777217 rows in one row group, at most 16777216 are read (row_count)");
}
