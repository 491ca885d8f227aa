//! `cargo xtask run`: starts a run or attaches to one, and follows it from the DAG to the containers' log lines.

use anyhow::{Result, bail, ensure};
use contract::{Contract, Exit, RunId};

use crate::cli::{Common, Options, Run};
use crate::commands::common::{configured, print};
use crate::edge::tree::Tree;
use crate::edge::{files, terminal};
use crate::failure::Failure;
use crate::flows::run::{self, RunProgress, RunRequest};
use crate::flows::stacks;
use crate::run::{RunOptions, direct_run_id, manual_run_id, summary};

pub(super) fn run(args: &Run) -> Result<Exit> {
    let (configured, variables) = configured(&args.common)?;
    let settings = configured.settings().clone();
    let ingestion = settings.ingestion(args.source.as_deref())?;
    let (source, dag) = (&ingestion.source, &ingestion.dag);
    let disabled = || Failure::new(format!("the source `{source}` is not enabled, so the DAG `{dag}` does not exist"));
    // Without a stack of its own, a source with secrets has no job definition.
    let needs_stack = !configured.contracts[source].secrets().is_empty();
    let or_direct = if needs_stack { "" } else { ", or pass --direct" };
    let hint = format!("set `sources.{source}.enabled` in the settings and deploy{or_direct}");
    ensure!(ingestion.enabled || args.direct && !needs_stack, disabled().hint(hint));
    let run_options = run_options(&args.options, &configured.contracts[source])?;
    if args.attach.is_none() {
        stacks::check_owner(&configured.module, &settings, &variables)?;
    }
    let time = files::now("%Y-%m-%dT%H:%M:%S%.6f+00:00");
    let id = match (&args.attach, args.direct) {
        (Some(id), _) => id.clone(),
        (None, true) => direct_run_id(dag, &time),
        (None, false) => manual_run_id(&time),
    };
    let named = args.source.iter().map(|source| format!(" {source}")).collect::<String>();
    let way = named + if args.direct { " --direct" } else { "" };
    let options = options(&args.common);
    let attach = format!("cargo xtask run{way} --attach '{id}'{options}");
    let interrupted = format!("Interrupted. The run continues; to follow it again: {attach}");
    let request = RunRequest { settings, variables, interval: args.interval, ingestion, options: run_options };
    terminal::step(&format!("Run {id}: the run continues after Ctrl-C; follow it again with `{attach}`"));
    terminal::until_interrupted(interrupted, || follow(args, &request, &id, &options))
}

/// Returns the options of the run; fails if the contract does not have a collection, or no range of it can be requested.
fn run_options(args: &Options, contract: &Contract) -> Result<RunOptions> {
    let names: Vec<&str> = contract.collections.keys().map(String::as_str).collect();
    if let Some(unknown) = args.collections.iter().find(|name| !names.contains(&name.as_str())) {
        let failure = Failure::new(format!("the source `{}` has no collection `{unknown}`", contract.source));
        bail!(failure.hint(format!("its collections are {}", names.join(", "))));
    }
    let is_selected = |name: &str| args.collections.is_empty() || args.collections.iter().any(|one| one == name);
    for (name, collection) in contract.collections.iter().filter(|(name, _)| args.from.is_some() && is_selected(name)) {
        collection.range().map_err(|problem| {
            Failure::new(format!("a range of collection `{name}` cannot be requested: {problem}"))
                .hint("request the range only of other collections, with --collections")
        })?;
    }
    Ok(RunOptions {
        full_refresh: args.full_refresh,
        collections: args.collections.clone(),
        from_raw: args.from_raw.as_ref().map(RunId::to_string),
        accept: args.accept.clone(),
        source_url: args.source_url.clone(),
        from: args.from.clone(),
        to: args.to.clone(),
        select: args.select.clone(),
    })
}

/// Returns the command line options that select this deployment.
fn options(common: &Common) -> String {
    let env = common.env.as_ref().map(|env| format!(" --env {env}")).unwrap_or_default();
    let dot_env = common.dot_env.as_ref().map(|file| format!(" --dot-env {}", file.display())).unwrap_or_default();
    env + &dot_env
}

fn follow(args: &Run, request: &RunRequest, id: &str, options: &str) -> Result<Exit> {
    let tasks = request.jobs().into_iter().map(|task| task.label());
    let dag = (!args.direct).then(|| request.ingestion.dag.clone());
    let works: Vec<_> = dag.into_iter().chain(tasks).map(|name| (name, "waiting".to_owned(), 0)).collect();
    let mut tree = Tree::new(&works);
    let mut report = |progress| show(&mut tree, progress);
    let outcome = if args.direct {
        run::directly(request, id, args.attach.is_some(), &mut report)?
    } else {
        run::through_airflow(request, id, args.attach.is_some(), &mut report)?
    };
    drop(tree);
    print(args.common.json, &outcome, || format!("\n{}", summary(&outcome, options)))?;
    Ok(outcome.exit)
}

pub(super) fn show(tree: &mut Tree, progress: RunProgress) {
    match progress {
        RunProgress::Step(task, message) => tree.step(&task, &message),
        RunProgress::Note(task, message) => tree.keep(&task, &message),
        RunProgress::Line(task, line) => tree.keep(&task, &line.printable()),
        RunProgress::Finished(task, error) => tree.finished(&task, error.as_deref()),
    }
}
