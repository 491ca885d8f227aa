//! The runs of a rehearsal, and what each one left in the lake and in the warehouse.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use contract::Counts;

use super::inspect::{self, Logs};
use super::{RehearsalProgress, Stage};
use crate::edge::aws::Aws;
use crate::edge::batch::Batch;
use crate::edge::files;
use crate::edge::postgres::Login;
use crate::flows::local::models;
use crate::flows::run::{self, Follow, RunProgress, RunRequest};
use crate::flows::warehouse::contract;
use crate::rehearsal::{CHANGES, cause, contradictions, long_statement, of_page};
use crate::run::{Outcome, RunOptions, direct_run_id, job_name};
use crate::settings::{DAG, Ingestion, Settings, Variables};
use contract::dbt::Results;

const INTERVAL: Duration = Duration::from_secs(1);

/// A task that is shown: its name, its state, and its number of resources.
type Task = (String, String, usize);

/// What the runs use.
pub(super) struct Runs<'a> {
    pub(super) aws: &'a Aws,
    pub(super) reader: &'a Login,
    request: RunRequest,
}

/// A finished run.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) outcome: Outcome,
    pub(super) cause: Vec<String>,
    pub(super) tables: BTreeMap<String, Counts>,
    pub(super) contradictions: Vec<String>,
    pub(super) dbt: Option<Results>,
}

impl<'a> Runs<'a> {
    pub(super) fn new(
        aws: &'a Aws,
        reader: &'a Login,
        ingestion: Ingestion,
        settings: &Settings,
        variables: &Variables,
    ) -> Self {
        let (settings, variables) = (settings.clone(), variables.clone());
        let options = RunOptions::default();
        let request = RunRequest { settings, variables, interval: INTERVAL, ingestion, options };
        Self { aws, reader, request }
    }

    pub(super) fn dag(&self) -> &str {
        &self.request.ingestion.dag
    }

    /// Returns the tasks that are shown: the first one, and those of the run.
    fn tasks(&self, first: Option<&str>) -> Vec<Task> {
        let tasks = self.request.jobs().into_iter().map(|task| task.label());
        first.map(str::to_owned).into_iter().chain(tasks).map(|name| (name, "waiting".to_owned(), 0)).collect()
    }

    /// Runs the DAG in Airflow.
    fn through_airflow(&self, id: &str, report: &mut dyn FnMut(RehearsalProgress)) -> Result<Ran> {
        self.follow(Some(self.dag()), report, |progress| run::through_airflow(&self.request, id, false, progress))
    }

    /// Runs the same jobs without Airflow.
    pub(super) fn directly(&self, time: &str, report: &mut dyn FnMut(RehearsalProgress)) -> Result<Ran> {
        self.follow(None, report, |progress| run::directly(&self.request, &direct_run_id(DAG, time), false, progress))
    }

