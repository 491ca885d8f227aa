//! What a load loses, against what its tables had.

use std::collections::BTreeMap;

use contract::{Contract, RunId};

use super::super::plan::StageNames;
use super::super::sql::Dialect;
use super::*;
use crate::receipt::Object;

const TEXT: &str = "
source: zoo
base_url: http://zoo.example
collections:
  hens:
    path: /hens
    key: id
    doc: h
    columns: {id: {type: integer, doc: i}, name: {type: string(9), doc: n}, kg: {type: double, doc: k}}
";

/// A run of one table: its rows, and what the warehouse has.
#[derive(Clone, Default)]
struct Run {
    path: &'static str,
    limits: &'static str,
    rows: u64,
    quarantined: u64,
    inserted: u64,
    revived: u64,
    deleted: u64,
    live: i64,
    /// The values of `name` and `kg` in the run and in the warehouse.
    values: [u64; 2],
    before: [u64; 2],
    unknown: Vec<&'static str>,
    incomplete: Option<&'static str>,
    /// The rows that are not an older version of another one; 0 if there can be none.
    staged: u64,
    unchanged_since: Option<&'static str>,
    fetched_at: &'static str,
}

fn id(run: &str) -> RunId {
    run.parse().expect("a run ID")
}

/// Returns each finding as its check, whether it is refused, and its problem.
fn found(run: &Run) -> Vec<(Check, bool, String)> {
    let text = TEXT.replace("/hens", if run.path.is_empty() { "/hens" } else { run.path });
    let contract = Contract::parse(&text.replace("    doc: h\n", &format!("    doc: h\n{}", run.limits)), "zoo.yaml");
    let contract = contract.expect("a sound contract");
    let named = |values: [u64; 2]| {
        let columns = ["id", "name", "kg"].into_iter().zip([run.rows, values[0], values[1]]);
        columns.filter(|(_, values)| *values > 0).map(|(name, values)| (name.to_owned(), values)).collect()
    };
    let receipt = Receipt {
        source: "zoo".to_owned(),
        collection: "hens".to_owned(),
        run_id: id("r2"),
        fetched_at: run.fetched_at.to_owned(),
        sent_at: None,
        fingerprint: String::new(),
        etag: None,
        url: None,
        incomplete: run.incomplete.map(str::to_owned),
        unchanged_since: run.unchanged_since.map(id),
        replayed_from: None,
        part: false,
        cursor: None,
        made_by: None,
        redactions: Vec::new(),
        raw: vec![Object { key: String::new(), bytes: 0, sha256: String::new() }; 1 + usize::from(run.staged > 0)],
        tables: vec![TableReceipt {
            table: "hens".to_owned(),
            read: run.rows + run.quarantined,
            rows: run.rows,
            quarantined: run.quarantined,
            values: named(run.values),
            unknown: run.unknown.iter().map(|field| (*field).to_owned()).collect(),
            ..TableReceipt::default()
        }],
        quarantine: None,
    };
    let receipts = [receipt];
    let (number, names) = (id("r2"), StageNames::new("zoo", &id("r2"), "a"));
    let plan = Plan {
        dialect: Dialect::Postgres,
        contract: &contract,
        run: &number,
        names,
        loaded_at: String::new(),
        fetched_at: String::new(),
        tables: contract.tables(),
        receipts: &receipts,
        retired: Vec::new(),
    };
    let emptied = plan.sparse_columns(&plan.tables[0]);
    let before = emptied.iter().map(|column| run.before[usize::from(*column == "kg")].to_string());
    let before = before.collect::<Vec<_>>().join(",");
    let row = |table: &str, number, detail: &str| (table.to_owned(), number, 0, detail.to_owned());
    let counted = (!emptied.is_empty()).then(|| row("hens", 0, &before));
    let rows = [row("", 1, "2026-01-05 10:05:00.000000"), row("hens", run.live, "")];
    let audit = Audit::read(rows.into_iter().chain(counted));
    let staged = (run.staged > 0).then_some((Change::Staged, run.staged));
    let changes = [(Change::Inserted, run.inserted), (Change::Revived, run.revived), (Change::Deleted, run.deleted)];
    let changes = changes.into_iter().chain(staged).collect();
    let findings = plan.findings(&audit, &BTreeMap::from([("hens".to_owned(), changes)]));
    findings.into_iter().map(|finding| (finding.check, finding.refused, finding.problem)).collect()
}

