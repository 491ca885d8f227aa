//! The report that a person looks at after a local run: one HTML page with everything in it.
//!
//! Architecture invariant: the page is a function of the run's values. It needs no network and no script, and its
//! content security policy forbids both; the same values give the same bytes.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod canvas;
mod charts;
#[cfg(test)]
mod colours;
mod columns;
mod drawing;
mod figures;
mod table;
mod words;

pub use charts::Charts;

use contract::Counts;

use crate::dbt::{Finding, Results};
use crate::report::{Done, Loaded};
use table::table;
use words::{Name, Text, count, counted};

/// What the page tells.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// The run.
    pub done: &'a Done,
    /// When it ended: `2026-11-22T09:27:11Z`.
    pub when: &'a str,
    /// What the marts say; none when there are no marts.
    pub charts: Option<&'a Charts>,
}

const STYLE: &str = include_str!("page/style.css");

/// Nothing is loaded from anywhere, whatever a name or message in the data tries.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// The page.
pub fn html(page: &Page<'_>) -> String {
    let Page { done, when, charts } = *page;
    let run_id = Text(&done.loaded.run_id);
    let sections = [
        header(done, when),
        tiles(done),
        section(
            "What the data says",
            &charts.map_or(no_charts(), |charts| format!("<div class=\"figures\">\n{}</div>\n", figures::all(charts))),
        ),
        format!(
            "<div class=\"pair\">\n<div>\n{}{}</div>\n{}</div>\n",
            done.dbt.as_ref().map_or(String::new(), tests),
            this_run(done),
            tables(&done.loaded)
        ),
    ];
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>Run {run_id} · dpworld</title>\n<style>\n{STYLE}</style>\n</head>\n\
         <body>\n<main>\n{}</main>\n<footer>Written by <code>cargo xtask local</code>. The page holds all it shows: it loads \
         nothing and runs no script.</footer>\n</body>\n</html>\n",
        sections.concat()
    )
}

fn section(title: &str, body: &str) -> String {
    format!("<section>\n<h2>{}</h2>\n{body}</section>\n", Text(title))
}

/// How the run ended, and whether that is good.
struct Headline {
    tone: &'static str,
    state: &'static str,
    words: String,
}

fn headline(done: &Done) -> Headline {
    let Loaded { outcome, superseded_by, tables, .. } = &done.loaded;
    if let Some(dbt) = done.dbt.as_ref().filter(|dbt| dbt.error > 0) {
        let words = format!("{} of {} models and tests failed", count(dbt.error), count(dbt.total));
        return Headline { tone: "bad", state: "Failed", words };
    }
    match outcome.as_str() {
        "superseded" => {
            let by = superseded_by.as_deref().unwrap_or("a newer run");
            Headline {
                tone: "warn",
                state: "Superseded",
                words: format!("Nothing was changed: {by} holds newer answers"),
            }
        }
        "already_committed" => {
            let words = "Loaded before: nothing was left to do".to_owned();
            Headline { tone: "good", state: "Already committed", words }
        }
        _ => {
            let tests = match &done.dbt {
                None => "",
                Some(dbt) if dbt.warn > 0 => ", no test failed",
                Some(_) => ", every test passed",
            };
            let words = format!("{} loaded{tests}", counted(tables.len() as u64, "table", "tables"));
            Headline { tone: "good", state: "Committed", words }
        }
    }
}

fn header(done: &Done, when: &str) -> String {
    let Headline { tone, state, words } = headline(done);
    format!(
        "<header>\n<p class=\"state {tone}\">{state}</p>\n<h1>{}</h1>\n<p class=\"muted\">Run <code>{}</code> \
         <span class=\"dot\">·</span> <time datetime=\"{}\">{}</time></p>\n</header>\n",
        Text(&words),
        Name(&done.loaded.run_id),
        Text(when),
        Text(&words::moment(when))
    )
}

