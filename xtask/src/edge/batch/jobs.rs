//! Finds, submits and describes jobs, and reads the state of their queue.

use std::time::Duration;

use anyhow::Result;
use aws_config::retry::RetryConfig;
use aws_sdk_batch::Client;
use aws_sdk_batch::types::{
    ContainerOverrides, JobDependency, JobDetail, JobStatus, JobTimeout, KeyValuePair, KeyValuesPair,
    ResourceRequirement, ResourceType,
};
use connect::call::{CallResult, call_failure};

use super::{Batch, HINTS, queue};
use crate::run::{Attempt, Job, QueueState, RunOptions};
use crate::settings::RunTask;

/// The default log group of job definitions (AWS Batch User Guide, "Use the awslogs log driver").
const LOG_GROUP: &str = "/aws/batch/job";
/// Maximum number of jobs per DescribeJobs request (AWS Batch API Reference).
const PAGE: usize = 100;
/// Maximum number of attempts to submit a job if responses are lost.
const SUBMISSIONS: u32 = 4;

impl Batch {
    /// Returns the ID of the newest job with this name in a queue. Batch deletes jobs about a week after they finish.
    pub async fn newest(&self, queue: &str, name: &str) -> Result<Option<String>> {
        // With a filter, Batch returns jobs in every status and ignores case in names (API Reference, ListJobs).
        let filter = KeyValuesPair::builder().name("JOB_NAME").values(name).build();
        let call = self.client.list_jobs().job_queue(queue).filters(filter).into_paginator().items().send();
        let jobs = call.try_collect().await.or_failure(format!("list the jobs in the queue `{queue}`"), &HINTS)?;
        let jobs = jobs.into_iter().filter(|job| job.job_name.as_deref() == Some(name));
        Ok(jobs.max_by_key(|job| job.created_at).and_then(|job| job.job_id))
    }

    /// Submits a task's job, which starts once the `after` jobs have succeeded. SubmitJob has no client token, so the SDK
    /// must not retry it: if the response is lost, the job is looked up by name first.
    pub async fn submit(
        &self,
        queue: &str,
        (name, run_id): (&str, &str),
        (task, options): (&RunTask, &RunOptions),
        after: &[String],
        wait: Duration,
    ) -> Result<String> {
        let config = self.client.config().to_builder().retry_config(RetryConfig::disabled()).build();
        let once = Client::from_conf(config);
        let variable = |name: &str, value: &str| KeyValuePair::builder().name(name).value(value).build();
        let (command, given) = options.of(task);
        let given = given.iter().map(|(name, value)| variable(name, value));
        let environment = [variable("RUN_ID", run_id)].into_iter().chain(given).collect();
        let size = [(ResourceType::Vcpu, &task.overrides.vcpu), (ResourceType::Memory, &task.overrides.memory_mib)];
        let resource = |(kind, value): (ResourceType, &Option<String>)| {
            value.as_ref().map(|value| ResourceRequirement::builder().r#type(kind).value(value).build())
        };
        let overrides = ContainerOverrides::builder().set_command(Some(command)).set_environment(Some(environment));
        let overrides =
            size.into_iter().filter_map(resource).fold(overrides, |all, one| all.resource_requirements(one));
        let call = once.submit_job().job_name(name).job_queue(queue).job_definition(&task.definition);
        let seconds = task.overrides.attempt_seconds.and_then(|seconds| i32::try_from(seconds).ok());
        let timeout = seconds.map(|seconds| JobTimeout::builder().attempt_duration_seconds(seconds).build());
        let call = call.container_overrides(overrides.build()).set_timeout(timeout);
        let call = after.iter().fold(call, |call, id| call.depends_on(JobDependency::builder().job_id(id).build()));
        let mut submission = 1;
        loop {
            let failure = match call.clone().send().await {
                Ok(response) => return Ok(response.job_id.unwrap_or_default()),
                Err(error) => call_failure(&format!("submit the job `{name}`"), &error, &HINTS),
            };
            if !failure.is_temporary() || submission == SUBMISSIONS {
                return Err(failure.into());
            }
            // If the job was submitted, ListJobs returns it a few seconds later.
            tokio::time::sleep(wait).await;
            if let Some(found) = self.newest(queue, name).await? {
                return Ok(found);
            }
            submission += 1;
        }
    }

    /// Returns the details of the jobs with these IDs; unknown IDs are omitted. Sends one request per 100 jobs.
    pub async fn describe(&self, ids: &[String]) -> Result<Vec<Job>> {
        let mut jobs = Vec::new();
        for page in ids.chunks(PAGE) {
            let call = self.client.describe_jobs().set_jobs(Some(page.to_vec())).send().await;
            jobs.extend(call.or_failure("read the jobs", &HINTS)?.jobs.unwrap_or_default().into_iter().map(job));
        }
        Ok(jobs)
    }

    pub async fn queue_state(&self, name: &str) -> Result<QueueState> {
        let Some(mut detail) = self.queue_detail(name).await? else { return Ok(QueueState::default()) };
        let order = detail.compute_environment_order.take().unwrap_or_default().into_iter();
        let environments = self.environments(order.filter_map(|one| one.compute_environment).collect()).await?;
        Ok(QueueState { environments, queue: Some(queue(detail)), used_vcpu: self.busy(name).await? })
    }

    /// Returns the total vCPUs of a queue's starting and running jobs.
    async fn busy(&self, queue: &str) -> Result<f64> {
        let mut ids = Vec::new();
        for status in [JobStatus::Starting, JobStatus::Running] {
            let call = self.client.list_jobs().job_queue(queue).job_status(status).send().await;
            let response = call.or_failure(format!("list the jobs in the queue `{queue}`"), &HINTS)?;
            ids.extend(response.job_summary_list.unwrap_or_default().into_iter().filter_map(|job| job.job_id));
        }
        Ok(self.describe(&ids).await?.iter().filter_map(|job| job.vcpu).sum())
    }
}

fn job(detail: JobDetail) -> Job {
    let container = detail.container.unwrap_or_else(|| aws_sdk_batch::types::ContainerDetail::builder().build());
    let resources = container.resource_requirements.unwrap_or_default().into_iter();
    let vcpu = resources.filter(|one| one.r#type == Some(ResourceType::Vcpu)).find_map(|one| one.value?.parse().ok());
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
        created_ms: detail.created_at,
        started_ms: detail.started_at,
        stopped_ms: detail.stopped_at,
        vcpu,
        log_group: group.unwrap_or_else(|| LOG_GROUP.to_owned()),
        attempts: attempts.collect(),
        container: Attempt { code: container.exit_code, reason: container.reason, stream: container.log_stream_name },
    }
}