fn checks(run: &Run) -> Vec<(Check, bool)> {
    found(run).into_iter().map(|(check, refused, _)| (check, refused)).collect()
}

#[test]
fn more_than_two_rows_and_more_than_the_share_are_too_many() {
    let lost = |rows, inserted, revived, deleted| {
        let live = i64::try_from(rows - inserted - revived + deleted).expect("a small number");
        let run = Run { rows, inserted, revived, deleted, live, values: [rows, rows], ..Run::default() };
        let (_, _, problem) = found(&run).into_iter().find(|(check, ..)| *check == Check::Deleted)?;
        Some(problem.split_once("lose ")?.1.split_once(" rows")?.0.to_owned())
    };
    assert_eq!(lost(1, 0, 0, 3).as_deref(), Some("3 of its 4"), "4 rows become 1");
    assert_eq!(lost(1, 0, 0, 2), None, "3 rows become 1");
    assert_eq!(lost(75, 0, 0, 25), None, "exactly the share");
    assert_eq!(lost(75, 0, 0, 26).as_deref(), Some("26 of its 101"));
    assert_eq!(lost(50, 0, 0, 50).as_deref(), Some("50 of its 100"), "half a response");
    assert_eq!(lost(90, 90, 0, 90).as_deref(), Some("90 of its 90"), "new keys do not compensate for the lost ones");
    assert_eq!(lost(90, 0, 60, 40).as_deref(), Some("40 of its 70"), "nor do revived rows");
    assert_eq!(lost(144 + 61, 61, 0, 4), None);
}

#[test]
fn a_table_with_rows_does_not_become_empty() {
    let run = Run { live: 2, deleted: 2, ..Run::default() };
    assert_eq!(found(&run)[0].2, "the response for collection `hens` is empty, but the table has 2 rows");
    let quarantined = Run { quarantined: 2, ..run.clone() };
    assert!(found(&quarantined)[0].2.contains("has only quarantined records"));
    assert_eq!(checks(&quarantined), [(Check::Empty, true)], "one finding says it all");
    assert_eq!(checks(&Run { live: 0, deleted: 0, ..run }), []);
}

#[test]
fn a_column_does_not_lose_almost_all_of_its_values() {
    let run = |values: u64, before: u64| Run {
        rows: 101,
        live: 101,
        values: [101, values],
        before: [101, before],
        ..Run::default()
    };
    let problem = "table `hens` would lose 80 of the 80 values of `kg` (100.0 %; the limit is 95.0 %)";
    assert_eq!(found(&run(0, 80)), [(Check::Emptied, true, problem.to_owned())]);
    assert_eq!(checks(&run(1, 80)), [(Check::Emptied, true)], "all but one record");
    assert_eq!(checks(&run(8, 80)), [], "a tenth is left");
    assert_eq!(
        (checks(&run(0, 2)), checks(&run(0, 0)), checks(&run(3, 3))),
        (vec![], vec![], vec![]),
        "sparse columns"
    );
    let many = Run { rows: 1_000_001, live: 1_000_001, ..run(0, 9_000) };
    assert_eq!(checks(&Run { values: [1_000_001, 0], ..many }), [], "fewer than 1 % of the rows");
    let both = Run { values: [0, 0], ..run(0, 80) };
    assert!(found(&both)[0].2.contains("101 of the 101 values of `name` (100.0 %; the limit is 95.0 %), 80 of the 80"));
    assert_eq!(checks(&Run { limits: "    max_emptied_share: 1.0\n", ..both.clone() }), []);
    assert_eq!(checks(&Run { limits: "    max_emptied_share: 0.5\n", ..run(30, 80) }), [(Check::Emptied, true)]);
}

