//! The last runs: two figures, and a table with their outcomes.

use contract::{Counts, count, counted};
use maud::{Markup, html};

use super::drawing;
use super::figures::{Content, figure, span, whole};
use super::format::{table, time};
use super::stacked::Stacked;
use crate::report::{Outcome, Past};

/// Renders the figures of the loaded runs; nothing before the second one.
pub fn trends(history: &[Past]) -> Markup {
    let loaded: Vec<(i32, &Past)> = history.iter().filter_map(|run| Some((run.seq?, run))).collect();
    if loaded.len() < 2 {
        return html! {};
    }
    let of_tables = loaded
        .iter()
        .flat_map(|(seq, run)| run.tables.iter().map(move |(table, counts)| (*seq, table.clone(), counts.rows as f64)));
    type Change = (&'static str, fn(&Counts) -> u64);
    const CHANGES: [Change; 4] = [
        ("inserted", |counts| counts.inserted),
        ("updated", |counts| counts.updated),
        ("deleted", |counts| counts.deleted),
        ("quarantined", |counts| counts.quarantined),
    ];
    // In its first run, every row is new, and no other change would be visible beside them.
    let later = || loaded.iter().filter(|(seq, _)| *seq > 1);
    let left_out = if later().count() < loaded.len() { " Run 1 inserted every row and is left out." } else { "" };
    let of_changes = later()
        .flat_map(|(seq, run)| CHANGES.iter().map(move |(name, of)| (*seq, (*name).to_owned(), run.sum(*of) as f64)));
    // Also the runs that changed nothing.
    let runs = || loaded.iter().map(|(seq, _)| *seq);
    let (oldest, newest) = (runs().min().unwrap_or_default(), runs().max().unwrap_or_default());
    let with_all =
        |stacked: Option<Stacked>, first| stacked.map(|stacked| Stacked { years: first..=newest, ..stacked });
    let (of_tables, of_changes) =
        (with_all(Stacked::new(of_tables), oldest), with_all(Stacked::new(of_changes), oldest.max(2)));
    html! {
        (by_run("rows", "Rows by run and table", "No run loaded a row.", "", of_tables))
        (by_run("changes", "Changes by run", "No run changed a row.", left_out, of_changes))
    }
}

fn by_run(id: &str, title: &str, none: &str, more: &str, stacked: Option<Stacked>) -> Markup {
    let Some(stacked) = stacked else { return figure(id, title, &format!("{none}{more}"), None) };
    let (run, most) = stacked.peak();
    let last = *stacked.years.end();
    let caption = format!(
        "Run {last} has {}; the most were {} in run {run}. Runs are numbered as in the ledger, {}.{more}",
        whole(stacked.total(last)),
        whole(most),
        span(&stacked)
    );
    let drawing = drawing::columns(&stacked, whole);
    figure(id, title, &caption, Content::by_year("Run", drawing, &stacked, whole, &[]))
}

/// Renders the outcomes of the last runs, newest first.
pub fn outcomes(history: &[Past]) -> Markup {
    let row = |run: &Past| {
        let outcome = match &run.outcome {
            Outcome::Loaded => "loaded".to_owned(),
            Outcome::Superseded => "superseded".to_owned(),
            Outcome::Unknown => "not known".to_owned(),
            Outcome::Failed(cause) => format!("failed: {cause}"),
        };
        let number = run.seq.map_or("–".to_owned(), |seq| count(seq.unsigned_abs().into()));
        let sum = |of| if run.seq.is_some() { count(run.sum(of)) } else { "–".to_owned() };
        vec![
            run.run_id.clone(),
            time(&run.at),
            outcome,
            number,
            sum(|counts| counts.rows),
            sum(|counts| counts.inserted + counts.updated + counts.deleted),
            sum(|counts| counts.quarantined),
        ]
    };
    let head = ["Run", "At", "Outcome", "Number", "Rows", "Changes", "Quarantined"];
    let failed = history.iter().filter(|run| matches!(run.outcome, Outcome::Failed(_))).count() as u64;
    html! {
        p.muted { (counted(history.len() as u64, "run", "runs")) ", " (count(failed)) " failed. Times are in UTC." }
        div.card { (table("Runs", &head, 3, history.iter().map(row).collect())) }
    }
}
