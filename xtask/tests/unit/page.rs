use std::collections::BTreeMap;

use contract::Check;

use super::*;
use crate::report::Loaded;

const EVIL: &str = "\"><script src='https://example.invalid'></script><img onerror=x>&";

/// Returns a run in which every text is `text`.
fn run(text: &str) -> LocalReport {
    let text = || text.to_owned();
    let counts = Counts { read: 1_700, rows: 1_234, inserted: 1_200, deleted: 34, ..Counts::default() };
    let finding = |test| Finding { of: text(), test, message: text(), rows: None };
    let warnings = vec![finding(Some(text())), finding(None)];
    let of_load = |refused| contract::Finding { check: Check::Deleted, table: text(), problem: text(), refused };
    LocalReport {
        source: "spacex".to_owned(),
        loaded: Loaded {
            run_id: text(),
            outcome: "committed".to_owned(),
            superseded_by: Some(text()),
            tables: BTreeMap::from([(text(), counts)]),
            findings: [true, false].map(of_load).into(),
            accepted: Some(text()),
        },
        dbt: Some(Results { pass: 5, warn: 2, total: 7, warnings, ..Results::default() }),
        report: "/lake/report.html".to_owned(),
        lake: text(),
        warehouse: text(),
        seconds: [("copy", 0.0), ("dbt", 2.0)].into(),
    }
}

fn charts(name: &str) -> Charts {
    let rows = serde_json::json!({
        "cadence": [
            {"year": 2006, "rocket": name, "launches": 1_000, "planned": 1},
            {"year": 2020, "rocket": name, "launches": 7, "planned": 0},
        ],
        "landings": [
            {"year": 2015, "kind": name, "attempts": 3, "successes": 1, "failures": 2},
            {"year": 2017, "kind": name, "attempts": 9, "successes": 8, "failures": 0},
        ],
        "turnarounds": [{"core": name, "flight": 2, "launch": name, "days": 21.26}],
        "mass": [{"year": 2008, "regime": name, "payloads": 3, "weighed": 2, "mass_kg": 15_600.0}],
    });
    serde_json::from_value(rows).expect("charts")
}

fn page(run: &LocalReport, charts: Option<&Charts>) -> String {
    html(run, "2026-11-22T09:27:11Z", charts)
}

#[test]
fn no_text_of_the_data_becomes_markup() {
    let tags = |html: &str| {
        let names = html.split('<').skip(1).filter_map(|rest| rest.split([' ', '>', '\n']).next());
        names.filter(|name| *name != "wbr").map(str::to_owned).collect::<Vec<_>>()
    };
    let evil = page(&run(EVIL), Some(&charts(EVIL)));
    assert_eq!(tags(&evil), tags(&page(&run("plain"), Some(&charts("plain")))));
    assert!(!evil.contains("<script") && !evil.contains("<img"));
}

#[test]
fn the_page_loads_nothing_and_is_reproducible() {
    let first = page(&run("plain"), Some(&charts("plain")));
    for loads in ["https:", "src=", "@import", "url(", "<script", "<iframe", "javascript:"] {
        assert!(!first.contains(loads), "{loads}");
    }
    assert_eq!(first.matches("href=").count(), 1);
    assert!(first.contains("href=\"data:,\"") && first.contains("content=\"default-src 'none'; "));
    assert_eq!(first, page(&run("plain"), Some(&charts("plain"))));
}

#[test]
fn captions_and_tables_have_the_numbers() {
    let page = page(&run("plain"), Some(&charts("plain")));
    for caption in [
        "1,007 launches from 2006 to 2020; the busiest year was 2006 with 1,000. 1 planned launch is not shown.",
        "9 of 11 landing attempts succeeded (82%); in 2017, 8 of 8 (100%). 1 attempt has no reported result.",
        "Core plain has the fastest turnaround: 21.3 days.",
        "16 tonnes in 2008; the heaviest year was 2008 with 16. 1 of 3 payloads has no public mass and is left out.",
        "<th scope=\"row\">2015<wbr></th><td class=\"number\">3</td><td class=\"number\">3</td><td class=\"number\">1</td>",
    ] {
        assert!(page.contains(caption), "{caption}\n{page}");
    }
}

#[test]
fn grid_lines_have_values() {
    // 15 years are too narrow for a label at each.
    let page = page(&run("plain"), Some(&charts("plain")));
    assert!(page.contains(">\n200\n<"), "{page}");
}

#[test]
fn without_data_there_are_sentences_and_no_charts() {
    let empty = page(&run("name"), Some(&Charts::default()));
    assert!(!empty.contains("<svg"), "{empty}");
    for caption in
        ["has been launched yet", "attempted a landing yet", "No core has flown twice", "No payload has reached orbit"]
    {
        assert!(empty.contains(caption), "{caption}");
    }
    assert!(page(&LocalReport { dbt: None, ..run("name") }, None).contains("built no marts"));
}

#[test]
fn the_headline_shows_the_outcome() {
    let headline = |outcome: &str, dbt: Option<Results>| {
        let run = run("later");
        let loaded = Loaded { outcome: outcome.to_owned(), ..run.loaded };
        headline(&LocalReport { loaded, dbt, ..run }).2
    };
    let dbt = |error, warn| Some(Results { error, warn, total: 9, ..Results::default() });
    assert_eq!(headline("committed", None), "1 table loaded");
    assert_eq!(headline("committed", dbt(0, 0)), "1 table loaded, every test passed");
    assert_eq!(headline("committed", dbt(0, 1)), "1 table loaded, no test failed");
    assert_eq!(headline("committed", dbt(2, 1)), "2 of 9 models and tests failed");
    assert_eq!(headline("already_committed", dbt(0, 0)), "This run was already loaded");
    assert_eq!(headline("superseded", dbt(0, 0)), "Nothing changed: later has newer data");
}
