//! `cargo xtask prices`: estimates the monthly cost without runs, and the cost of one run.

use anyhow::Result;
use contract::Exit;
use serde_json::json;

use crate::cli::Common;
use crate::commands::common::{configured, print};
use crate::flows::templates;
use crate::stack::estimate::{self, Line};
use crate::ui;
use crate::ui::Align::{Left, Right};

/// Usage-based costs, which neither estimate includes.
const NOT_COUNTED: &str = "storage, logs, requests, traffic, alarms and key rotations";

pub(super) fn run(common: &Common) -> Result<Exit> {
    let (configured, _) = configured(common)?;
    let settings = configured.settings();
    let (read, _) = templates::read(None, settings)?;
    let (month, run) = (estimate::month(settings, &read), estimate::run(settings));
    let of = |lines: &[Line]| json!({"lines": lines, "usd": lines.iter().filter_map(Line::usd).sum::<f64>()});
    let prices = estimate::prices();
    let value = json!({"month": of(&month), "run": of(&run), "not_counted": NOT_COUNTED, "prices": prices});
    print(common.json, &value, || {
        let tables = format!("{}\n{}\n", table("a month without runs", &month, 2), table("a run", &run, 4));
        let (month, run) = (estimate::sum(&month, 2), estimate::sum(&run, 4));
        format!(
            "{tables}A month without runs: {month}.\nA run: {run}.\nNot included: {NOT_COUNTED}. `--json` shows the source page \
             and date of each price.\n"
        )
    })
}

fn table(title: &str, lines: &[Line], digits: usize) -> String {
    let head = [(title, Left), ("number", Right), ("USD each", Right), ("per", Left), ("USD", Right), ("region", Left)];
    let unknown = || "unknown".to_owned();
    let row = |line: &Line| {
        let (each, unit, region) = line.price.as_ref().map_or_else(
            || (unknown(), String::new(), String::new()),
            |price| (price.usd.to_string(), price.unit.clone(), price.region.clone()),
        );
        let usd = line.usd().map_or_else(unknown, |usd| format!("{usd:.digits$}"));
        vec![line.what.clone(), line.number.to_string(), each, unit, usd, region]
    };
    ui::columns(&head, lines.iter().map(row).collect())
}
