//! `cargo xtask report`: fetches the report of a run.

use anyhow::Result;
use contract::Exit;
use serde_json::json;

use crate::cli::Report as Args;
use crate::commands::common::{configured, print};
use crate::edge::terminal;
use crate::flows::report::{Reports, browse};

pub(super) fn run(args: &Args) -> Result<Exit> {
    let (configured, variables) = configured(&args.common)?;
    let reports = Reports::find(configured.settings(), &variables, args.source.as_deref(), args.run.as_ref())?;
    if args.link {
        let link = reports.link()?;
        return print(args.common.json, &json!({ "link": link }), || format!("{link}\n"));
    }
    let page = reports.save()?;
    if args.open && !browse(&page) {
        terminal::step("no browser is available; open the file yourself");
    }
    let shown = page.display().to_string();
    print(args.common.json, &json!({ "report": shown }), || format!("{shown}\n"))
}
