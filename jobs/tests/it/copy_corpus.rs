//! The corpus in `tests/copy_corpus` is complete: every file has a verdict, and every verdict has a file, a reason and a
//! source. The validation agrees with all verdicts.
//!
//! These tests do not check that the verdicts are correct.

mod mutated;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use contract::Type;
use jobs::table::FileColumn;
use jobs::validate::{self, Refusal};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// The minimum number of files that covers the reasons why COPY may reject a file.
const AT_LEAST: usize = 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Corpus {
    generated: String,
    targets: BTreeMap<String, Vec<Column>>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Column {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    nullable: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    file: String,
    about: String,
    target: String,
    key: Option<String>,
    bytes: u64,
    sha256: String,
    verdict: Verdict,
    code: Option<String>,
    #[serde(default)]
    also: Vec<String>,
    at: Option<Place>,
    basis: Basis,
    source: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Accept,
    Refuse,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Basis {
    Documented,
    Reported,
    Inferred,
    Unchecked,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    row_group: Option<u64>,
    row: Option<u64>,
    column: Option<String>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/copy_corpus")
}

fn read(file: &str) -> Vec<u8> {
    fs::read(folder().join("files").join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn corpus() -> Corpus {
    let text = fs::read_to_string(folder().join("verdicts.json")).expect("verdicts.json");
    serde_json::from_str(&text).expect("verdicts.json as it is described in README.md")
}

/// Returns the first column of the README's tables under a heading.
fn documented(heading: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(folder().join("README.md")).expect("README.md");
    let section = text.split("\n## ").find(|section| section.starts_with(heading)).expect("the heading");
    let cells = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    cells.map(|(cell, _)| cell.to_owned()).collect()
}

#[test]
fn every_file_has_a_verdict_and_every_verdict_its_file() {
    let corpus = corpus();
    assert!(corpus.generated.contains("make.py"));
    assert!(corpus.cases.len() >= AT_LEAST, "{} cases", corpus.cases.len());
    let listed: BTreeSet<String> = corpus.cases.iter().map(|case| case.file.clone()).collect();
    assert_eq!(listed.len(), corpus.cases.len(), "a file is listed twice");
    let found: BTreeSet<String> = fs::read_dir(folder().join("files"))
        .expect("files")
        .map(|entry| entry.expect("entry").file_name().into_string().expect("UTF-8"))
        .collect();
    assert_eq!(listed, found);
    for case in &corpus.cases {
        let bytes = read(&case.file);
        let sha256: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((bytes.len() as u64, sha256), (case.bytes, case.sha256.clone()), "{}", case.file);
    }
}

#[test]
fn every_verdict_has_a_reason_and_a_place() {
    let corpus = corpus();
    let codes = documented("Codes");
    let mut used = BTreeSet::new();
    for case in &corpus.cases {
        let Case { file, target, code, also, at, .. } = case;
        let columns = corpus.targets.get(target).unwrap_or_else(|| panic!("{file}: no target `{target}`"));
        match case.verdict {
            Verdict::Accept => assert!(code.is_none() && also.is_empty() && at.is_none(), "{file}: a fault is named"),
            Verdict::Refuse => {
                let named: BTreeSet<String> = code.iter().chain(also).cloned().collect();
                assert!(code.is_some() && named.len() == 1 + also.len(), "{file}: {named:?}");
                assert!(named.is_subset(&codes), "{file}: {named:?} are not all in README.md");
                used.extend(code.clone());
                let at = at.as_ref().unwrap_or_else(|| panic!("{file}: no place, not even an empty one"));
                assert!(at.row.is_none() || at.row_group.is_some(), "{file}: a row without its row group");
                let known = |name: &String| columns.iter().any(|column| column.name == *name);
                assert!(at.column.as_ref().is_none_or(known), "{file}: the table has no such column");
            }
        }
    }
    assert_eq!(used, codes, "a code that no case uses");
    let targets: BTreeSet<&String> = corpus.cases.iter().map(|case| &case.target).collect();
    assert_eq!(targets, corpus.targets.keys().collect(), "a target that no case uses");
    let verdicts: BTreeSet<Verdict> = corpus.cases.iter().map(|case| case.verdict).collect();
    assert_eq!(verdicts, BTreeSet::from([Verdict::Accept, Verdict::Refuse]));
}

#[test]
fn every_verdict_names_its_source() {
    for Case { file, about, key, basis, source, verdict, .. } in corpus().cases {
        assert!(!about.is_empty() && key.is_none_or(|key| !key.is_empty()), "{file}: an empty field");
        match basis {
            Basis::Documented | Basis::Reported => assert!(source.contains("https://"), "{file}: no page is named"),
            Basis::Inferred => assert!(source.starts_with("inferred: "), "{file}: {source}"),
            Basis::Unchecked => assert!(source.starts_with("unchecked: refused out of caution because "), "{file}"),
        }
        assert!(basis != Basis::Unchecked || verdict == Verdict::Refuse, "{file}: accepted without a source");
    }
}

/// Returns a table's columns from their Redshift types; `super` is JSON that is staged as VARBYTE.
fn columns(target: &[Column]) -> Vec<FileColumn<'_>> {
    let kind = |name: &str| match name {
        "bigint" => Type::Integer,
        "double precision" => Type::Double,
        "boolean" => Type::Boolean,
        "date" => Type::Date,
        "timestamp" => Type::Timestamp,
        "super" => Type::Json,
        _ => {
            let bytes = name.strip_prefix("varchar(").and_then(|rest| rest.strip_suffix(')'));
            Type::String(bytes.and_then(|bytes| bytes.parse().ok()).unwrap_or_else(|| panic!("unknown type `{name}`")))
        }
    };
    target.iter().map(|column| (column.name.as_str(), kind(&column.kind), !column.nullable)).collect()
}

fn validated(corpus: &Corpus, case: &Case) -> Result<u64, Refusal> {
    let key = case.key.as_deref().unwrap_or("processed/zoo/table/run=r1/part-0.parquet");
    validate::parquet(&columns(&corpus.targets[&case.target]), key, &Bytes::from(read(&case.file)))
}

/// Compares verdict, code and position for every file, and reports all differences together.
#[test]
fn the_validation_agrees_with_every_verdict() {
    let corpus = corpus();
    let mut disagreements = Vec::new();
    for case in &corpus.cases {
        let found = validated(&corpus, case);
        let agrees = match (&case.verdict, &found) {
            (Verdict::Accept, found) => found.is_ok(),
            (Verdict::Refuse, Ok(_)) => false,
            (Verdict::Refuse, Err(refusal)) => {
                let code = refusal.code;
                let at = case.at.as_ref().expect("a place");
                let place = (at.row_group, at.row, at.column.clone());
                let row_group = refusal.row_group.map(|group| group as u64);
                case.code.iter().chain(&case.also).any(|known| known == code)
                    && (row_group, refusal.row, refusal.column.clone()) == place
            }
        };
        if !agrees {
            let found = found.map_or_else(|refusal| refusal.to_string(), |rows| format!("accepted, {rows} rows"));
            let Case { file, about, verdict, code, at, .. } = case;
            disagreements.push(format!("{file} ({about})\n    {verdict:?} {code:?} {at:?}\n    {found}"));
        }
    }
    let (some, all) = (disagreements.len(), corpus.cases.len());
    assert!(disagreements.is_empty(), "{some} of {all} disagree:\n{}", disagreements.join("\n"));
}
