//! The four figures: each has a title, a sentence that says what it shows, a drawing, and its numbers in a table.

use std::collections::BTreeMap;

use super::canvas::Paint;
use super::charts::{Charts, Landings, Launches, Mass, Turnaround};
use super::columns::Columns;
use super::drawing::{self, Bar, Rate};
use super::table::table;
use super::words::{self, Text, count, counted, percent, tonnes};

/// All figures.
pub fn all(charts: &Charts) -> String {
    [cadence(&charts.cadence), landings(&charts.landings), turnarounds(&charts.turnarounds), mass(&charts.mass)]
        .iter()
        .map(Figure::html)
        .collect()
}

struct Figure {
    id: &'static str,
    title: &'static str,
    /// What it shows, in a sentence; without data, that there is none.
    says: String,
    drawn: Option<Drawn>,
}

struct Drawn {
    legend: String,
    drawings: String,
    table: String,
}

impl Figure {
    fn html(&self) -> String {
        let Self { id, title, says, drawn } = self;
        let drawn = drawn.as_ref().map_or(String::new(), |Drawn { legend, drawings, table }| {
            // To a screen reader both drawings together are one picture, whose numbers are in the table.
            format!(
                "{legend}<div class=\"drawing\" role=\"img\" aria-labelledby=\"{id}-title\" aria-describedby=\"{id}-says\">\n\
                 {drawings}</div>\n<details>\n<summary>The numbers<span class=\"hidden\"> of {title}</span></summary>\n{table}</details>\n"
            )
        });
        format!(
            "<figure id=\"{id}\" class=\"card\">\n<figcaption>\n<h3 id=\"{id}-title\">{title}</h3>\n<p id=\"{id}-says\">{}</p>\n\
             </figcaption>\n{drawn}</figure>\n",
            Text(says)
        )
    }
}

fn cadence(rows: &[Launches]) -> Figure {
    let (id, title) = ("cadence", "Launches by year and rocket");
    let planned: u64 = rows.iter().map(|row| row.planned).sum();
    let planned = match planned {
        0 => String::new(),
        1 => " Another one is planned and not shown.".to_owned(),
        some => format!(" Another {} are planned and not shown.", count(some)),
    };
    let columns = Columns::new(rows.iter().map(|row| (row.year, row.rocket.clone(), row.launches as f64)));
    let Some(columns) = columns else {
        return Figure { id, title, says: format!("There are no launches yet.{planned}"), drawn: None };
    };
    let whole = |number: f64| count(number as u64);
    let (year, most) = columns.peak();
    let says = format!(
        "{} {}; the busiest year was {year} with {}.{planned}",
        counted(rows.iter().map(|row| row.launches).sum(), "launch", "launches"),
        span(&columns),
        whole(most)
    );
    let drawings = drawing::columns(&columns, whole);
    let table = by_year(title, &columns, whole, &[("All", &|year| whole(columns.total(year)))]);
    Figure { id, title, says, drawn: Some(Drawn { legend: legend(&columns), drawings, table }) }
}

