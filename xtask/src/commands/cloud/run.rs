//! `cargo xtask run`: starts a run or attaches to one, and follows it from the DAG to the containers' log lines.

use anyhow::Result;
use contract::Exit;
use serde_json::json;

use crate::cli::{Run, Which};
use crate::edge::tree::Tree;
use crate::edge::{files, terminal};
use crate::flows::run::{self, RunProgress, RunRequest};
use crate::flows::{configure, stacks};
use crate::run::{DAG, chain, direct, manual, summary};

pub(super) fn run(args: &Run) -> Result<Exit> {
    let variables = configure::variables(args.which.dot_env.as_deref())?;
    let configured = configure::module(args.which.env.as_deref(), &variables)?;
    let settings = configured.settings().clone();
    if args.attach.is_none() {
        stacks::check_owner(&configured.module, &settings, &variables)?;
    }
    let time = files::now("%Y-%m-%dT%H:%M:%S%.6f+00:00");
    let id = match (&args.attach, args.direct) {
        (Some(id), _) => id.clone(),
        (None, true) => direct(&time),
        (None, false) => manual(&time),
    };
    let way = if args.direct { " --direct" } else { "" };
    let which = which(&args.which);
    let again = format!("cargo xtask run{way} --attach '{id}'{which}");
    let left = format!("Left alone: the run goes on. To look on: {again}");
    let request = RunRequest { settings, variables, every: args.interval };
    terminal::until_interrupted(left, || follow(args, &request, &id, &again, &which))
}

/// The options that select this deployment.
fn which(which: &Which) -> String {
    let env = which.env.as_ref().map(|env| format!(" --env {env}")).unwrap_or_default();
    let dot_env = which.dot_env.as_ref().map(|file| format!(" --dot-env {}", file.display())).unwrap_or_default();
    env + &dot_env
}

fn follow(args: &Run, request: &RunRequest, id: &str, again: &str, which: &str) -> Result<Exit> {
    terminal::step(&format!("Run {id}; Ctrl-C leaves it alone, and `{again}` looks on"));
    let tasks = chain(&request.settings.batch).map(|step| step.task);
    let dag = (!args.direct).then_some(DAG);
    let works: Vec<_> = dag.into_iter().chain(tasks).map(|name| (name.to_owned(), "waiting".to_owned(), 0)).collect();
    let mut tree = Tree::new(&works);
    let mut report = |progress| match progress {
        RunProgress::Step(task, words) => tree.step(&task, &words),
        RunProgress::Note(task, words) => tree.keep(&task, &words),
        RunProgress::Line(task, line) => tree.keep(&task, &line.printable()),
        RunProgress::Ended(task, error) => tree.finished(&task, error.as_deref()),
    };
    let outcome = if args.direct {
        run::directly(request, id, args.attach.is_some(), &mut report)?
    } else {
        run::through_airflow(request, id, args.attach.is_some(), &mut report)?
    };
    drop(tree);
    let text = if args.json { format!("{}\n", json!(outcome)) } else { format!("\n{}", summary(&outcome, which)) };
    terminal::say(&text)?;
    Ok(outcome.as_exit())
}
