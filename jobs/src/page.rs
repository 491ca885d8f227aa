//! The report of a run: one self-contained HTML page.
//!
//! Architecture invariant: the page depends only on the run's values, and the same values produce the same bytes. It
//! needs neither network access nor scripts, and its content security policy forbids both.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod charts;
mod drawing;
mod figures;
mod format;
mod runs;
mod stacked;
mod tables;

pub use charts::{Charts, QUERIES};

use contract::{Counts, count, counted, dbt};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::report::{Outcome, Report, cost};
use format::{breakable, day, link, time};

const STYLE: &str = include_str!("page/style.css");

/// Prevents the page from loading anything, regardless of the names and messages in the data.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// Renders the page. `charts` has the figures of the source's marts, if it has any.
pub fn html(run: &Report, charts: Option<&Charts>) -> String {
    let (tone, state, headline) = headline(run);
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                link rel="icon" href="data:,";
                title { "Run " (run.run_id) " · dpworld" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    header {
                        p.state.(tone) { (state) }
                        h1 { (headline) }
                        @if let Outcome::Failed(cause) = run.outcome() { p.cause { (cause) } }
                        p.muted {
                            (run.source) " " span.dot { "·" } " run " code { (breakable(&run.run_id)) } " " span.dot { "·" } " "
                            time datetime=(run.written_at) { (time(&run.written_at)) " UTC" }
                            @if let Some(url) = &run.steps.link { " " span.dot { "·" } " " (link(url, "Airflow")) }
                        }
                    }
                    (tiles(run))
                    @if !run.unread.is_empty() {
                        section {
                            h2 { "Not read" }
                            div.card { ul.findings { @for problem in &run.unread { li { (problem) } } } }
                        }
                    }
                    @if let Some(charts) = charts {
                        section {
                            h2 { "Charts" }
                            (charts_of(run, charts))
                        }
                    }
                    @if !run.history.is_empty() {
                        section {
                            h2 { "Runs" }
                            div.figures { (runs::trends(&run.history)) }
                            (runs::outcomes(&run.history))
                        }
                    }
                    div.pair {
                        div {
                            @if let Some(dbt) = &run.dbt { (models_and_tests(dbt)) }
                            (tables::until(run))
                            (tables::gaps(run))
                            (this_run(run))
                        }
                        div {
                            (tables::steps(run))
                            (tables::loaded(run))
                        }
                    }
                }
                footer { "Written by " code { "report" } ". The page is self-contained: no network, no scripts." }
            }
        }
    };
    markup.into_string()
}

fn headline(run: &Report) -> (&'static str, &'static str, String) {
    match run.outcome() {
        Outcome::Failed(_) => match (run.steps.failed(), &run.dbt) {
            (_, Some(dbt)) if dbt.error > 0 => {
                ("bad", "Failed", format!("{} of {} models and tests failed", count(dbt.error), count(dbt.total)))
            }
            (step, _) => {
                let task = step.map_or("A step", |step| &step.task);
                let loaded = match (&run.loaded, run.has_ledger) {
                    (Some(_), _) => " after the load",
                    (None, true) => "; nothing was loaded",
                    (None, false) => "",
                };
                ("bad", "Failed", format!("{task} failed{loaded}"))
            }
        },
        Outcome::Unknown => ("warn", "Not known", "No step failed, but the ledger could not be read".to_owned()),
        Outcome::Superseded => ("warn", "Not loaded", "Nothing changed: a newer run has newer data".to_owned()),
        Outcome::Loaded => {
            let tests = match &run.dbt {
                None => "",
                Some(dbt) if dbt.total == 0 => "",
                Some(dbt) if dbt.warn + dbt.skip > 0 => ", no test failed",
                Some(_) => ", every test passed",
            };
            let tables = run.loaded.as_ref().map_or(0, |loaded| loaded.tables.len());
            ("good", "Loaded", format!("{} loaded{tests}", counted(tables as u64, "table", "tables")))
        }
    }
}

