//! Amazon Redshift Serverless: workgroups, namespaces, and usage limits, which CloudFormation cannot set.

use std::time::Duration;

use anyhow::Result;
use aws_config::SdkConfig;
use aws_sdk_redshiftserverless::Client;
use aws_sdk_redshiftserverless::types::{Namespace, NamespaceStatus, UsageLimitUsageType, WorkgroupStatus};
pub use aws_sdk_redshiftserverless::types::{UsageLimit, UsageLimitBreachAction, UsageLimitPeriod, Workgroup};
use connect::call::CallResult;

use crate::failure::Failure;

#[derive(Clone, Debug)]
pub struct Serverless {
    client: Client,
}

const MISSING: &str = "ResourceNotFoundException";

/// The first delay between polls; each delay is 1.5 times the previous one, up to the maximum.
const SHORTEST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(10);
/// Maximum number of polls for a deletion: about half an hour.
const POLLS: u32 = 190;

/// Whether a namespace exists only until its deletion is complete, which takes minutes after the call has returned.
pub fn is_deleting(namespace: &Namespace) -> bool {
    namespace.status == Some(NamespaceStatus::Deleting)
}

impl Serverless {
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }

    pub async fn workgroup(&self, name: &str) -> Result<Option<Workgroup>> {
        let call = self.client.get_workgroup().workgroup_name(name).send().await.unless(MISSING);
        let response = call.or_failure(format!("read the workgroup `{name}`"), &HINTS)?;
        Ok(response.and_then(|response| response.workgroup))
    }

    pub async fn namespace(&self, name: &str) -> Result<Option<Namespace>> {
        let call = self.client.get_namespace().namespace_name(name).send().await.unless(MISSING);
        let response = call.or_failure(format!("read the namespace `{name}`"), &HINTS)?;
        Ok(response.and_then(|response| response.namespace))
    }

    /// Waits until a workgroup and a namespace whose deletion has started no longer exist, so that new ones can have their
    /// names. `report` receives what is waited for.
    /// Fails temporarily if the deletion takes longer than half an hour.
    pub async fn wait_until_deleted(
        &self,
        (workgroup, namespace): (&str, &str),
        report: &mut (dyn FnMut(&str) + Send),
    ) -> Result<()> {
        let (mut pause, mut reported) = (SHORTEST, None);
        for _ in 0..POLLS {
            let found = self.workgroup(workgroup).await?;
            let busy = if found.is_some_and(|found| found.status == Some(WorkgroupStatus::Deleting)) {
                format!("the workgroup `{workgroup}`")
            } else if self.namespace(namespace).await?.as_ref().is_some_and(is_deleting) {
                format!("the namespace `{namespace}`")
            } else {
                return Ok(());
            };
            if reported.as_ref() != Some(&busy) {
                report(&format!("waiting until {busy} is deleted"));
                reported = Some(busy);
            }
            tokio::time::sleep(pause).await;
            pause = pause.mul_f64(1.5).min(LONGEST);
        }
        let failure = Failure::temporary(format!("{} is still being deleted", reported.unwrap_or_default()));
        Err(failure.hint("run the same command again later").into())
    }

    /// Deletes a namespace and its data, if it exists.
    pub async fn remove_namespace(&self, name: &str) -> Result<()> {
        let call = self.client.delete_namespace().namespace_name(name).send().await.unless(MISSING);
        call.map(drop).or_failure(format!("delete the namespace `{name}`"), &HINTS)
    }

    /// Returns the limits on a workgroup's compute capacity, in RPU-hours per period.
    pub async fn limits(&self, workgroup: &str) -> Result<Vec<UsageLimit>> {
        let call = self.client.list_usage_limits().resource_arn(workgroup);
        let call = call.usage_type(UsageLimitUsageType::ServerlessCompute).into_paginator().items().send();
        call.try_collect().await.or_failure("list the warehouse's usage limits", &HINTS)
    }

    /// Makes `limit` the only usage limit of a workgroup: updates the limit in `current` with the same period, or
    /// creates a new one, and deletes the others.
    pub async fn set_limit(&self, workgroup: &str, current: &[UsageLimit], limit: &UsageLimit) -> Result<()> {
        let (period, action) = (limit.period.clone(), limit.breach_action.clone());
        let same = current.iter().find(|other| other.period == limit.period);
        if let Some(same) = same {
            let call = self.client.update_usage_limit().set_usage_limit_id(same.usage_limit_id.clone());
            let call = call.set_amount(limit.amount).set_breach_action(action).send().await;
            call.or_failure("update the warehouse's usage limit", &HINTS)?;
        } else {
            let call = self.client.create_usage_limit().resource_arn(workgroup).set_amount(limit.amount);
            let call = call.usage_type(UsageLimitUsageType::ServerlessCompute);
            let call = call.set_period(period).set_breach_action(action).send().await;
            call.or_failure("create the warehouse's usage limit", &HINTS)?;
        }
        for other in current.iter().filter(|other| Some(*other) != same) {
            let call = self.client.delete_usage_limit().set_usage_limit_id(other.usage_limit_id.clone()).send().await;
            call.or_failure("delete one of the warehouse's usage limits", &HINTS)?;
        }
        Ok(())
    }
}

const HINTS: [(&str, &str); 1] =
    [("AccessDenied", "the deploying identity lacks this permission; infra/README.md lists the required ones")];