fn landings(rows: &[Landings]) -> Figure {
    let (id, title) = ("landings", "Landing success by year");
    let columns = Columns::new(rows.iter().map(|row| (row.year, words::landing(&row.kind), row.attempts as f64)));
    let Some(columns) = columns else {
        return Figure { id, title, says: "No core has tried to land yet.".to_owned(), drawn: None };
    };
    // Successes and known results by year; a result that is not known counts neither for nor against.
    let mut known: BTreeMap<i32, (u64, u64)> = BTreeMap::new();
    for row in rows {
        let year = known.entry(row.year).or_default();
        *year = (year.0 + row.successes, year.1 + row.successes + row.failures);
    }
    let rates: Vec<Rate> = known
        .iter()
        .filter(|(_, (_, known))| *known > 0)
        .map(|(year, (landed, known))| Rate { year: *year, percent: percent(*landed, *known) })
        .collect();
    let (landed, results) = known.values().fold((0, 0), |sum, year| (sum.0 + year.0, sum.1 + year.1));
    let last = known.iter().next_back().map_or(String::new(), |(year, (landed, known))| {
        format!("; in {year}, {} of {} ({}%)", count(*landed), count(*known), percent(*landed, *known))
    });
    let attempts: u64 = rows.iter().map(|row| row.attempts).sum();
    let unknown = match attempts.saturating_sub(results) {
        0 => String::new(),
        1 => " Another one has no reported result.".to_owned(),
        some => format!(" Another {} have no reported result.", count(some)),
    };
    let all = percent(landed, results);
    let says = format!("{} of {} landing attempts succeeded ({all}%){last}.{unknown}", count(landed), count(results));
    let of = |year: i32| known.get(&year).copied().unwrap_or_default();
    let rate = |year: i32| match of(year) {
        (_, 0) => "–".to_owned(),
        (landed, known) => format!("{}%", percent(landed, known)),
    };
    let whole = |number: f64| count(number as u64);
    let more: [More<'_>; 4] = [
        ("All", &|year| whole(columns.total(year))),
        ("Landed", &|year| count(of(year).0)),
        ("Failed", &|year| count(of(year).1 - of(year).0)),
        ("Success", &rate),
    ];
    let table = by_year(title, &columns, whole, &more);
    let drawings = drawing::rates(&rates, &columns);
    Figure { id, title, says, drawn: Some(Drawn { legend: legend(&columns), drawings, table }) }
}

fn turnarounds(rows: &[Turnaround]) -> Figure {
    let (id, title) = ("turnarounds", "Fastest turnarounds");
    let (Some(fastest), Some(slowest)) = (rows.first(), rows.last()) else {
        return Figure { id, title, says: "No core has flown twice yet.".to_owned(), drawn: None };
    };
    let days = |row: &Turnaround| format!("{:.1} days", row.days);
    let mut says = format!("Core {} flew again after {}, sooner than any other.", fastest.core, days(fastest));
    if rows.len() > 1 {
        says += &format!(" Number {} of this list took {}.", rows.len(), days(slowest));
    }
    let bar = |row: &Turnaround| {
        let short = format!("{} · flight {}", row.core, row.flight);
        let long = row.launch.iter().map(|launch| format!("{short} · {launch}"));
        Bar { names: long.chain([short.clone()]).collect(), value: row.days, words: days(row) }
    };
    let drawings = drawing::bars(&rows.iter().map(bar).collect::<Vec<_>>());
    let cells = |row: &Turnaround| {
        vec![row.core.clone(), row.launch.clone().unwrap_or_default(), count(row.flight), format!("{:.2}", row.days)]
    };
    let table = table(title, &["Core", "Launch", "Flight", "Days"], 2, rows.iter().map(cells));
    Figure { id, title, says, drawn: Some(Drawn { legend: String::new(), drawings, table }) }
}