#[test]
fn a_page_is_recognised_by_its_size_if_rows_are_missing_from_it() {
    let run = Run { rows: 100, live: 105, deleted: 5, values: [100, 100], ..Run::default() };
    let problem = "the response for collection `hens` has exactly 100 records, as many as a page often has, and 5 rows of \
                   the table would be deleted";
    assert_eq!(found(&run), [(Check::PageSize, true, problem.to_owned())]);
    assert_eq!(checks(&Run { rows: 101, ..run.clone() }), []);
    assert_eq!(checks(&Run { deleted: 2, live: 102, ..run.clone() }), [(Check::PageSize, false)]);
    assert_eq!(checks(&Run { limits: "    max_deleted_share: 1.0\n", ..run.clone() }), []);
    // A first load has nothing to compare with.
    let first = Run { live: 0, deleted: 0, inserted: 100, ..run.clone() };
    assert_eq!(checks(&first), [(Check::PageSize, false)]);
    assert_eq!(checks(&Run { rows: 25, inserted: 25, ..first }), []);
    for path in
        ["/hens?a=b&limit=77", "/hens?per_page=77", "/hens?$top=77", "/hens?pageSize=77", "/hens?page%5Bsize%5D=77"]
    {
        let asked = Run { path, rows: 77, live: 77, deleted: 0, ..run.clone() };
        assert_eq!(checks(&asked), [(Check::PageSize, false)], "{path}");
        assert_eq!(checks(&Run { live: 82, deleted: 5, ..asked }), [(Check::PageSize, true)], "{path}");
    }
}

#[test]
fn claims_clocks_and_unknown_fields_are_reported() {
    let run = Run { rows: 3, live: 3, values: [3, 3], ..Run::default() };
    assert_eq!(checks(&run), []);
    let claim = Run { incomplete: Some("has 3 records, but its `X-Total` header reports 9"), ..run.clone() };
    assert_eq!(checks(&claim), [(Check::Incomplete, true)]);
    assert_eq!(checks(&Run { unchanged_since: Some("r1"), ..claim }), [], "it was loaded before");
    assert_eq!(checks(&Run { fetched_at: "2026-01-05T10:05:00.000000Z", ..run.clone() }), []);
    assert_eq!(checks(&Run { fetched_at: "2026-01-05T10:05:00.000001Z", ..run.clone() }), [(Check::Clock, true)]);
    let unknown = found(&Run { unknown: vec!["a", "b", "c", "d", "e", "f", "g"], ..run });
    let problem =
        "every row of `hens` has fields that the contract does not define: `a`, `b`, `c`, `d`, `e` and 2 more";
    assert_eq!(unknown, [(Check::UnknownFields, false, problem.to_owned())]);
}

#[test]
fn pages_that_repeat_records_are_incomplete() {
    const PAGED: &str = "    request: {paginator: {type: page_number, page_param: p}, records_at: items}\n";
    const TOTAL: &str =
        "    request: {paginator: {type: page_number, page_param: p}, records_at: items, total_path: total}\n";
    const SHARE: &str = "    max_deleted_share: 1.0\n    request: {paginator: {type: page_number, page_param: p}, \
                         records_at: items, total_path: total}\n";
    let run = Run { limits: TOTAL, rows: 30, staged: 25, live: 30, deleted: 5, ..Run::default() };
    let problem = "the pages of collection `hens` repeat records: 30 have only 25 keys, so others may be missing";
    assert_eq!(found(&run), [(Check::Incomplete, true, problem.to_owned())]);
    for limits in [PAGED, SHARE] {
        assert_eq!(checks(&Run { limits, ..run.clone() }), [(Check::Incomplete, false)], "{limits}");
    }
    assert_eq!(checks(&Run { staged: 30, ..run.clone() }), []);
    assert_eq!(checks(&Run { limits: "", rows: 31, ..run }), [], "one response");
}
