use contract::Contract;

use super::super::plan::StageNames;
use super::super::sql::Dialect;
use super::*;
use crate::receipt::Object;

const TEXT: &str = "
source: zoo
base_url: http://zoo.example
collections:
  visits:
    path: /visits
    incremental: {cursor: at, start_param: since}
    key: id
    doc: v
    columns: {id: {type: integer, doc: i}, at: {type: date, required: true, doc: a}}
    children:
      stops: {at: stops, parent_key: visit_id, doc: s, columns: {place: {at: ., type: string(9), doc: p}}}
  others:
    path: /others
    key: id
    doc: o
    columns: {id: {type: integer, doc: i}}
";

fn plan<T>(text: &str, part: bool, work: impl FnOnce(&Plan<'_>) -> T) -> T {
    let contract = Contract::parse(text, "zoo.yaml").expect("good");
    let run: contract::RunId = "r1".parse().expect("a run ID");
    let receipt = |collection: &str, tables: &[&str]| Receipt {
        source: "zoo".to_owned(),
        collection: collection.to_owned(),
        run_id: run.clone(),
        fetched_at: String::new(),
        sent_at: None,
        fingerprint: String::new(),
        etag: None,
        url: None,
        incomplete: None,
        unchanged_since: None,
        replayed_from: None,
        part: part && collection == "visits",
        cursor: None,
        made_by: None,
        redactions: Vec::new(),
        raw: vec![Object { key: String::new(), bytes: 0, sha256: String::new() }],
        tables: tables
            .iter()
            .map(|table| TableReceipt { table: (*table).to_owned(), rows: 5, ..TableReceipt::default() })
            .collect(),
        quarantine: None,
    };
    let receipts = [receipt("visits", &["visits", "stops"]), receipt("others", &["others"])];
    work(&Plan {
        dialect: Dialect::Redshift,
        contract: &contract,
        run: &run,
        names: StageNames { schema: "staging_zoo".to_owned(), token: "0123456789ab".to_owned() },
        loaded_at: String::new(),
        fetched_at: String::new(),
        tables: contract.tables(),
        receipts: &receipts,
        retired: Vec::new(),
    })
}

fn reduced(text: &str, part: bool) -> Vec<String> {
    let statements = plan(text, part, |plan| plan.reduce().concat());
    statements.into_iter().map(|statement| statement.sql.replace("__s_0123456789ab", "_stage")).collect()
}

const IN_RUN: &str = "DELETE FROM staging_zoo.visits_stage WHERE _record IN (SELECT _record FROM (SELECT _record, \
    row_number() OVER (PARTITION BY id ORDER BY at DESC, _record DESC) AS place FROM staging_zoo.visits_stage) AS ranked \
    WHERE place > 1)";
const LIVE: &str = "DELETE FROM staging_zoo.visits_stage USING zoo.visits AS live WHERE live.id = visits_stage.id AND \
    (live.at > visits_stage.at OR live.at = visits_stage.at AND live._deleted_at IS NOT NULL)";
const ELEMENTS: &str = "DELETE FROM staging_zoo.stops_stage WHERE NOT EXISTS (SELECT 1 FROM staging_zoo.visits_stage AS kept \
    WHERE kept._record = stops_stage._record)";

#[test]
fn only_a_part_is_compared_with_the_table() {
    assert_eq!(reduced(TEXT, false), [IN_RUN, ELEMENTS]);
    assert_eq!(reduced(TEXT, true), [IN_RUN, LIVE, ELEMENTS]);
    let append = reduced(&TEXT.replacen("    key: id", "    mode: append\n    key: id", 1), false);
    let first = IN_RUN.replace("at DESC, _record DESC", "_record");
    let (live, _) = LIVE.split_once(" AND").expect("a condition");
    assert_eq!(append, [first.as_str(), live, ELEMENTS]);
}

#[test]
fn a_part_deletes_only_elements_of_its_records() {
    let delta = |part, table: usize| plan(TEXT, part, |plan| plan.create_delta(&plan.tables[table]).sql);
    for table in 0..3 {
        assert!(!delta(true, table).contains("_record,"), "only the files have this column");
        assert!(delta(false, table).contains("'deleted' AS _change"), "{table}");
    }
    assert!(!delta(true, 0).contains("'deleted'"));
    let elements = "FROM zoo.stops AS live JOIN staging_zoo.visits__s_0123456789ab AS parent ON parent.id = live.visit_id LEFT JOIN";
    assert!(delta(true, 1).contains(elements), "{}", delta(true, 1));
    assert_eq!(delta(true, 2), delta(false, 2), "another collection");
}

#[test]
fn staged_rows_are_counted_only_where_some_are_removed() {
    let counts = plan(TEXT, true, |plan| (plan.count_staged()[0].sql.clone(), plan.count_changes()[0].sql.clone()));
    assert_eq!((counts.0.matches("count(*)").count(), counts.1.matches("'staged'").count()), (2, 2), "{counts:?}");
    plan(TEXT, true, |plan| {
        assert_eq!(plan.wrongly_staged("visits", 5), None);
        assert_eq!(plan.wrongly_staged("stops", 4).map(|read| read.rows), Some(5));
        let changes: Changes = [("visits".to_owned(), [(Change::Staged, 3), (Change::Inserted, 2)].into())].into();
        assert_eq!(
            plan.wrong_counts(&Audit::default(), &changes).unwrap_or_default().matches("table `visits`").count(),
            0
        );
    });
    let snapshot = plan(TEXT, false, |plan| {
        let changes: Changes = [("visits".to_owned(), [(Change::Staged, 3), (Change::Inserted, 2)].into())].into();
        plan.wrong_counts(&Audit::default(), &changes)
    });
    let problem = "table `visits` would have 2 rows after the load, but the run has 3";
    assert!(snapshot.as_ref().is_some_and(|found| found.contains(problem)), "{snapshot:?}");
}
