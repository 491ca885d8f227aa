//! `cargo xtask prices`: what a deployment costs a month in which nothing runs, and a run.

use anyhow::Result;
use contract::Exit;
use serde_json::json;

use crate::cli::Prices;
use crate::edge::terminal;
use crate::flows::{configure, templates};
use crate::stack::bill::{self, Bill};
use crate::stack::prices::PRICES;
use crate::ui::{self, Align};

/// What comes with use, and is in neither bill.
const BESIDE: &str = "storage, logs, requests, traffic, alarms and rotations of keys";

pub(super) fn run(args: &Prices) -> Result<Exit> {
    let variables = configure::variables(args.which.dot_env.as_deref())?;
    let configured = configure::module(args.which.env.as_deref(), &variables)?;
    let settings = configured.settings();
    let (read, _) = templates::wired(None, settings)?;
    let (month, run) = (bill::month(settings, &read), bill::run(settings));
    if args.json {
        let of = |bill: &Bill| json!({"bill": bill, "usd": bill.usd(), "usd_of_region": bill.of_region()});
        let told = json!({"month": of(&month), "run": of(&run), "not_counted": BESIDE, "prices": PRICES});
        terminal::say(&format!("{told}\n"))?;
        return Ok(Exit::Done);
    }
    let mut text = format!("{}\n{}\n", table("a month, idle", &month, 2), table("a run", &run, 4));
    text += &format!("A month, idle: {}.\n", bill::in_words(&month, 2));
    text += &format!("A run: {}.\n", bill::in_words(&run, 4));
    text += &format!("Not counted: {BESIDE}. `--json` has the day and the source of each price.\n");
    terminal::say(&text)?;
    Ok(Exit::Done)
}

fn table(title: &str, bill: &Bill, digits: usize) -> String {
    let head = [
        (title, Align::Left),
        ("number", Align::Right),
        ("hours", Align::Right),
        ("USD each", Align::Right),
        ("USD", Align::Right),
        ("price of", Align::Left),
    ];
    let row = |line: &bill::Line| {
        let hours = line
            .hours
            .map_or_else(|| "-".to_owned(), |hours| if hours < 1.0 { "1/60".to_owned() } else { hours.to_string() });
        let each = line.price.map_or_else(|| "unknown".to_owned(), |price| price.usd.to_string());
        let usd = line.usd().map_or_else(|| "unknown".to_owned(), |usd| format!("{usd:.digits$}"));
        let region = line.price.map_or("-", |price| price.region);
        vec![line.what.clone(), line.number.to_string(), hours, each, usd, region.to_owned()]
    };
    ui::columns(&head, bill.lines.iter().map(row).collect())
}
