//! The four figures: each has a title, a sentence, a chart, and a table with its numbers.

use std::collections::BTreeMap;

use contract::{count, counted};
use maud::{Markup, html};

use super::charts::{Charts, Landings, Launches, Mass, Turnaround};
use super::drawing::{self, Bar};
use super::format::{percent, table, tonnes, tonnes_aligned};
use super::stacked::Stacked;

/// Renders the figures. `until` is the last sentence of each caption: until when the data goes.
pub fn all(charts: &Charts, until: &str) -> Markup {
    html! {
        (cadence(&charts.cadence, until))
        (landings(&charts.landings, until))
        (turnarounds(&charts.turnarounds, until))
        (mass(&charts.mass, until))
    }
}

/// Renders a figure; without data, its title and a sentence. Screen readers get one image, described by the sentence.
pub(super) fn figure(id: &str, title: &str, caption: &str, content: Option<Content>) -> Markup {
    let (title_id, caption_id) = (format!("{id}-title"), format!("{id}-caption"));
    html! {
        figure.card id=(id) {
            figcaption { h3 id=(title_id) { (title) } p id=(caption_id) { (caption) } }
            @if let Some(Content { legend, drawing, head, numbers, rows }) = content {
                @if !legend.is_empty() {
                    ul.legend { @for (index, name) in legend.iter().enumerate() { li class=(Stacked::colour(index)) { (name) } } }
                }
                div.drawing role="img" aria-labelledby=(title_id) aria-describedby=(caption_id) { (drawing) }
                details {
                    summary { "The numbers" span.hidden { " for " (title) } }
                    (table(title, &head.iter().map(String::as_str).collect::<Vec<_>>(), numbers, rows))
                }
            }
        }
    }
}

pub(super) struct Content {
    legend: Vec<String>,
    drawing: Markup,
    head: Vec<String>,
    numbers: usize,
    rows: Vec<Vec<String>>,
}