fn tiles(run: &Report) -> Markup {
    let sum = |of: fn(&Counts) -> u64| run.loaded.iter().flat_map(|run| run.tables.values()).map(of).sum::<u64>();
    let list = |parts: &[(u64, &str)], none: &str| {
        let some =
            parts.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{} {what}", count(*number)));
        let text = some.collect::<Vec<_>>().join(", ");
        if text.is_empty() { none.to_owned() } else { text }
    };
    let mut tiles = Vec::new();
    if let Some(until) = run.data_until() {
        let requested = format!("newest {}; requested {}", until.event, day(&until.fetched));
        tiles.push(("Data until", day(&until.newest), requested));
    }
    if run.loaded.is_some() {
        let (inserted, updated, deleted) = (sum(|c| c.inserted), sum(|c| c.updated), sum(|c| c.deleted));
        let removed = [(sum(|c| c.quarantined), "quarantined"), (sum(|c| c.dropped), "dropped by rule")];
        let changes = [(inserted, "inserted"), (updated, "updated"), (deleted, "deleted")];
        tiles.push(("Rows", count(sum(|c| c.rows)), list(&removed, "none quarantined or dropped")));
        tiles.push(("Changes", count(inserted + updated + deleted), list(&changes, "all rows unchanged")));
    }
    if let Some(dbt) = &run.dbt {
        let results = [(dbt.pass, "passed"), (dbt.error, "failed"), (dbt.warn, "warned"), (dbt.skip, "skipped")];
        tiles.push(("Models and tests", count(dbt.total), list(&results, "none in this run")));
    }
    let ran = || run.steps.steps.iter().filter_map(|step| Some((step, step.seconds?)));
    if let Some((longest, _)) = ran().max_by(|a, b| a.1.total_cmp(&b.1)) {
        let total: f64 = ran().map(|(_, seconds)| seconds).sum();
        tiles.push(("Seconds", format!("{total:.1}"), format!("longest step: {}", longest.task)));
    }
    if let Some(prices) = &run.prices {
        let usd: f64 = cost(&run.steps, prices).iter().map(|price| price.usd).sum();
        tiles.push(("US dollars", format!("{usd:.3}"), "estimated; see Steps".to_owned()));
    }
    html! {
        dl.tiles {
            @for (name, number, more) in tiles { div.card { dt { (name) } dd { (number) small { (more) } } } }
        }
    }
}

fn charts_of(run: &Report, charts: &Charts) -> Markup {
    let until = run.data_until().map_or_else(String::new, |until| format!(" Data until {}.", day(&until.newest)));
    let built = run.dbt.as_ref().is_some_and(|dbt| dbt.error == 0);
    html! {
        p.muted {
            @if !built { "This run did not build all marts, so the charts may be of earlier runs. " }
            @if let Some(until) = run.data_until() {
                "The newest " (until.event) " is of " (time(&until.newest)) " UTC. The source was last requested on "
                (time(&until.fetched)) " UTC."
            }
        }
        div.figures { (figures::all(charts, &until)) }
    }
}

fn models_and_tests(dbt: &dbt::Results) -> Markup {
    let findings = |title: &str, findings: &[dbt::Finding]| {
        html! {
            @if !findings.is_empty() {
                h3 { (title) }
                ul.findings {
                    @for dbt::Finding { of, test, message, .. } in findings {
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
    let dbt::Results { pass, warn, error, skip, .. } = dbt;
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

fn this_run(run: &Report) -> Markup {
    let [lake, warehouse] = &run.places;
    let mut lines = vec![("Lake", lake.as_str()), ("Warehouse", warehouse)];
    if let Some(loaded) = &run.loaded {
        let name = |refused| if refused { "Accepted" } else { "Warning" };
        lines.extend(loaded.findings.iter().map(|one| (name(one.refused), one.problem.as_str())));
        lines.extend(loaded.accepted.iter().map(|reason| ("Reason", reason.as_str())));
    }
    html! {
        section {
            h2 { "This run" }
            dl.places.card {
                @for (name, text) in lines { dt { (name) } dd { (text) } }
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
