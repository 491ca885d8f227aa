//! For random JSON, the files of all rows that the transformation accepts pass the validation.

use bytes::Bytes;
use contract::{Contract, Table};
use jobs::table::{Encoder, Record, RecordReader, Row, file_columns};
use jobs::validate::{self, Refusal};

use crate::support::random::Random;

const CASES: u64 = 5_000;
/// The number of records per file; if a file is rejected, its records are tested one by one.
const TOGETHER: u64 = 100;

const NUMBERS: [&str; 26] = [
    "0",
    "-0.0",
    "7",
    "2.5",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "18446744073709551616",
    "99999999999999999999999999999999999999",
    "-99999999999999999999999999999999999999",
    "100000000000000000000000000000000000000",
    "0.1234567890123456789012345678901234567890123456789",
    "123456789012345678901234567890123456789012345.5",
    "1e308",
    "1.0000000000000001e308",
    "1.7976931348623157e308",
    "1e309",
    "-1e400",
    "1e-307",
    "9.9e-308",
    "5e-324",
    "1e-400",
    "0e999",
    "1E+2",
    "1e99999999999999999999",
    "123e-45",
];

const PIECES: [&str; 24] = [
    "a",
    "Ada",
    " ",
    "ä",
    "€",
    "😀",
    "e\u{301}",
    "\u{feff}",
    "\u{ffff}",
    r#"\""#,
    r"\\",
    r"\/",
    r"\n",
    r"\u0001",
    r"\u00e4",
    r"\ud83d\ude00",
    r"\u0000",
    r"\ud800",
    r"\udc00",
    r"\ud800\u0041",
    r"\\u0000",
    "\u{7f}",
    "NULL",
    "0",
];

const TIMES: [&str; 12] = [
    "2026-01-05T09:30:00.123456+02:00",
    "2026-01-05T09:30:00",
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:60Z",
    "+262142-12-31T23:59:59",
    "-262143-01-01T00:00:00",
    "-4712-01-01T00:00:00",
    "-4713-12-31T23:59:59.999999",
    "-4711-01-01T00:00:00+23:59",
    "2019-02-28",
    "-471-01-01",
    "+99999-1-1",
];

/// Returns valid JSON with values at the limits of the columns.
pub struct Nasty {
    pub random: Random,
}

impl Nasty {
    pub fn string(&mut self) -> String {
        let mut text = String::from("\"");
        if self.random.once_in(60) {
            let unit = *self.random.one(&["x", "ä", r"\u00e4", r"\n"]);
            let count = *self.random.one(&[8, 9, 16, 17, 32_767, 32_768, 65_533, 65_535, 65_536]);
            text += &unit.repeat(count);
        } else {
            for _ in 0..self.random.below(4) {
                text += *self.random.one(&PIECES);
            }
        }
        text + "\""
    }

    fn scalar(&mut self) -> String {
        match self.random.below(8) {
            0 => "null".to_owned(),
            1 => "true".to_owned(),
            2..=4 => (*self.random.one(&NUMBERS)).to_owned(),
            _ => self.string(),
        }
    }

    /// Returns any JSON.
    pub fn value(&mut self, depth: usize) -> String {
        let space = *self.random.one(&["", "", "", " ", "\n\t"]);
        match self.random.below(if depth == 0 { 6 } else { 10 }) {
            6 | 7 => {
                let values: Vec<String> = (0..self.random.below(4)).map(|_| self.value(depth - 1)).collect();
                format!("[{space}{}{space}]", values.join(","))
            }
            8 | 9 => {
                let count = if self.random.once_in(20) { 60 } else { self.random.below(4) };
                let fields: Vec<String> = (0..count).map(|index| self.field(depth, index)).collect();
                format!("{{{}{space}}}", fields.join(&format!("{space},")))
            }
            _ if self.random.once_in(50) => self.large(),
            _ => self.scalar(),
        }
    }

    fn field(&mut self, depth: usize, index: usize) -> String {
        let name = match self.random.below(8) {
            0 => self.string(),
            1 => r#""\u0061""#.to_owned(),
            2 => "\"a\"".to_owned(),
            _ => format!("\"f{index}\""),
        };
        format!("{name}:{}", self.value(if depth == 0 { 0 } else { depth - 1 }))
    }

    /// Returns JSON near the limits of depth and size.
    fn large(&mut self) -> String {
        if self.random.once_in(2) {
            let levels = 997 + self.random.below(6);
            let (open, close) = *self.random.one(&[("[", "]"), ("{\"a\":", "}")]);
            return format!("{}1{}", open.repeat(levels), close.repeat(levels));
        }
        let bytes = if self.random.once_in(20) { 4_000_000 } else { 65_535 };
        let elements = bytes / 8 + self.random.below(3) - 1;
        format!("[{}]", vec!["\"12345\""; elements].join(*self.random.one(&[",", ", "])))
    }

