//! AWS Batch: jobs, and the state of queues, compute environments and job definitions.

mod jobs;

use anyhow::Result;
use aws_config::SdkConfig;
use aws_sdk_batch::Client;
use aws_sdk_batch::types::{ComputeEnvironmentDetail, JobQueueDetail};
use connect::call::CallResult;

use crate::run::BatchResource;

#[derive(Clone, Debug)]
pub struct Batch {
    client: Client,
}

impl Batch {
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }

    pub async fn queue(&self, name: &str) -> Result<Option<BatchResource>> {
        Ok(self.queue_detail(name).await?.map(queue))
    }

    async fn queue_detail(&self, name: &str) -> Result<Option<JobQueueDetail>> {
        let call = self.client.describe_job_queues().job_queues(name).send().await;
        let response = call.or_failure(format!("read the queue `{name}`"), &HINTS)?;
        Ok(response.job_queues.unwrap_or_default().into_iter().next())
    }

    pub async fn environment(&self, name: &str) -> Result<Option<BatchResource>> {
        Ok(self.environments(vec![name.to_owned()]).await?.into_iter().next())
    }

    /// Returns the existing compute environments with these names. Without names, Batch would return all compute
    /// environments in the account.
    async fn environments(&self, names: Vec<String>) -> Result<Vec<BatchResource>> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let action = format!("read the compute environments `{}`", names.join("`, `"));
        let call = self.client.describe_compute_environments().set_compute_environments(Some(names)).send().await;
        let response = call.or_failure(action, &HINTS)?;
        Ok(response.compute_environments.unwrap_or_default().into_iter().map(environment).collect())
    }

    /// Returns the image of a job definition's newest active revision, if any.
    pub async fn image(&self, definition: &str) -> Result<Option<String>> {
        let call = self.client.describe_job_definitions().job_definition_name(definition).status("ACTIVE");
        let revisions = call.into_paginator().items().send().try_collect().await;
        let revisions = revisions.or_failure(format!("read the job definition `{definition}`"), &HINTS)?;
        let newest = revisions.into_iter().max_by_key(|revision| revision.revision);
        Ok(newest.and_then(|revision| revision.container_properties?.image))
    }
}

fn queue(detail: JobQueueDetail) -> BatchResource {
    BatchResource {
        name: detail.job_queue_name.unwrap_or_default(),
        state: detail.state.map(|state| state.as_str().to_owned()).unwrap_or_default(),
        status: detail.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        reason: detail.status_reason,
        max_vcpu: None,
    }
}

fn environment(detail: ComputeEnvironmentDetail) -> BatchResource {
    BatchResource {
        name: detail.compute_environment_name.unwrap_or_default(),
        state: detail.state.map(|state| state.as_str().to_owned()).unwrap_or_default(),
        status: detail.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        reason: detail.status_reason,
        max_vcpu: detail.compute_resources.and_then(|resources| resources.maxv_cpus),
    }
}

const HINTS: [(&str, &str); 2] = [
    ("AccessDenied", "the caller needs batch:Describe* and batch:List*, and batch:SubmitJob to run jobs"),
    ("ClientException", "run `cargo xtask status` to check whether it is deployed"),
];
