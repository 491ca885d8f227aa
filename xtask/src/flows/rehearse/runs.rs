//! The runs of a rehearsal, and what each one left in the lake and in the warehouse.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use contract::Counts;

use super::inspect::{self, Logs};
use super::{RehearsalProgress, Stage};
use crate::dbt::Results;
use crate::edge::aws::Aws;
use crate::edge::batch::Batch;
use crate::edge::files;
use crate::edge::postgres::Login;
use crate::flows::run::{self, Follow, RunProgress, RunRequest};
use crate::rehearsal::{CHANGES, cause, contradictions, long_statement};
use crate::run::{Outcome, RunOptions, direct_run_id, job_name};
use crate::settings::{DAG, Ingestion, Settings, Variables};

const INTERVAL: Duration = Duration::from_secs(1);

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

    /// Runs the DAG in Airflow.
    pub(super) fn through_airflow(&self, id: &str, report: &mut dyn FnMut(RehearsalProgress)) -> Result<Ran> {
        self.follow(Some(DAG), report, |progress| run::through_airflow(&self.request, id, false, progress))
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
        let tasks = self.request.jobs().into_iter().map(|task| task.label());
        let tasks = first.map(str::to_owned).into_iter().chain(tasks).map(|name| (name, "waiting".to_owned(), 0));
        report(RehearsalProgress::Tasks(tasks.collect()));
        let mut logs = Logs::default();
        let outcome = run(&mut |progress| {
            logs.add(&progress);
            report(RehearsalProgress::Run(progress));
        })?;
        let (tables, rows) = inspect::tables(&logs, self.reader, &self.request.ingestion.source)?;
        let dbt = inspect::marts(self.aws, &self.request.settings, &outcome.run_id)?;
        let failed = outcome.failed.as_ref();
        let cause = failed.map(|task| cause(&logs.last(task), dbt.as_ref())).unwrap_or_default();
        let contradictions = if failed.is_none() { contradictions(&tables, &rows, dbt.as_ref()) } else { Vec::new() };
        Ok(Ran { outcome, cause, tables, contradictions, dbt })
    }
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