/// The numbers to read first.
fn tiles(done: &Done) -> String {
    let tables = &done.loaded.tables;
    let sum = |of: fn(&Counts) -> u64| tables.values().map(of).sum::<u64>();
    let parts = |parts: &[(u64, &str)]| -> String {
        let some = parts.iter().filter(|(number, _)| *number > 0);
        some.map(|(number, what)| format!("{} {what}", count(*number))).collect::<Vec<_>>().join(", ")
    };
    let or = |text: String, none: &str| if text.is_empty() { none.to_owned() } else { text };
    let (inserted, updated, deleted) = (sum(|c| c.inserted), sum(|c| c.updated), sum(|c| c.deleted));
    let aside = parts(&[(sum(|c| c.quarantined), "quarantined"), (sum(|c| c.dropped), "dropped by rule")]);
    let mut tiles = vec![
        ("Rows", count(sum(|c| c.rows)), or(aside, "nothing set aside")),
        (
            "Changes",
            count(inserted + updated + deleted),
            or(parts(&[(inserted, "inserted"), (updated, "updated"), (deleted, "deleted")]), "all as it was"),
        ),
    ];
    if let Some(dbt) = &done.dbt {
        let all = parts(&[(dbt.pass, "passed"), (dbt.error, "failed"), (dbt.warn, "warned"), (dbt.skip, "skipped")]);
        tiles.push(("Models and tests", count(dbt.total), or(all, "none in this run")));
    }
    let steps = steps(done);
    let longest = steps.iter().max_by(|a, b| a.1.total_cmp(&b.1)).map_or("", |step| step.0);
    let total: f64 = steps.iter().map(|step| step.1).sum();
    tiles.push(("Seconds", format!("{total:.1}"), format!("most of it for {longest}")));
    let tile = |(name, number, more): (&str, String, String)| {
        format!("<div class=\"card\"><dt>{name}</dt><dd>{number}<small>{more}</small></dd></div>\n")
    };
    format!("<dl class=\"tiles\">\n{}</dl>\n", tiles.into_iter().map(tile).collect::<String>())
}

fn no_charts() -> String {
    "<p class=\"muted\">No marts were built in this run, so there is nothing to draw.</p>\n".to_owned()
}

/// What dbt found, first what failed.
fn tests(dbt: &Results) -> String {
    let finding = |finding: &Finding| {
        let test = finding.test.as_ref().map_or(String::new(), |test| format!("<code>{}</code> on ", Name(test)));
        format!("<li>{test}<code>{}</code><p>{}</p></li>\n", Name(&finding.of), Text(&finding.message))
    };
    let told = |title: &str, findings: &[Finding]| match findings {
        [] => String::new(),
        some => format!(
            "<h3>{title}</h3>\n<ul class=\"findings\">\n{}</ul>\n",
            some.iter().map(finding).collect::<String>()
        ),
    };
    let words = format!(
        "dbt built and tested the marts: {} passed, {} warned, {} failed, {} skipped.",
        count(dbt.pass),
        count(dbt.warn),
        count(dbt.error),
        count(dbt.skip)
    );
    let found = told("Failures", &dbt.failures) + &told("Warnings", &dbt.warnings);
    section("Models and tests", &format!("<div class=\"card\">\n<p>{words}</p>\n{found}</div>\n"))
}

type Count = fn(&Counts) -> u64;

/// Each table's counts; a column of zeros is left out, `rows` never is.
fn tables(loaded: &Loaded) -> String {
    let columns: [(&str, Count); 7] = [
        ("Rows", |counts| counts.rows),
        ("Inserted", |counts| counts.inserted),
        ("Updated", |counts| counts.updated),
        ("Deleted", |counts| counts.deleted),
        ("Unchanged", |counts| counts.unchanged),
        ("Quarantined", |counts| counts.quarantined),
        ("Dropped", |counts| counts.dropped),
    ];
    let some = |of: &Count| loaded.tables.values().any(|counts| of(counts) > 0);
    let shown: Vec<_> = columns.into_iter().filter(|(name, of)| *name == "Rows" || some(of)).collect();
    let head: Vec<&str> = std::iter::once("Table").chain(shown.iter().map(|(name, _)| *name)).collect();
    let cell = |number: u64| if number == 0 { "–".to_owned() } else { count(number) };
    let rows = loaded.tables.iter().map(|(name, counts)| {
        std::iter::once(name.clone()).chain(shown.iter().map(|(_, of)| cell(of(counts)))).collect()
    });
    section("Tables", &format!("<div class=\"card\">\n{}</div>\n", table("Tables", &head, 1, rows)))
}