    /// Starts a job with a long statement, which takes as long as a run.
    pub(super) fn start_long_statement(&self, run_id: &str) -> Result<Follow<'_>> {
        let RunRequest { settings, interval, options, .. } = &self.request;
        let (batch, task) = (Batch::new(&self.aws.config), long_statement(settings));
        let name = job_name(DAG, &task, run_id);
        let submit = batch.submit(&settings.batch.queue, (&name, run_id), (&task, options), &[], *interval);
        let id = self.aws.wait(submit)?;
        let mut job = Follow::new(self.aws, &self.request);
        job.add(task.task, &id);
        Ok(job)
    }

    /// Waits for the job; returns its outcome and why it failed.
    pub(super) fn finish(&self, mut job: Follow<'_>, run_id: &str) -> Result<(Outcome, Vec<String>)> {
        let mut logs = Logs::default();
        job.complete(&mut |progress| logs.add(&progress))?;
        let outcome = job.outcome(run_id, None, &[long_statement(&self.request.settings)]);
        let failed = outcome.failed.as_ref();
        let cause = failed.map(|task| cause(&logs.last(task), None)).unwrap_or_default();
        Ok((outcome, cause))
    }

    fn follow(
        &self,
        first: Option<&str>,
        report: &mut dyn FnMut(RehearsalProgress),
        run: impl FnOnce(&mut dyn FnMut(RunProgress)) -> Result<Outcome>,
    ) -> Result<Ran> {
        report(RehearsalProgress::Tasks(self.tasks(first)));
        let mut logs = Logs::default();
        let outcome = run(&mut |progress| {
            logs.add(&progress);
            report(RehearsalProgress::Run(progress));
        })?;
        let (tables, rows) = inspect::tables(&logs, self.reader, &self.request.ingestion.source)?;
        let dbt = inspect::marts(self.aws, &self.request.settings, &outcome.run_id)?;
        let failed = outcome.failed.as_ref();
        let cause = failed.map(|task| cause(&logs.last(task), dbt.as_ref())).unwrap_or_default();
        let Ingestion { source, contract: file, dag, .. } = &self.request.ingestion;
        let has_models = dag == DAG || models(source, &files::root().join("dbt"))?.is_some();
        let page = inspect::page(self.aws, &self.request.settings, source, &outcome.run_id)?;
        let mut problems = of_page(page.as_deref(), &outcome, &tables);
        if failed.is_none() {
            let contract = contract(Some(&files::root().join(file)))?;
            problems.extend(contradictions(&contract, &tables, &rows, dbt.as_ref(), has_models));
        }
        Ok(Ran { outcome, cause, tables, contradictions: problems, dbt })
    }
}

/// Runs the DAGs of several sources in Airflow at the same time; returns the run of the first, and the others by source.
pub(super) fn through_airflow(
    first: &Runs<'_>,
    others: &[Runs<'_>],
    id: &str,
    report: &mut dyn FnMut(RehearsalProgress),
) -> Result<(Ran, BTreeMap<String, Ran>)> {
    let all = || std::iter::once(first).chain(others);
    // The tasks of several sources are shown beside each other.
    let label = |of: &Runs<'_>, task: &str| match others {
        [] => task.to_owned(),
        _ => format!("{}: {task}", of.request.ingestion.source),
    };
    let named = |of: &Runs<'_>, (task, state, size): Task| (label(of, &task), state, size);
    let tasks = all().flat_map(|one| one.tasks(Some(one.dag())).into_iter().map(move |task| named(one, task)));
    report(RehearsalProgress::Tasks(tasks.collect()));
    let (send, receive) = mpsc::channel();
    let mut ran = thread::scope(|scope| {
        let start = |one| {
            let send = send.clone();
            scope.spawn(move || {
                let one: &Runs<'_> = one;
                one.through_airflow(id, &mut |progress| {
                    if let RehearsalProgress::Run(progress) = progress {
                        // The receiver outlives this thread.
                        let _ = send.send(progress.renamed(|task| label(one, &task)));
                    }
                })
            })
        };
        let started: Vec<_> = all().map(start).collect();
        drop(send);
        receive.into_iter().for_each(|progress| report(RehearsalProgress::Run(progress)));
        let ran = started.into_iter().map(|one| one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        ran.collect::<Result<Vec<_>>>()
    })?;
    let first = ran.remove(0);
    Ok((first, others.iter().map(|one| one.request.ingestion.source.clone()).zip(ran).collect()))
}

/// Writes the files of the dbt project that [`CHANGES`] change; returns their paths, and their paths in the image. A change
/// whose text is not in its file is omitted.
pub(super) fn changed_files(stage: &Stage) -> Result<Vec<(PathBuf, String)>> {
    let mut changed = Vec::new();
    for (file, old, new) in CHANGES {
        let text = files::read(&files::root().join("dbt").join(file))?.unwrap_or_default();
        if text.contains(old) {
            let own = stage.place.file("dbt").join(file);
            files::write(&own, &text.replace(old, new))?;
            changed.push((own, format!("/dbt/{file}")));
        }
    }
    Ok(changed)
}
