//! The tables of a run: its steps with their cost, its loaded tables, the age of its data, and references without a match.

use contract::{count, count_rows, counted};
use maud::{Markup, html};

use super::format::{link, table, time};
use crate::report::{Gap, Report, Until, cost};

/// Renders the steps: what each did, how long it took, and what it cost.
pub fn steps(run: &Report) -> Markup {
    let costs = run.prices.as_ref().map(|prices| (cost(&run.steps, prices), prices));
    let usd = |what: &str| {
        let of = costs.as_ref().and_then(|(all, _)| all.iter().find(|price| price.what == what));
        of.map_or("–".to_owned(), |price| format!("{:.4}", price.usd))
    };
    let rows = run.steps.steps.iter().map(|step| {
        let seconds = step.seconds.map_or("–".to_owned(), |seconds| format!("{seconds:.1}"));
        let mut row = vec![step.task.clone(), step.state.replace('_', " "), seconds];
        row.extend(costs.is_some().then(|| usd(&step.task)));
        row
    });
    let warehouse =
        costs.iter().flat_map(|(all, _)| all.iter().filter(|price| price.what == "warehouse")).map(|price| {
            let cells = ["warehouse", "while it was queried"].map(str::to_owned);
            cells.into_iter().chain([format!("{:.1}", price.seconds), format!("{:.4}", price.usd)]).collect()
        });
    let rows: Vec<Vec<String>> = rows.chain(warehouse).collect();
    let head = ["Step", "State", "Seconds", "US dollars"];
    let head = if costs.is_some() { &head[..] } else { &head[..3] };
    let logs = run.steps.steps.iter().filter_map(|step| Some((&step.task, step.log.as_ref()?)));
    html! {
        @if !rows.is_empty() {
            section {
                h2 { "Steps" }
                div.card {
                    (table("Steps", head, 2, rows))
                    @if logs.clone().next().is_some() {
                        p.muted { "Logs: " @for (task, log) in logs { (link(log, task)) " " } }
                    }
                    @if let Some((_, prices)) = &costs { p.muted { (prices.note) } }
                }
            }
        }
    }
}

/// Renders the counts of the loaded tables.
pub fn loaded(run: &Report) -> Markup {
    let Some(loaded) = &run.loaded else { return html! {} };
    let cell = |number: u64| if number == 0 { "–".to_owned() } else { count(number) };
    let (head, rows) = count_rows(&loaded.tables, cell);
    html! { section { h2 { "Tables" } div.card { (table("Tables", &head, 1, rows)) } } }
}

/// Renders until when the data of each collection goes.
pub fn until(run: &Report) -> Markup {
    let row = |until: &Until| {
        let newest = if until.newest.is_empty() { "–".to_owned() } else { time(&until.newest) };
        vec![until.collection.clone(), until.event.clone(), newest, time(&until.fetched)]
    };
    html! {
        @if !run.until.is_empty() {
            section {
                h2 { "Data until" }
                div.card {
                    (table("Data until", &["Collection", "Newest", "Time (UTC)", "Requested (UTC)"], 2, run.until.iter().map(row).collect()))
                }
            }
        }
    }
}

/// Renders the references without a match: those that the contract expects, and new ones.
pub fn gaps(run: &Report) -> Markup {
    let new: u64 = run.gaps.iter().map(Gap::unexpected).sum();
    let row = |gap: &Gap| {
        let cells = [gap.column.clone(), gap.to.clone()];
        cells.into_iter().chain([gap.known, gap.found, gap.unexpected()].map(count)).collect()
    };
    html! {
        @if !run.gaps.is_empty() {
            section {
                h2 { "References without a match" }
                div.card {
                    p { @if new == 0 { "All were expected." } @else { (counted(new, "row is", "rows are")) " new." } }
                    (table(
                        "References without a match",
                        &["Column", "To", "Expected", "Found", "New"],
                        2,
                        run.gaps.iter().map(row).collect(),
                    ))
                }
            }
        }
    }
}
