use std::collections::BTreeMap;

use contract::{Check, Finding};

use super::*;
use crate::report::{Gap, Loaded, Past, Prices, Step, Steps, Until};

const EVIL: &str = "\"><script src='https://example.invalid'></script><img onerror=x>&";

/// Returns a run in which every text is `text`.
fn run(text: &str) -> Report {
    let text = || text.to_owned();
    let counts = Counts { read: 1_700, rows: 1_234, inserted: 1_200, deleted: 34, ..Counts::default() };
    let tables = BTreeMap::from([(text(), counts)]);
    let finding = |test| dbt::Finding { of: text(), test, message: text(), rows: None };
    let warnings = vec![finding(Some(text())), finding(None)];
    let of_load = |refused| Finding { check: Check::Deleted, table: text(), problem: text(), refused };
    let step = |task: &str, seconds| Step {
        task: task.to_owned(),
        state: text(),
        seconds,
        billed_seconds: 90.0,
        cause: Some(text()),
        log: Some(text()),
    };
    let past = |seq, outcome| Past { run_id: text(), at: text(), seq, outcome, tables: tables.clone() };
    Report {
        source: "spacex".to_owned(),
        run_id: text(),
        written_at: "2026-11-22T09:27:11Z".to_owned(),
        has_ledger: true,
        places: [text(), text()],
        steps: Steps { steps: vec![step("copy_job", Some(90.0)), step("dbt_build", None)], link: Some(text()) },
        prices: Some(Prices {
            hour: [("copy_job".to_owned(), 0.02), ("warehouse".to_owned(), 1.5)].into(),
            note: text(),
        }),
        loaded: Some(Loaded {
            tables: tables.clone(),
            findings: [true, false].map(of_load).into(),
            accepted: Some(text()),
        }),
        dbt: Some(dbt::Results { pass: 5, warn: 2, total: 7, warnings, ..dbt::Results::default() }),
        until: vec![until(&text()), until("launches")],
        gaps: vec![Gap { column: text(), to: text(), known: 3, found: 5 }],
        history: vec![
            past(Some(2), Outcome::Loaded),
            past(None, Outcome::Failed(text())),
            past(Some(1), Outcome::Superseded),
        ],
        unread: vec![text()],
    }
}

fn until(collection: &str) -> Until {
    let newest = "2020-12-31T23:59:00Z".to_owned();
    Until { collection: collection.to_owned(), event: "liftoff".to_owned(), newest, fetched: collection.to_owned() }
}

fn charts(name: &str) -> Charts {
    let rows = |rows: &[&[&str]]| rows.iter().map(|row| row.iter().map(|&value| value.to_owned()).collect()).collect();
    let read = Charts::read([
        rows(&[&["2006", name, "1000", "1", "0"], &["2020", name, "7", "0", "2"]]),
        rows(&[&["2015", "3", "1", "2", name], &["2017", "9", "8", "0", name]]),
        rows(&[&[name, "2", name, "21.26"]]),
        rows(&[&["2008", "3", "2", "15600.0", name]]),
    ]);
    read.expect("charts")
}

fn page(run: &Report, charts: Option<&Charts>) -> String {
    html(run, charts)
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
    // Only the icon: no text is a web address.
    assert_eq!(first.matches("href=").count(), 1);
    assert!(first.contains("href=\"data:,\"") && first.contains("content=\"default-src 'none'; "));
    assert_eq!(first, page(&run("plain"), Some(&charts("plain"))));
}

#[test]
fn captions_and_tables_have_the_numbers() {
    let page = page(&run("plain"), Some(&charts("plain")));
    for caption in [
        "1,007 launches from 2006 to 2020; the busiest year was 2006 with 1,000. 1 planned launch is not shown. 2 launches are \
         still planned in the source although their dates have passed. Data until 2020-12-31.",
        "9 of 11 landing attempts succeeded (82%); in 2017, 8 of 8 (100%). 1 attempt has no reported result. Data until 2020-12-31.",
        "Core plain has the fastest turnaround: 21.3 days. Data until 2020-12-31.",
        "16 tonnes in 2008; the heaviest year was 2008 with 16. 1 of 3 payloads has no public mass and is left out. Data until 2020-12-31.",
        "<th scope=\"row\">2015<wbr></th><td class=\"number\">3</td><td class=\"number\">3</td><td class=\"number\">1</td>",
    ] {
        assert!(page.contains(caption), "{caption}\n{page}");
    }
}

