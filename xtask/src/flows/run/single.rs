//! A single job, outside the chain.

use anyhow::Result;

use super::follow::{Follow, RunProgress, RunRequest};
use crate::edge::aws::Aws;
use crate::edge::batch::Batch;
use crate::run::{Outcome, RunTask};

/// A submitted job.
#[derive(Debug)]
pub struct Single {
    task: RunTask,
    run_id: String,
    id: String,
}

impl Single {
    pub fn submit(aws: &Aws, request: &RunRequest, run_id: &str, task: RunTask) -> Result<Self> {
        let (batch, queue) = (Batch::new(&aws.config), &request.settings.batch.queue);
        let id = aws.wait(batch.submit(queue, run_id, &task, None, request.interval))?;
        Ok(Self { task, run_id: run_id.to_owned(), id })
    }

    /// Follows the job to completion. A failed job is not an error here.
    pub fn finish(self, aws: &Aws, request: &RunRequest, report: &mut dyn FnMut(RunProgress)) -> Result<Outcome> {
        let mut follow = Follow::new(aws, request);
        follow.add(self.task.task, &self.id);
        follow.complete(report)?;
        Ok(follow.outcome(&self.run_id, None, &[self.task]))
    }
}
