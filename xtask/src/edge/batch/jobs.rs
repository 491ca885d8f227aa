//! Jobs: found by their names, submitted, looked at many at a time, and what stands around one that waits.

use std::time::Duration;

use anyhow::Result;
use aws_config::retry::RetryConfig;
use aws_sdk_batch::types::{
    ContainerOverrides, JobDependency, JobDetail, JobStatus, KeyValuePair, KeyValuesPair, ResourceType,
};

use super::{Batch, refused};
use crate::failure;
use crate::run::{Attempt, BatchResource, DAG, Job, QueueState, RunTask, UNMAPPED, job_name};

/// Where Batch logs if a job definition does not say otherwise (AWS Batch User Guide, "Use the awslogs log driver").
const LOG_GROUP: &str = "/aws/batch/job";
/// What one DescribeJobs takes (AWS Batch API Reference).
const AT_ONCE: usize = 100;
/// How often a submission of which nobody knows whether it arrived is looked for and made again.
const SUBMISSIONS: u32 = 4;

impl Batch {
    /// The newest job of a name in a queue, if there is one. Batch forgets a job about a week after its end.
    pub async fn newest(&self, queue: &str, name: &str) -> Result<Option<String>> {
        // With a filter Batch gives every status, and compares names without regard to case (API Reference, ListJobs).
        let filter = KeyValuesPair::builder().name("JOB_NAME").values(name).build();
        let mut pages = self.client.list_jobs().job_queue(queue).filters(filter).into_paginator().send();
        let mut newest = None;
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| refused(&format!("look for jobs in the queue `{queue}`"), &error))?;
            let jobs = page.job_summary_list.unwrap_or_default().into_iter();
            let jobs = jobs.filter(|job| job.job_name.as_deref() == Some(name));
            let ids = jobs.filter_map(|job| Some((job.created_at, job.job_id?)));
            newest = newest.into_iter().chain(ids).max();
        }
        Ok(newest.map(|(_, id)| id))
    }

    /// Submits a step's job, to begin once another has succeeded. SubmitJob has no client token, so the SDK does not repeat
    /// it: where nobody knows whether it arrived, the job is looked for by its name first.
    pub async fn submit(
        &self,
        queue: &str,
        run_id: &str,
        step: &RunTask,
        behind: Option<&str>,
        wait: Duration,
    ) -> Result<String> {
        let name = job_name(DAG, step.task, UNMAPPED, run_id);
        let once = self.client.config().to_builder().retry_config(RetryConfig::disabled()).build();
        let once = aws_sdk_batch::Client::from_conf(once);
        let mut submission = 1;
        loop {
            let variable = KeyValuePair::builder().name("RUN_ID").value(run_id).build();
            let command = step.command.iter().map(|word| (*word).to_owned()).collect();
            let overrides = ContainerOverrides::builder().set_command(Some(command)).environment(variable).build();
            let call = once.submit_job().job_name(&name).job_queue(queue).job_definition(&step.definition);
            let call = call.container_overrides(overrides);
            let call =
                behind.iter().fold(call, |call, id| call.depends_on(JobDependency::builder().job_id(*id).build()));
            let error = match call.send().await {
                Ok(answer) => return Ok(answer.job_id.unwrap_or_default()),
                Err(error) => refused(&format!("submit the job `{name}`"), &error),
            };
            if failure::exit_of(&error) != contract::Exit::TempFail || submission == SUBMISSIONS {
                return Err(error);
            }
            // The list shows it some seconds later, if it arrived.
            tokio::time::sleep(wait).await;
            if let Some(found) = self.newest(queue, &name).await? {
                return Ok(found);
            }
            submission += 1;
        }
    }

    /// What Batch tells of jobs, in one call for up to 100 of them; of one that it does not know, nothing.
    pub async fn describe(&self, ids: &[String]) -> Result<Vec<Job>> {
        let mut jobs = Vec::new();
        for some in ids.chunks(AT_ONCE) {
            let told = self.client.describe_jobs().set_jobs(Some(some.to_vec())).send().await;
            let told = told.map_err(|error| refused("look at jobs", &error))?;
            jobs.extend(told.jobs.unwrap_or_default().into_iter().map(job));
        }
        Ok(jobs)
    }

    /// What stands around the jobs of a queue: itself, its compute environments, and the vCPU that its jobs hold.
    pub async fn queue_state(&self, queue: &str) -> Result<QueueState> {
        let told = self.client.describe_job_queues().job_queues(queue).send().await;
        let told = told.map_err(|error| refused(&format!("look at the queue `{queue}`"), &error))?;
        let Some(found) = told.job_queues.unwrap_or_default().into_iter().next() else {
            return Ok(QueueState::default());
        };
        let order = found.compute_environment_order.unwrap_or_default().into_iter();
        let names: Vec<String> = order.filter_map(|one| one.compute_environment).collect();
        let mut environments = Vec::new();
        if !names.is_empty() {
            let told = self.client.describe_compute_environments().set_compute_environments(Some(names)).send().await;
            let told = told.map_err(|error| refused("look at the compute environments", &error))?;
            environments = told.compute_environments.unwrap_or_default();
        }
        let text = |word: Option<&str>| word.unwrap_or_default().to_owned();
        let queue = BatchResource {
            name: queue.to_owned(),
            state: text(found.state.as_ref().map(|state| state.as_str())),
            status: text(found.status.as_ref().map(|status| status.as_str())),
            reason: found.status_reason,
            max_vcpu: None,
        };
        let environments = environments.into_iter().map(|one| BatchResource {
            state: text(one.state.as_ref().map(|state| state.as_str())),
            status: text(one.status.as_ref().map(|status| status.as_str())),
            name: one.compute_environment_name.unwrap_or_default(),
            reason: one.status_reason,
            max_vcpu: one.compute_resources.and_then(|resources| resources.maxv_cpus),
        });
        let used_vcpu = self.busy(&queue.name).await?;
        Ok(QueueState { environments: environments.collect(), queue: Some(queue), used_vcpu })
    }

    /// The vCPU of the jobs of a queue that start or run.
    async fn busy(&self, queue: &str) -> Result<f64> {
        let mut ids = Vec::new();
        for status in [JobStatus::Starting, JobStatus::Running] {
            let told = self.client.list_jobs().job_queue(queue).job_status(status).send().await;
            let told = told.map_err(|error| refused(&format!("look at the jobs of `{queue}`"), &error))?;
            ids.extend(told.job_summary_list.unwrap_or_default().into_iter().filter_map(|job| job.job_id));
        }
        Ok(self.describe(&ids).await?.iter().filter_map(|job| job.vcpu).sum())
    }
}

