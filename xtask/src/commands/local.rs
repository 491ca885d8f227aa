//! `cargo xtask local`: runs the complete pipeline on this machine.

use anyhow::Result;
use contract::Exit;
use serde_json::json;

use crate::cli::{Local, LocalAction, LocalDocs, LocalQuery, LocalRun, Place};
use crate::commands::common::print;
use crate::edge::{terminal, web};
use crate::flows::local::{Platform, query_json};
use crate::flows::marts;
use crate::report;
use crate::ui;

pub(super) fn run(args: Local) -> Result<Exit> {
    match args.action.unwrap_or(LocalAction::Run(args.run)) {
        LocalAction::Run(args) => pipeline(&args),
        LocalAction::Query(args) => query(&args),
        LocalAction::Docs(args) => docs(&args),
        LocalAction::Stop(place) => stop(&place),
        LocalAction::Reset(place) => reset(&place),
    }
}

fn pipeline(args: &LocalRun) -> Result<Exit> {
    let dir = args.place.dir.as_deref();
    let done = Platform::open(dir)?.run(args, &mut |step| terminal::step(step))?;
    print(args.place.json, &done, || report::text(&done, dir))
}

fn query(args: &LocalQuery) -> Result<Exit> {
    let platform = Platform::open(args.place.dir.as_deref())?;
    let (login, sql) = (platform.reader()?, args.sql.as_str());
    let json = args.place.json;
    terminal::print(&if json { format!("{}\n", query_json(&login, sql)?) } else { ui::table(&login.query(sql)?) })?;
    Ok(Exit::Done)
}

fn docs(args: &LocalDocs) -> Result<Exit> {
    let platform = Platform::open(args.place.dir.as_deref())?;
    terminal::step("Writing the documentation");
    let folder = platform.docs()?;
    if args.no_serve {
        let index = folder.join("index.html");
        return print(args.place.json, &json!({ "docs": folder }), || format!("{}\n", index.display()));
    }
    // Other commands may use the platform's folder while the documentation is served.
    drop(platform);
    terminal::step("Serving the documentation until Ctrl-C");
    Err(web::serve(&marts::environment()?.join("bin/python"), &folder, args.port))
}

fn stop(place: &Place) -> Result<Exit> {
    let stopped = Platform::open(place.dir.as_deref())?.stop()?;
    let text = if stopped { "Stopped the database and kept the data.\n" } else { "No database was running.\n" };
    print(place.json, &json!({ "stopped": stopped }), || text.to_owned())
}

fn reset(place: &Place) -> Result<Exit> {
    let removed = Platform::open(place.dir.as_deref())?.reset()?;
    let text = if removed { "Deleted the database and the lake.\n" } else { "No database or lake exists.\n" };
    print(place.json, &json!({ "removed": removed }), || text.to_owned())
}