#[test]
fn runs_without_changes_are_shown_and_the_first_load_is_left_out() {
    let past = |seq, inserted| {
        let tables = BTreeMap::from([("crew".to_owned(), Counts { rows: 10, inserted, ..Counts::default() })]);
        Past { run_id: format!("r{seq}"), at: String::new(), seq: Some(seq), outcome: Outcome::Loaded, tables }
    };
    let page = |history| page(&Report { history, ..run("plain") }, None);
    let third = page(vec![past(3, 0), past(2, 4), past(1, 10)]);
    let caption = "Run 3 has 0; the most were 4 in run 2. Runs are numbered as in the ledger, from 2 to 3. \
                   Run 1 inserted every row and is left out.";
    assert!(third.contains(caption), "{third}");
    assert!(
        page(vec![past(2, 0), past(1, 10)]).contains("No run changed a row. Run 1 inserted every row and is left out.")
    );
    assert!(
        page(vec![past(9, 0), past(8, 3)])
            .contains("Run 9 has 0; the most were 3 in run 8. Runs are numbered as in the ledger, from 8 to 9.<")
    );
}

#[test]
fn grid_lines_have_values() {
    // 15 years are too narrow for a label at each.
    let page = page(&run("plain"), Some(&charts("plain")));
    assert!(page.contains(">\n200\n<"), "{page}");
}

#[test]
fn without_data_there_are_sentences_and_no_charts() {
    let empty = page(&Report { history: Vec::new(), ..run("name") }, Some(&Charts::default()));
    assert!(!empty.contains("<svg"), "{empty}");
    for caption in
        ["has been launched yet", "attempted a landing yet", "No core has flown twice", "No payload has reached orbit"]
    {
        assert!(empty.contains(caption), "{caption}");
    }
    assert!(!page(&run("name"), None).contains("Charts"));
}

#[test]
fn the_headline_shows_the_outcome() {
    let headline = |steps: &[(&str, &str)], loaded: bool, dbt: Option<(u64, u64)>| {
        let run = run("later");
        let step = |(task, state): &(&str, &str)| Step {
            task: (*task).to_owned(),
            state: (*state).to_owned(),
            cause: Some("the cause".to_owned()),
            ..Step::default()
        };
        let steps = Steps { steps: steps.iter().map(step).collect(), link: None };
        let dbt = dbt.map(|(error, warn)| dbt::Results { error, warn, total: 9, ..dbt::Results::default() });
        headline(&Report { steps, dbt, loaded: run.loaded.clone().filter(|_| loaded), ..run }).2
    };
    let done = [("copy_job", "success")];
    assert_eq!(headline(&done, true, None), "1 table loaded");
    assert_eq!(headline(&done, true, Some((0, 0))), "1 table loaded, every test passed");
    assert_eq!(headline(&done, true, Some((0, 1))), "1 table loaded, no test failed");
    assert_eq!(headline(&done, false, Some((0, 0))), "Nothing changed: a newer run has newer data");
    assert_eq!(headline(&[("dbt_build", "failed")], true, Some((2, 1))), "2 of 9 models and tests failed");
    assert_eq!(headline(&[("dbt_build", "failed")], true, None), "dbt_build failed after the load");
    assert_eq!(headline(&[("copy_job", "failed")], false, None), "copy_job failed; nothing was loaded");
}

#[test]
fn a_failed_run_starts_with_the_cause() {
    let mut run = run("plain");
    run.steps.steps[0] = Step { cause: Some("the source is down".to_owned()), ..run.steps.steps[0].clone() };
    "failed".clone_into(&mut run.steps.steps[0].state);
    let page = page(&run, None);
    assert!(page.contains("<p class=\"cause\">copy_job: the source is down</p>"), "{page}");
}

#[test]
fn only_web_addresses_become_links() {
    let mut run = run("plain");
    run.steps.link = Some("https://airflow.example/run".to_owned());
    run.steps.steps[0].log = Some("javascript:alert(1)".to_owned());
    let page = page(&run, None);
    assert!(page.contains("href=\"https://airflow.example/run\"") && !page.contains("javascript:"), "{page}");
}

#[test]
fn costs_gaps_and_runs_have_the_numbers() {
    let page = page(&run("plain"), None);
    for part in [
        // 90 s at 0.02 USD an hour, and as long of the warehouse at 1.5 USD.
        "<td class=\"number\">90.0</td><td class=\"number\">0.0005</td>",
        "<td class=\"number\">90.0</td><td class=\"number\">0.0375</td>",
        "<dt>US dollars</dt><dd>0.038<",
        "2 rows are new.",
        "<td class=\"number\">3</td><td class=\"number\">5</td><td class=\"number\">2</td>",
        "3 runs, 1 failed.",
        "Run 2 has 1,234; the most were 1,234 in run 2. Runs are numbered as in the ledger, from 1 to 2.",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
}
