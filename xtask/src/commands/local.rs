//! `cargo xtask local`: the whole pipeline on this machine.

use anyhow::Result;
use contract::Exit;

use crate::cli::{Local, LocalAction, LocalDocs, LocalQuery, LocalRun, Place};
use crate::edge::{terminal, web};
use crate::flows::local::{LocalRequest, Platform};
use crate::report;
use crate::ui;

pub(super) fn run(args: Local) -> Result<Exit> {
    match args.action.unwrap_or(LocalAction::Run(args.run)) {
        LocalAction::Run(args) => pipeline(args),
        LocalAction::Query(args) => query(&args),
        LocalAction::Docs(args) => docs(&args),
        LocalAction::Stop(place) => stop(&place),
        LocalAction::Reset(place) => reset(&place),
    }
}

fn pipeline(args: LocalRun) -> Result<Exit> {
    let LocalRun {
        place,
        source,
        live,
        run_id,
        collections,
        contract,
        allow_empty,
        accept,
        dbt_project,
        no_dbt,
        full_refresh,
    } = args;
    let platform = Platform::open(place.dir.as_deref())?;
    let request = LocalRequest {
        source,
        live,
        run_id,
        collections,
        contract,
        allow_empty,
        accept,
        dbt_project,
        no_dbt,
        full_refresh,
    };
    let done = platform.run(&request, &mut |step| terminal::step(step))?;
    if place.json {
        terminal::say(&format!("{}\n", serde_json::to_string(&done)?))?;
    } else {
        terminal::say(&report::text(&done, place.dir.as_deref()))?;
    }
    Ok(Exit::Done)
}

fn query(args: &LocalQuery) -> Result<Exit> {
    let platform = Platform::open(args.place.dir.as_deref())?;
    if args.place.json {
        terminal::say(&format!("{}\n", platform.query_json(&args.sql)?))?;
    } else {
        terminal::say(&ui::table(&platform.query(&args.sql)?))?;
    }
    Ok(Exit::Done)
}

fn docs(args: &LocalDocs) -> Result<Exit> {
    let platform = Platform::open(args.place.dir.as_deref())?;
    terminal::step("Writing the documentation");
    let folder = platform.docs()?;
    if args.no_serve {
        return print(
            &args.place,
            "docs",
            folder.display().to_string(),
            &format!("{}", folder.join("index.html").display()),
        );
    }
    // Other commands may use the platform's folder while the documentation is served.
    drop(platform);
    web::serve(&folder, args.port, |url| {
        terminal::say(&format!("{url}\n"))?;
        terminal::step("Serving it until Ctrl-C");
        Ok(())
    })?;
    Ok(Exit::Done)
}

fn stop(place: &Place) -> Result<Exit> {
    let stopped = Platform::open(place.dir.as_deref())?.stop()?;
    print(
        place,
        "stopped",
        stopped,
        if stopped { "Stopped the database and kept the data." } else { "No database was running." },
    )
}

fn reset(place: &Place) -> Result<Exit> {
    let removed = Platform::open(place.dir.as_deref())?.reset()?;
    print(place, "removed", removed, if removed { "Removed the database and the lake." } else { "Nothing to remove." })
}

fn print(place: &Place, key: &str, value: impl serde::Serialize, text: &str) -> Result<Exit> {
    let shown = if place.json { serde_json::json!({ key: value }).to_string() } else { text.to_owned() };
    terminal::say(&format!("{shown}\n"))?;
    Ok(Exit::Done)
}