impl Content {
    /// Returns the content of a figure whose first column is a year, or another number that `axis` names.
    pub(super) fn by_year(
        axis: &str,
        drawing: Markup,
        stacked: &Stacked,
        format: fn(f64) -> String,
        more: &[More<'_>],
    ) -> Option<Self> {
        let legend: Vec<String> = stacked.series.iter().map(|(name, _)| name.clone()).collect();
        let fixed = |name: &str| name.to_owned();
        let head = [fixed(axis)].into_iter().chain(legend.clone()).chain([fixed("All")]);
        let head = head.chain(more.iter().map(|(name, _)| fixed(name))).collect();
        let row = |year: i32| {
            let cell = |value: Option<&f64>| value.map_or("–".to_owned(), |value| format(*value));
            let series = stacked.series.iter().map(|(_, values)| cell(values.get(&year)));
            let all = series.chain([format(stacked.total(year))]).chain(more.iter().map(|(_, of)| of(year)));
            std::iter::once(year.to_string()).chain(all).collect()
        };
        let years = stacked.years.clone().filter(|year| stacked.total(*year) > 0.0);
        Some(Self { legend, drawing, head, numbers: 1, rows: years.map(row).collect() })
    }
}

/// An additional column of a table by year.
pub(super) type More<'a> = (&'a str, &'a dyn Fn(i32) -> String);

pub(super) fn whole(number: f64) -> String {
    count(number as u64)
}

/// Returns a sentence about a number of items; empty if the number is 0.
fn note(number: u64, one: &str, many: &str) -> String {
    match number {
        0 => String::new(),
        1 => format!(" {one}"),
        _ => format!(" {} {many}", count(number)),
    }
}

pub(super) fn span(stacked: &Stacked) -> String {
    let (first, last) = (stacked.years.start(), stacked.years.end());
    if first == last { format!("in {first}") } else { format!("from {first} to {last}") }
}

fn cadence(rows: &[Launches], until: &str) -> Markup {
    let (id, title) = ("cadence", "Launches by year and rocket");
    let planned = rows.iter().map(|row| row.planned).sum();
    let planned = note(planned, "1 planned launch is not shown.", "planned launches are not shown.");
    let overdue = rows.iter().map(|row| row.overdue).sum();
    let overdue = note(
        overdue,
        "1 launch is still planned in the source although its date has passed.",
        "launches are still planned in the source although their dates have passed.",
    );
    let others = format!("{planned}{overdue}{until}");
    let Some(stacked) = Stacked::new(rows.iter().map(|row| (row.year, row.rocket.clone(), row.launches as f64))) else {
        return figure(id, title, &format!("No rocket has been launched yet.{others}"), None);
    };
    let (year, most) = stacked.peak();
    let launches = counted(rows.iter().map(|row| row.launches).sum(), "launch", "launches");
    let caption = format!("{launches} {}; the busiest year was {year} with {}.{others}", span(&stacked), whole(most));
    let drawing = drawing::columns(&stacked, whole);
    figure(id, title, &caption, Content::by_year("Year", drawing, &stacked, whole, &[]))
}

fn landings(rows: &[Landings], until: &str) -> Markup {
    let (id, title) = ("landings", "Landing success by year");
    let Some(stacked) = Stacked::new(rows.iter().map(|row| (row.year, row.kind.clone(), row.attempts as f64))) else {
        return figure(id, title, "No core has attempted a landing yet.", None);
    };
    // Successes and known results by year; an unknown result counts as neither a success nor a failure.
    let mut known: BTreeMap<i32, (u64, u64)> = BTreeMap::new();
    for row in rows {
        let year = known.entry(row.year).or_default();
        *year = (year.0 + row.successes, year.1 + row.successes + row.failures);
    }
    let with_result = known.iter().filter(|(_, (_, known))| *known > 0);
    let rates: Vec<_> = with_result.map(|(year, (landed, known))| (*year, percent(*landed, *known))).collect();
    let (landed, results) = known.values().fold((0, 0), |sum, year| (sum.0 + year.0, sum.1 + year.1));
    let last = known.last_key_value().map_or(String::new(), |(year, (landed, known))| {
        format!("; in {year}, {} of {} ({}%)", count(*landed), count(*known), percent(*landed, *known))
    });
    let unknown = rows.iter().map(|row| row.attempts).sum::<u64>().saturating_sub(results);
    let caption = format!(
        "{} of {} landing attempts succeeded ({}%){last}.{}{until}",
        count(landed),
        count(results),
        percent(landed, results),
        note(unknown, "1 attempt has no reported result.", "attempts have no reported result.")
    );
    let of = |year: i32| known.get(&year).copied().unwrap_or_default();
    let rate = |year: i32| match of(year) {
        (_, 0) => "–".to_owned(),
        (landed, known) => format!("{}%", percent(landed, known)),
    };
    let more: [More<'_>; 3] =
        [("Landed", &|year| count(of(year).0)), ("Failed", &|year| count(of(year).1 - of(year).0)), ("Success", &rate)];
    let drawing = drawing::rates(&rates, &stacked);
    figure(id, title, &caption, Content::by_year("Year", drawing, &stacked, whole, &more))
}

fn turnarounds(rows: &[Turnaround], until: &str) -> Markup {
    let (id, title) = ("turnarounds", "Fastest turnarounds");
    let (Some(fastest), Some(slowest)) = (rows.first(), rows.last()) else {
        return figure(id, title, "No core has flown twice yet.", None);
    };
    let days = |row: &Turnaround| format!("{:.1} days", row.days);
    let mut caption = format!("Core {} has the fastest turnaround: {}.", fastest.core, days(fastest));
    if rows.len() > 1 {
        caption += &format!(" The slowest of the {} shown took {}.", rows.len(), days(slowest));
    }
    let bar = |row: &Turnaround| {
        let short = format!("{} · flight {}", row.core, row.flight);
        let long = row.launch.as_ref().map_or(short.clone(), |launch| format!("{short} · {launch}"));
        Bar { names: [long, short], value: row.days, label: days(row) }
    };
    caption += until;
    let drawing = drawing::bars(&rows.iter().map(bar).collect::<Vec<_>>());
    let cells = |row: &Turnaround| {
        vec![row.core.clone(), row.launch.clone().unwrap_or_default(), count(row.flight), format!("{:.2}", row.days)]
    };
    let head = ["Core", "Launch", "Flight", "Days"].map(str::to_owned).into();
    let rows = rows.iter().map(cells).collect();
    figure(id, title, &caption, Some(Content { legend: Vec::new(), drawing, head, numbers: 2, rows }))
}

fn mass(rows: &[Mass], until: &str) -> Markup {
    let (id, title) = ("mass", "Mass to orbit by year, in tonnes");
    let (payloads, weighed) = rows.iter().fold((0, 0), |sum, row| (sum.0 + row.payloads, sum.1 + row.weighed));
    let Some(stacked) = Stacked::new(rows.iter().map(|row| (row.year, row.regime.clone(), row.mass_kg))) else {
        let none = if payloads == 0 { "No payload has reached orbit yet." } else { "No payload has a public mass." };
        return figure(id, title, none, None);
    };
    let (year, most) = stacked.peak();
    let of = format!("of {} payloads", count(payloads));
    let unknown = note(
        payloads.saturating_sub(weighed),
        &format!("1 {of} has no public mass and is left out."),
        &format!("{of} have no public mass and are left out."),
    );
    let caption = format!(
        "{} tonnes {}; the heaviest year was {year} with {}.{unknown}{until}",
        tonnes(rows.iter().map(|row| row.mass_kg).sum()),
        span(&stacked),
        tonnes(most)
    );
    let drawing = drawing::columns(&stacked, tonnes);
    figure(id, title, &caption, Content::by_year("Year", drawing, &stacked, tonnes_aligned, &[]))
}