fn mass(rows: &[Mass]) -> Figure {
    let (id, title) = ("mass", "Mass to orbit by year, in tonnes");
    let (payloads, weighed) = rows.iter().fold((0, 0), |sum, row| (sum.0 + row.payloads, sum.1 + row.weighed));
    let columns = Columns::new(rows.iter().map(|row| (row.year, words::regime(&row.regime), row.mass_kg)));
    let Some(columns) = columns else {
        let says = if payloads == 0 { "No payload has reached orbit yet." } else { "No payload's mass is public." };
        return Figure { id, title, says: says.to_owned(), drawn: None };
    };
    let (year, most) = columns.peak();
    let unknown = match payloads.saturating_sub(weighed) {
        0 => String::new(),
        1 => format!(" 1 of {} payloads has no public mass and adds nothing.", count(payloads)),
        some => format!(" {} of {} payloads have no public mass and add nothing.", count(some), count(payloads)),
    };
    let says = format!(
        "{} tonnes {}; the heaviest year was {year} with {}.{unknown}",
        tonnes(rows.iter().map(|row| row.mass_kg).sum()),
        span(&columns),
        tonnes(most)
    );
    let sums: [More<'_>; 1] = [("All", &|year| words::tonnes_aligned(columns.total(year)))];
    let table = by_year(title, &columns, words::tonnes_aligned, &sums);
    let drawings = drawing::columns(&columns, tonnes);
    Figure { id, title, says, drawn: Some(Drawn { legend: legend(&columns), drawings, table }) }
}

/// The years that columns cover, in words.
fn span(columns: &Columns) -> String {
    let (first, last) = (columns.years.start(), columns.years.end());
    if first == last { format!("in {first}") } else { format!("from {first} to {last}") }
}

/// Names and colours; nothing when there is nothing to tell apart.
fn legend(columns: &Columns) -> String {
    let entry = |(name, paint): (&str, Paint)| format!("<li class=\"{}\">{}</li>", paint.name(), Text(name));
    let entries: String = columns.series.iter().map(|series| entry((&series.name, series.paint))).collect();
    format!("<ul class=\"legend\">{entries}</ul>\n")
}

/// One more column of a table by year.
type More<'a> = (&'a str, &'a dyn Fn(i32) -> String);

/// What columns show, a row for each year that has something, with more columns behind.
fn by_year(about: &str, columns: &Columns, words: fn(f64) -> String, more: &[More<'_>]) -> String {
    let names = columns.series.iter().map(|series| series.name.as_str());
    let head: Vec<&str> = std::iter::once("Year").chain(names).chain(more.iter().map(|(name, _)| *name)).collect();
    let row = |year: i32| {
        let cell = |value: Option<&f64>| value.map_or("–".to_owned(), |value| words(*value));
        let cells = columns.series.iter().map(|series| cell(series.values.get(&year)));
        std::iter::once(year.to_string()).chain(cells).chain(more.iter().map(|(_, of)| of(year))).collect()
    };
    let years = columns.years.clone().filter(|year| columns.total(*year) > 0.0);
    table(about, &head, 1, years.map(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_say_what_the_numbers_are() {
        let launches = |year, launches, planned| Launches { year, rocket: "F".to_owned(), launches, planned };
        assert_eq!(cadence(&[launches(2020, 1, 0)]).says, "1 launch in 2020; the busiest year was 2020 with 1.");
        assert_eq!(
            cadence(&[launches(2019, 1_000, 0), launches(2020, 7, 1)]).says,
            "1,007 launches from 2019 to 2020; the busiest year was 2019 with 1,000. Another one is planned and not shown."
        );
        assert_eq!(
            cadence(&[launches(2020, 0, 2)]).says,
            "There are no launches yet. Another 2 are planned and not shown."
        );

        let landing = |year, attempts, successes, failures| Landings {
            year,
            kind: "ASDS".to_owned(),
            attempts,
            successes,
            failures,
        };
        assert_eq!(
            landings(&[landing(2020, 3, 1, 2), landing(2021, 9, 8, 0)]).says,
            "9 of 11 landing attempts succeeded (82%); in 2021, 8 of 8 (100%). Another one has no reported result."
        );

        let payloads =
            |payloads, weighed, mass_kg| Mass { year: 2020, regime: "polar".to_owned(), payloads, weighed, mass_kg };
        assert_eq!(mass(&[payloads(3, 0, 0.0)]).says, "No payload's mass is public.");
        assert_eq!(
            mass(&[payloads(3, 2, 15_600.0)]).says,
            "16 tonnes in 2020; the heaviest year was 2020 with 16. 1 of 3 payloads has no public mass and adds nothing."
        );
    }

    #[test]
    fn the_numbers_are_in_the_table_too() {
        let row = |year, kind: &str, attempts, successes, failures| Landings {
            year,
            kind: kind.to_owned(),
            attempts,
            successes,
            failures,
        };
        let html =
            landings(&[row(2015, "ASDS", 3, 0, 2), row(2015, "RTLS", 1, 1, 0), row(2017, "Ocean", 1, 0, 0)]).html();
        let cells = |row: &str| row.replace("<td class=\"number\">", "|").replace("</td>", "").replace("</tr>", "");
        let rows: Vec<String> =
            html.lines().filter_map(|line| line.strip_prefix("<tr><th scope=\"row\">")).map(cells).collect();
        assert_eq!(rows, ["2015</th>|3|1|–|4|1|2|33%", "2017</th>|–|–|1|1|0|0|–"], "{html}");
    }
}
