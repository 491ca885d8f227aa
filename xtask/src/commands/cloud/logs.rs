//! `cargo xtask logs`: prints the container logs of a run or a job.

use anyhow::Result;
use contract::Exit;
use serde_json::json;

use crate::cli::Logs;
use crate::commands::common::{configured, print};
use crate::edge::terminal;
use crate::flows::run::{self, RunProgress, RunRequest};
use crate::run::RunOptions;

pub(super) fn run(args: &Logs) -> Result<Exit> {
    let (configured, variables) = configured(&args.common)?;
    let settings = configured.settings().clone();
    // Jobs of every source are found.
    let (ingestion, options) = (settings.ingestion(None)?, RunOptions::default());
    let request = RunRequest { settings, variables, interval: args.interval, ingestion, options };
    run::logs(&request, &args.id, args.follow, &mut |progress| match progress {
        RunProgress::Note(task, message) => {
            terminal::step(&format!("{task}: {message}"));
            Ok(())
        }
        RunProgress::Line(task, line) => {
            let value = json!({ "task": task, "stream": line.stream.1, "time": line.time(), "message": line.message });
            print(args.common.json, &value, || format!("{} {task} | {}\n", line.time(), line.printable())).map(drop)
        }
        RunProgress::Step(..) | RunProgress::Finished(..) => Ok(()),
    })?;
    Ok(Exit::Done)
}