fn steps(done: &Done) -> [(&'static str, f64); 5] {
    let seconds = done.seconds;
    [
        ("building", seconds.build),
        ("the warehouse", seconds.warehouse),
        ("transformation", seconds.transformation),
        ("copy", seconds.copy),
        ("dbt", seconds.dbt),
    ]
}

/// Where things are, and how long each step took.
fn this_run(done: &Done) -> String {
    let steps: Vec<String> = steps(done).iter().map(|(name, seconds)| format!("{name} {seconds:.1} s")).collect();
    let places = [("Lake", &done.lake), ("Warehouse", &done.warehouse), ("Time", &steps.join(", "))];
    let places = places.map(|(name, place)| format!("<dt>{name}</dt><dd>{}</dd>\n", Name(place))).concat();
    section("This run", &format!("<dl class=\"places card\">\n{places}</dl>\n"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::report::Seconds;

    const EVIL: &str = "\"><script src='https://example.invalid'></script><img onerror=x>&";

    /// A run in which every text is `text`.
    fn run(text: &str) -> Done {
        let text = || text.to_owned();
        let counts = Counts { read: 1_700, rows: 1_234, inserted: 1_200, deleted: 34, ..Counts::default() };
        let finding = |test| Finding { of: text(), test, message: text(), rows: None };
        let warnings = vec![finding(Some(text())), finding(None)];
        Done {
            loaded: Loaded {
                run_id: text(),
                outcome: "committed".to_owned(),
                superseded_by: Some(text()),
                tables: BTreeMap::from([(text(), counts)]),
            },
            dbt: Some(Results { pass: 5, warn: 2, total: 7, warnings, ..Results::default() }),
            report: "/lake/report.html".to_owned(),
            lake: text(),
            warehouse: text(),
            seconds: Seconds { dbt: 2.0, ..Seconds::default() },
        }
    }

    fn charts(text: &str) -> Charts {
        let name = serde_json::json!(text);
        let rows = serde_json::json!({
            "cadence": [{"year": 2006, "rocket": name, "launches": 2, "planned": 1}],
            "landings": [{"year": 2013, "kind": name, "attempts": 4, "successes": 2, "failures": 1}],
            "turnarounds": [{"core": name, "flight": 2, "launch": name, "days": 21.26}],
            "mass": [{"year": 2008, "regime": name, "payloads": 3, "weighed": 2, "mass_kg": 165.0}],
        });
        serde_json::from_value(rows).expect("charts")
    }

    fn page(done: &Done, charts: Option<&Charts>) -> String {
        html(&Page { done, when: "2026-11-22T09:27:11Z", charts })
    }

    /// The names of all tags.
    fn tags(html: &str) -> Vec<&str> {
        html.split('<').skip(1).map(|rest| rest.split([' ', '>', '\n']).next().unwrap_or_default()).collect()
    }

    #[test]
    fn no_text_of_the_data_becomes_markup() {
        let evil = page(&run(EVIL), Some(&charts(EVIL)));
        let plain = page(&run("plain"), Some(&charts("plain")));
        // Places where a long word may break are all that a text adds.
        let tags = |html| tags(html).into_iter().filter(|tag| *tag != "wbr").map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(tags(&evil), tags(&plain));
        assert!(!evil.contains("<script") && !evil.contains("<img"));
    }

    #[test]
    fn nothing_is_loaded_and_nothing_runs() {
        let page = page(&run("plain"), Some(&charts("plain")));
        for loads in
            ["http:", "https:", "src=", "@import", "url(", "xlink", "xmlns", "<script", "<iframe", "javascript:"]
        {
            assert!(!page.contains(loads), "{loads}");
        }
        let links: Vec<&str> = page.split("href=").skip(1).filter_map(|rest| rest.split('>').next()).collect();
        assert_eq!(links, ["\"data:,\""]);
        assert!(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:;"));
    }

    #[test]
    fn the_same_run_gives_the_same_bytes() {
        let bytes = || page(&run("name"), Some(&charts("name")));
        assert_eq!(bytes(), bytes());
    }

    #[test]
    fn without_data_there_are_sentences_and_no_blank_charts() {
        let empty = page(&run("name"), Some(&Charts::default()));
        assert!(!empty.contains("<svg"), "{empty}");
        for sentence in
            ["no launches yet", "No core has tried to land", "No core has flown twice", "No payload has reached orbit"]
        {
            assert!(empty.contains(sentence), "{sentence}");
        }
        let done = Done { dbt: None, ..run("name") };
        assert!(page(&done, None).contains("No marts were built"));
    }

    #[test]
    fn the_headline_says_how_it_went() {
        let said = |outcome: &str, dbt: Option<Results>| {
            let run = run("later");
            let loaded = Loaded { outcome: outcome.to_owned(), ..run.loaded };
            headline(&Done { loaded, dbt, ..run }).words
        };
        let dbt = |error, warn| Some(Results { error, warn, total: 9, ..Results::default() });
        assert_eq!(said("committed", None), "1 table loaded");
        assert_eq!(said("committed", dbt(0, 0)), "1 table loaded, every test passed");
        assert_eq!(said("committed", dbt(0, 1)), "1 table loaded, no test failed");
        assert_eq!(said("committed", dbt(2, 1)), "2 of 9 models and tests failed");
        assert_eq!(said("already_committed", dbt(0, 0)), "Loaded before: nothing was left to do");
        assert_eq!(said("superseded", dbt(0, 0)), "Nothing was changed: later holds newer answers");
    }
}
