//! The report of a local run: one self-contained HTML page.
//!
//! Architecture invariant: the page depends only on the run's values, and the same values produce the same bytes. It
//! needs neither network access nor scripts, and its content security policy forbids both.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod charts;
mod drawing;
mod figures;
mod format;
mod stacked;

pub use charts::Charts;
pub use format::counted;

use contract::Counts;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::dbt::{Finding, Results};
use crate::report::{LocalReport, count_rows};
use format::{breakable, count, table};

const STYLE: &str = include_str!("page/style.css");

/// Prevents the page from loading anything, regardless of the names and messages in the data.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// Renders the page for a run that ended at `when` (`2026-11-22T09:27:11Z`). Without marts, it has no charts.
pub fn html(run: &LocalReport, when: &str, charts: Option<&Charts>) -> String {
    let (tone, state, headline) = headline(run);
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                link rel="icon" href="data:,";
                title { "Run " (run.loaded.run_id) " · dpworld" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    header {
                        p.state.(tone) { (state) }
                        h1 { (headline) }
                        p.muted {
                            "Run " code { (breakable(&run.loaded.run_id)) } " " span.dot { "·" } " "
                            time datetime=(when) { (when.replace('T', " ").replace('Z', " UTC")) }
                        }
                    }
                    (tiles(run))
                    section {
                        h2 { "Charts" }
                        @if let Some(charts) = charts { div.figures { (figures::all(charts)) } }
                        @else { p.muted { "This run built no marts, so there are no charts." } }
                    }
                    div.pair {
                        div {
                            @if let Some(dbt) = &run.dbt { (models_and_tests(dbt)) }
                            (this_run(run))
                        }
                        (tables(run))
                    }
                }
                footer { "Written by " code { "cargo xtask local" } ". The page is self-contained: no network, no scripts." }
            }
        }
    };
    markup.into_string()
}

fn headline(run: &LocalReport) -> (&'static str, &'static str, String) {
    if let Some(dbt) = run.dbt.as_ref().filter(|dbt| dbt.error > 0) {
        return ("bad", "Failed", format!("{} of {} models and tests failed", count(dbt.error), count(dbt.total)));
    }
    match run.loaded.outcome.as_str() {
        "superseded" => {
            let by = run.loaded.superseded_by.as_deref().unwrap_or("a newer run");
            ("warn", "Superseded", format!("Nothing changed: {by} has newer data"))
        }
        "already_committed" => ("good", "Already committed", "This run was already loaded".to_owned()),
        _ => {
            let tests = match &run.dbt {
                None => "",
                Some(dbt) if dbt.warn > 0 => ", no test failed",
                Some(_) => ", every test passed",
            };
            let tables = counted(run.loaded.tables.len() as u64, "table", "tables");
            ("good", "Committed", format!("{tables} loaded{tests}"))
        }
    }
}

fn tiles(run: &LocalReport) -> Markup {
    let sum = |of: fn(&Counts) -> u64| run.loaded.tables.values().map(of).sum::<u64>();
    let list = |parts: &[(u64, &str)], none: &str| {
        let some =
            parts.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{} {what}", count(*number)));
        let text = some.collect::<Vec<_>>().join(", ");
        if text.is_empty() { none.to_owned() } else { text }
    };
    let (inserted, updated, deleted) = (sum(|c| c.inserted), sum(|c| c.updated), sum(|c| c.deleted));
    let removed = [(sum(|c| c.quarantined), "quarantined"), (sum(|c| c.dropped), "dropped by rule")];
    let changes = [(inserted, "inserted"), (updated, "updated"), (deleted, "deleted")];
    let mut tiles = vec![
        ("Rows", count(sum(|c| c.rows)), list(&removed, "none quarantined or dropped")),
        ("Changes", count(inserted + updated + deleted), list(&changes, "all rows unchanged")),
    ];
    if let Some(dbt) = &run.dbt {
        let results = [(dbt.pass, "passed"), (dbt.error, "failed"), (dbt.warn, "warned"), (dbt.skip, "skipped")];
        tiles.push(("Models and tests", count(dbt.total), list(&results, "none in this run")));
    }
    let steps = &run.seconds;
    let longest = steps.iter().max_by(|a, b| a.1.total_cmp(b.1)).map_or("", |(step, _)| *step);
    let total: f64 = steps.values().sum();
    tiles.push(("Seconds", format!("{total:.1}"), format!("longest step: {longest}")));
    html! {
        dl.tiles {
            @for (name, number, more) in tiles { div.card { dt { (name) } dd { (number) small { (more) } } } }
        }
    }
}

fn models_and_tests(dbt: &Results) -> Markup {
    let findings = |title: &str, findings: &[Finding]| {
        html! {
            @if !findings.is_empty() {
                h3 { (title) }
                ul.findings {
                    @for Finding { of, test, message, .. } in findings {
                        li {
                            @if let Some(test) = test { code { (breakable(test)) } " on " }
                            code { (breakable(of)) }
                            p { (message) }
                        }
                    }
                }
            }
        }
    };
    let Results { pass, warn, error, skip, .. } = dbt;
    html! {
        section {
            h2 { "Models and tests" }
            div.card {
                p {
                    "dbt built and tested the marts: " (count(*pass)) " passed, " (count(*warn)) " warned, "
                    (count(*error)) " failed, " (count(*skip)) " skipped."
                }
                (findings("Failures", &dbt.failures))
                (findings("Warnings", &dbt.warnings))
            }
        }
    }
}

fn tables(run: &LocalReport) -> Markup {
    let cell = |number: u64| if number == 0 { "–".to_owned() } else { count(number) };
    let (head, rows) = count_rows(&run.loaded.tables, cell);
    html! { section { h2 { "Tables" } div.card { (table("Tables", &head, 1, rows)) } } }
}

fn this_run(run: &LocalReport) -> Markup {
    let places = [("Lake", run.lake.clone()), ("Warehouse", run.warehouse.clone()), ("Time", run.took())];
    html! {
        section {
            h2 { "This run" }
            dl.places.card {
                @for (name, text) in places.into_iter().chain(run.loaded.lines()) {
                    dt { (name) } dd { (breakable(&text)) }
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "../tests/unit/page/colours.rs"]
mod colours;
#[cfg(test)]
#[path = "../tests/unit/page.rs"]
mod tests;