    pub fn time(&mut self) -> String {
        if self.random.once_in(8) { self.value(1) } else { format!("\"{}\"", self.random.one(&TIMES)) }
    }

    /// Returns a value that most likely fits the column.
    fn fitting(&mut self, good: &str) -> String {
        if self.random.once_in(12) { self.value(2) } else { good.to_owned() }
    }

    fn animal(&mut self, id: u64) -> String {
        let mut fields = vec![format!("\"id\":{id}"), format!("\"name\":{}", self.fitting("\" Ada \""))];
        for _ in 0..self.random.below(6) {
            let field = match self.random.below(12) {
                0 => format!("\"kind\":{{\"species\":{},\"legs\":{}}}", self.fitting("\"emu\""), self.fitting("2.0")),
                1 => format!("\"weight_kg\":{}", self.scalar()),
                2 => format!("\"tame\":{}", self.fitting("true")),
                3 => format!("\"born_on\":{}", self.time()),
                4 => format!("\"fed_at\":{}", self.time()),
                5 | 6 => format!("\"tags\":{}", self.value(4)),
                7 => format!("\"keeper\":{}", self.fitting("\"kb\"")),
                8 => {
                    let meal = format!("{{\"food\":{},\"grams\":{}}}", self.fitting("\"hay\""), self.scalar());
                    let more = format!("{{\"food\":null,{}}}", self.field(3, 1));
                    format!("\"meals\":[{}]", [meal, more][..=self.random.below(2)].join(","))
                }
                9 => format!("\"nicknames\":[{}]", self.fitting("\"Dot\"")),
                10 if self.random.once_in(8) => {
                    format!("\"{}\":{}", self.random.one(&["tags", "colour"]), self.large())
                }
                _ => self.field(4, id as usize % 3),
            };
            fields.push(field);
        }
        format!("{{{}}}", fields.join(","))
    }
}

fn refusal<'r>(table: &Table<'_>, rows: impl Iterator<Item = &'r Row<'r>>) -> Option<Refusal> {
    let mut encoder = Encoder::new(table).expect("a schema");
    rows.for_each(|row| encoder.append(row).expect("rows of their types"));
    let (rows, bytes) = (encoder.rows(), Bytes::from(encoder.finish().expect("a file").concat()));
    let found = validate::parquet(&file_columns(table), "part-0.parquet", &bytes);
    assert!(found.as_ref().is_ok_and(|found| *found == rows) || found.is_err(), "{found:?}, not {rows} rows");
    found.err()
}

/// Returns the first rejection in any of the records' tables.
fn refusals(tables: &[Table<'_>], records: &[&Record<'_>]) -> Option<String> {
    tables.iter().enumerate().find_map(|(index, table)| {
        let refused = match index.checked_sub(1) {
            None => refusal(table, records.iter().map(|record| &record.row)),
            Some(child) => refusal(table, records.iter().flat_map(|record| &record.children[child].rows)),
        };
        refused.map(|refusal| format!("{}: {refusal}", table.name))
    })
}

#[test]
fn every_accepted_row_passes_the_validation() {
    let contract = Contract::parse(include_str!("zoo.yaml"), "zoo.yaml").expect("good");
    let animals = contract.collections.get("animals").expect("animals");
    let (reader, tables) = (RecordReader::new(&contract, "animals", animals), contract.tables_of("animals", animals));
    let mut kept = 0;
    for batch in 0..CASES / TOGETHER {
        let seeds = batch * TOGETHER..(batch + 1) * TOGETHER;
        let json: Vec<(u64, String)> =
            seeds.map(|seed| (seed, Nasty { random: Random::of(seed) }.animal(seed))).collect();
        let records: Vec<(u64, Record<'_>)> = json.iter().map(|(seed, json)| (*seed, reader.read(json))).collect();
        let fit: Vec<(u64, &Record<'_>)> = records
            .iter()
            .filter(|(_, record)| record.reasons.is_empty())
            .map(|(seed, record)| (*seed, record))
            .collect();
        kept += fit.len() as u64;
        let together: Vec<&Record<'_>> = fit.iter().map(|(_, record)| *record).collect();
        if let Some(refused) = refusals(&tables, &together) {
            for (seed, record) in &fit {
                if let Some(refused) = refusals(&tables, &[*record]) {
                    let (_, json) = &json[(seed - batch * TOGETHER) as usize];
                    let brief: String = json.chars().take(400).collect();
                    panic!("seed {seed}: {refused}\n{brief}");
                }
            }
            panic!("batch {batch}: {refused}, though each record by itself is accepted");
        }
    }
    // Both must be frequent, otherwise this tests nothing.
    assert!((CASES / 5..CASES * 4 / 5).contains(&kept), "{kept} of {CASES} became rows");
}
