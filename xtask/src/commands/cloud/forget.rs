//! `cargo xtask forget`: shows what a source has of some records, asks for confirmation, removes them, and searches the rest.

use anyhow::Result;
use contract::{Exit, counted};

use super::stacks;
use crate::cli::Forget as Args;
use crate::commands::common::print;
use crate::edge::terminal;
use crate::flows::configure;
use crate::flows::forget::{Forget, Forgotten, Found};

pub(super) fn run(args: &Args) -> Result<Exit> {
    let forget = if let Some(module) = &args.env {
        let variables = configure::variables(args.dot_env.as_deref())?;
        Forget::deployed(args, &configure::module(Some(module), &variables)?, &variables)?
    } else {
        Forget::local(args)?
    };
    terminal::step("Searching for the records");
    let plan = forget.plan()?;
    if args.dry_run {
        return print(args.json, &plan, || text(&plan));
    }
    if !args.json {
        terminal::print(&text(&plan))?;
    }
    // If an earlier attempt was interrupted, nothing may be found here: the rest is still removed.
    if !args.yes {
        stacks::confirm("Remove all of this?", "pass --yes")?;
    }
    terminal::step("Removing the records");
    let done = forget.apply()?;
    print(args.json, &done, || text(&done))?;
    Ok(if done.left.is_empty() { Exit::Done } else { Exit::Failed })
}

fn text(found: &Forgotten) -> String {
    let mut text = String::new();
    let rows_of = |rows| counted(rows, "row", "rows");
    for (name, Found { manifests, records, rows, loaded }) in
        found.collections.iter().filter(|(_, found)| !found.is_empty())
    {
        let records = counted(*records, "record", "records");
        let (rows, manifests) = (rows_of(*rows), counted(*manifests, "manifest", "manifests"));
        text += &format!("{name}: {records} in responses, {rows} in files, in {manifests}\n");
        text.extend(loaded.iter().map(|(table, rows)| format!("  {} in the table `{table}`\n", rows_of(*rows))));
    }
    let is_found = !text.is_empty();
    if !is_found && !found.applied {
        text += "No object or table has such a record.\n";
    }
    if found.versions > 0 {
        let verb = if found.applied { "Deleted" } else { "Will delete" };
        text += &format!("{verb} {} old versions of the source's objects.\n", found.versions);
    }
    if !found.applied {
        return text;
    }
    text.extend(found.removed.iter().map(|key| format!("removed {key}\n")));
    text.extend(found.corrected.iter().map(|key| format!("corrected {key}\n")));
    let searched = &found.searched;
    let (what, nothing) = if is_found {
        ("Removed.", "nothing is left.\n")
    } else {
        // An earlier attempt may have removed the record with its other texts.
        ("No record was found; only the keys were searched.", "no object or table has them.\n")
    };
    text += &format!(
        "{what} Searched {} objects ({} bytes) and {} tables for {} texts of the records: ",
        searched.objects, searched.bytes, searched.tables, searched.texts
    );
    if found.left.is_empty() {
        return text + nothing;
    }
    text += "something is left in\n";
    text.extend(found.left.iter().map(|place| format!("  {place}\n")));
    text
}
