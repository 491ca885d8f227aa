//! `cargo xtask rehearse`: rehearses the complete deployment on this machine, with emulators.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use anyhow::{Result, anyhow, bail};
use contract::Exit;

use crate::cli::{InjectedFault, Rehearse, RehearseAction};
use crate::commands::common::print;
use crate::edge::tree::Tree;
use crate::edge::{files, shell, terminal};
use crate::failure::Failure;
use crate::flows::rehearse::{self, RehearsalProgress, RehearsalRequest, Source, Stage};
use crate::flows::run::RunProgress;
use crate::rehearsal::{MARK, id, text};

pub(super) fn run(args: &Rehearse) -> Result<Exit> {
    let new = id(&files::now("%Y%m%dT%H%M%S"), &files::secret()?);
    let has_fault = args.inject_fault.is_some();
    let secrets = if args.action.is_some() { BTreeSet::new() } else { rehearse::secret_names(has_fault)? };
    let id = shell::without_accounts((MARK, &new), &secrets)?;
    let variables = shell::image_variables();
    let docker_host = variables.get("DOCKER_HOST").cloned();
    if let Some(RehearseAction::Stop { id }) = &args.action {
        let stopped = rehearse::stop(id.as_deref(), docker_host.as_deref())?;
        let text = format!("Stopped {}.\n", stopped.join(", "));
        terminal::print(if stopped.is_empty() { "No rehearsal was running.\n" } else { &text })?;
        return Ok(Exit::Done);
    }
    let (source, urls) = rehearse::sources(&args.sources, args.inject_fault)?;
    if source.is_some() && matches!(args.inject_fault, Some(InjectedFault::Source | InjectedFault::Marts)) {
        bail!(
            Failure::new("--source cannot be combined with --inject-fault source or marts")
                .hint("these faults replace the source: omit --source or --inject-fault")
                .exit(Exit::Usage)
        );
    }
    let secrets = rehearse::secrets(has_fault)?;
    rehearse::preflight(docker_host.as_deref())?;
    let request = RehearsalRequest {
        source: Source::of(source.as_deref(), args.inject_fault)?,
        urls,
        secrets,
        injected_fault: args.inject_fault,
        keep: args.keep,
        variables,
    };
    let (stage, cleared) = Stage::open(&id, docker_host.as_deref())?;
    if cleared > 0 {
        terminal::step("Stopped the servers left running by an interrupted rehearsal");
    }
    let stage = Arc::new(stage);
    let remove = {
        let stage = Arc::clone(&stage);
        move || stage.stop(false)
    };
    terminal::until_stopped("Stopping everything that was started", remove, || rehearse(args, &stage, &request))
}

fn rehearse(args: &Rehearse, stage: &Stage, request: &RehearsalRequest) -> Result<Exit> {
    let work = AssertUnwindSafe(|| rehearse::run(stage, request, &mut progress()));
    // The servers must be stopped even after a panic.
    let done = catch_unwind(work).unwrap_or_else(|_| Err(anyhow!("the rehearsal panicked; this is a bug in xtask")));
    let done = match done {
        Ok(done) => done,
        Err(error) => {
            if !stage.has_stopped() {
                let dir = files::shown(&stage.place.dir);
                terminal::step(&format!(
                    "Stopping everything that was started; the logs are kept in {dir} until the next rehearsal"
                ));
            }
            // The first error is the cause; an error during cleanup is only printed.
            if let Err(cleanup_error) = stage.stop(true) {
                terminal::error(&cleanup_error);
            }
            return Err(error);
        }
    };
    let exit = done.exit();
    if args.keep {
        stage.keep()?;
    } else {
        terminal::step("Stopping everything that was started");
        stage.stop(false)?;
    }
    print(args.json, &done, || text(&done))?;
    Ok(exit)
}

/// Shows the progress, with one tree for each step.
fn progress() -> impl FnMut(RehearsalProgress) {
    let mut tree = None;
    move |progress| match (progress, &mut tree) {
        (RehearsalProgress::Step(title), _) => {
            tree = None;
            terminal::step(&title);
        }
        (RehearsalProgress::Tasks(tasks), _) => tree = Some(Tree::new(&tasks)),
        // Changes that the plan does not show are not approved.
        (RehearsalProgress::Deploy(progress), Some(tree)) => drop(super::stacks::show(tree, progress)),
        // A run logs hundreds of lines: the report has the last ones of a failed task, and `logs` prints all of them.
        (RehearsalProgress::Run(RunProgress::Line(..)), _) | (_, None) => {}
        (RehearsalProgress::Run(progress), Some(tree)) => super::run::show(tree, progress),
    }
}
