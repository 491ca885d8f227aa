//! AWS Batch: whether queue, compute environment and job definitions are as they should be, and the jobs.

mod jobs;

use anyhow::Result;
use aws_config::SdkConfig;
use aws_sdk_batch::Client;
use aws_sdk_batch::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_batch::types::{CeState, CeStatus, JqState, JqStatus};

use crate::failure;

/// Batch of an account in a region.
#[derive(Clone, Debug)]
pub struct Batch {
    client: Client,
}

/// A queue or compute environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// `ENABLED` or `DISABLED`.
    pub state: String,
    /// `VALID` when it can be used.
    pub status: String,
    /// Why it is not, where Batch tells.
    pub reason: Option<String>,
}

impl Standing {
    /// Whether jobs can go through it.
    pub fn is_open(&self) -> bool {
        self.state == "ENABLED" && self.status == "VALID"
    }
}

impl Batch {
    /// With a client made by the SDK.
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }

    /// A queue by its name, if it is there.
    pub async fn queue(&self, name: &str) -> Result<Option<Standing>> {
        let told = self.client.describe_job_queues().job_queues(name).send().await;
        let told = told.map_err(|error| refused(&format!("look at the queue `{name}`"), &error))?;
        let queue = told.job_queues().first();
        Ok(queue.map(|queue| {
            standing(queue.state().map(JqState::as_str), queue.status().map(JqStatus::as_str), queue.status_reason())
        }))
    }

    /// A compute environment by its name, if it is there.
    pub async fn environment(&self, name: &str) -> Result<Option<Standing>> {
        let told = self.client.describe_compute_environments().compute_environments(name).send().await;
        let told = told.map_err(|error| refused(&format!("look at the compute environment `{name}`"), &error))?;
        let found = told.compute_environments().first();
        Ok(found.map(|found| {
            standing(found.state().map(CeState::as_str), found.status().map(CeStatus::as_str), found.status_reason())
        }))
    }

    /// The image of a job definition's newest active revision, if there is one.
    pub async fn image(&self, definition: &str) -> Result<Option<String>> {
        let call = self.client.describe_job_definitions().job_definition_name(definition).status("ACTIVE");
        let mut pages = call.into_paginator().send();
        let mut newest = None;
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| refused(&format!("look at the job definition `{definition}`"), &error))?;
            let revisions = page.job_definitions.unwrap_or_default().into_iter();
            let images =
                revisions.map(|one| (one.revision, one.container_properties.and_then(|container| container.image)));
            newest = newest.into_iter().chain(images).max();
        }
        Ok(newest.and_then(|(_, image)| image))
    }
}

fn standing(state: Option<&str>, status: Option<&str>, reason: Option<&str>) -> Standing {
    let text = |told: Option<&str>| told.unwrap_or_default().to_owned();
    Standing { state: text(state), status: text(status), reason: reason.map(str::to_owned) }
}

/// What mends an error, by how its code begins.
const HINTS: [(&str, &str); 2] = [
    ("AccessDenied", "the caller needs batch:Describe* and batch:List*, and to run something batch:SubmitJob"),
    ("ClientException", "is it deployed? `cargo xtask status` looks"),
];

fn refused<E>(what: &str, error: &SdkError<E>) -> anyhow::Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    failure::refused(what, (error.code(), error.message()), error, &HINTS).into()
}
