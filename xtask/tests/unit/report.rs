use contract::Check;

use super::*;

#[test]
fn columns_of_zeros_are_left_out() {
    let tables = BTreeMap::from([
        ("a".to_owned(), Counts { rows: 3, inserted: 3, ..Counts::default() }),
        ("b".to_owned(), Counts { deleted: 1, ..Counts::default() }),
    ]);
    let text = counts(&tables);
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["table", "rows", "inserted", "deleted"]);
    assert!(lines.contains(&vec!["a", "3", "3", "-"]) && lines.contains(&vec!["b", "-", "-", "1"]), "{text}");
}

#[test]
fn findings_and_the_reason_for_accepting_them_are_shown() {
    let report = r#"{"run_id": "r1", "outcome": "committed", "tables": {}, "findings": [
        {"check": "deleted", "table": "cores", "problem": "table `cores` would lose 50 of its 83 rows", "refused": true},
        {"check": "page_size", "table": "crew", "problem": "the response has exactly 30 records", "refused": false}
    ], "accepted": "they retired"}"#;
    let loaded: Loaded = serde_json::from_str(report).expect("a report of `copy`");
    assert_eq!(loaded.findings.iter().map(|one| one.check).collect::<Vec<_>>(), [Check::Deleted, Check::PageSize]);
    let (report, lake, warehouse) = (String::new(), String::new(), String::new());
    let source = "spacex".to_owned();
    let mut done = LocalReport { source, loaded, dbt: None, report, lake, warehouse, seconds: IndexMap::new() };
    let expected = "
Run        r1
Accepted   table `cores` would lose 50 of its 83 rows
Warning    the response has exactly 30 records
Reason     they retired
Took";
    assert!(text(&done, None).contains(expected), "{}", text(&done, None));
    let elsewhere = text(&done, Some(Path::new("/elsewhere")));
    assert!(elsewhere.contains("stop it with `cargo xtask local stop --dir /elsewhere`"), "{elsewhere}");

    done.loaded = serde_json::from_str(r#"{"run_id": "r1", "outcome": "committed", "tables": {}}"#).expect("a report");
    assert!(text(&done, None).contains("\nRun        r1\nTook"));
    let json = serde_json::to_string(&done).expect("JSON");
    assert!(!json.contains("findings") && !json.contains("accepted"), "{json}");
}
