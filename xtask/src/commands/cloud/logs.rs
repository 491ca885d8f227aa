//! `cargo xtask logs`: the container logs of a run or a job.

use anyhow::Result;
use contract::Exit;
use serde_json::json;

use crate::cli::Logs;
use crate::edge::terminal;
use crate::flows::configure;
use crate::flows::run::{self, LogOutput, RunRequest};

pub(super) fn run(args: &Logs) -> Result<Exit> {
    let variables = configure::variables(args.which.dot_env.as_deref())?;
    let settings = configure::module(args.which.env.as_deref(), &variables)?.settings().clone();
    let request = RunRequest { settings, variables, every: args.interval };
    run::logs(&request, &args.id, args.follow, &mut |output| match output {
        LogOutput::Note(task, words) => {
            terminal::step(&format!("{task}: {words}"));
            Ok(())
        }
        LogOutput::Line(task, line) if args.json => {
            let value = json!({ "task": task, "stream": line.stream.1, "time": line.time(), "message": line.message });
            terminal::say(&format!("{value}\n"))
        }
        LogOutput::Line(task, line) => terminal::say(&format!("{} {task} | {}\n", line.time(), line.printable())),
    })?;
    Ok(Exit::Done)
}