fn job(detail: JobDetail) -> Job {
    let container = detail.container.unwrap_or_else(|| aws_sdk_batch::types::ContainerDetail::builder().build());
    let wanted = container.resource_requirements.unwrap_or_default().into_iter();
    let vcpu = wanted.filter(|one| one.r#type == Some(ResourceType::Vcpu)).find_map(|one| one.value?.parse().ok());
    let options = container.log_configuration.and_then(|configuration| configuration.options).unwrap_or_default();
    let group = options.get("awslogs-group").cloned();
    let attempts = detail.attempts.unwrap_or_default().into_iter().filter_map(|attempt| attempt.container);
    let attempts = attempts.map(|one| Attempt { code: one.exit_code, reason: one.reason, stream: one.log_stream_name });
    Job {
        id: detail.job_id.unwrap_or_default(),
        name: detail.job_name.unwrap_or_default(),
        status: detail.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        reason: detail.status_reason,
        was_terminated: detail.is_terminated == Some(true) || detail.is_cancelled == Some(true),
        started_ms: detail.started_at,
        stopped_ms: detail.stopped_at,
        vcpu,
        log_group: group.unwrap_or_else(|| LOG_GROUP.to_owned()),
        attempts: attempts.collect(),
        container: Attempt { code: container.exit_code, reason: container.reason, stream: container.log_stream_name },
    }
}
