//! Amazon Redshift Serverless: workgroups, namespaces, and usage limits, which CloudFormation cannot set.

use std::time::Duration;

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use aws_sdk_redshiftserverless::Client;
use aws_sdk_redshiftserverless::types::{UsageLimit, UsageLimitBreachAction, UsageLimitPeriod, UsageLimitUsageType};
use connect::call::CallResult;

use crate::failure::Failure;

#[derive(Clone, Debug)]
pub struct Serverless {
    client: Client,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workgroup {
    pub arn: String,
    /// `AVAILABLE` when it can be used.
    pub status: String,
    /// The host that dbt connects to.
    pub host: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// `AVAILABLE`, `MODIFYING` or `DELETING` (API Reference, Namespace).
    pub status: String,
    /// The ARN of the secret with the administrator's password, if Redshift manages it.
    pub admin_secret: Option<String>,
    /// The ARN of the KMS key that encrypts the namespace, unless AWS owns the key.
    pub key: Option<String>,
}

/// A limit on the compute capacity that a workgroup uses in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    pub id: String,
    /// RPU-hours.
    pub amount: i64,
    /// `daily`, `weekly`, `monthly`.
    pub period: String,
    /// `log`, `emit-metric`, `deactivate`.
    pub action: String,
}

const MISSING: &str = "ResourceNotFoundException";

/// The status of a workgroup or namespace during its deletion, which takes minutes after the call has returned.
const DELETING: &str = "DELETING";
/// The first delay between polls; each delay is 1.5 times the previous one, up to the maximum.
const SHORTEST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(10);
/// Maximum number of polls for a deletion: about half an hour.
const POLLS: u32 = 190;

impl Namespace {
    /// Whether it exists only until its deletion is complete.
    pub fn is_deleting(&self) -> bool {
        self.status == DELETING
    }
}

impl Serverless {
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }

    pub async fn workgroup(&self, name: &str) -> Result<Option<Workgroup>> {
        let call = self.client.get_workgroup().workgroup_name(name).send().await.unless(MISSING);
        let Some(response) = call.or_failure(format!("read the workgroup `{name}`"), &HINTS)? else { return Ok(None) };
        let workgroup = response.workgroup.context("Redshift did not return the workgroup")?;
        Ok(Some(Workgroup {
            arn: workgroup.workgroup_arn().unwrap_or_default().to_owned(),
            status: workgroup.status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
            host: workgroup.endpoint().and_then(|endpoint| endpoint.address()).map(str::to_owned),
        }))
    }

    pub async fn namespace(&self, name: &str) -> Result<Option<Namespace>> {
        let call = self.client.get_namespace().namespace_name(name).send().await.unless(MISSING);
        let response = call.or_failure(format!("read the namespace `{name}`"), &HINTS)?;
        Ok(response.and_then(|response| response.namespace).map(|namespace| Namespace {
            status: namespace.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
            admin_secret: namespace.admin_password_secret_arn,
            // Otherwise `AWS_OWNED_KMS_KEY` (API Reference, Namespace).
            key: namespace.kms_key_id.filter(|key| key.starts_with("arn:")),
        }))
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
            let found = self.workgroup(workgroup).await?.filter(|found| found.status == DELETING);
            let busy = match found {
                Some(_) => Some(format!("the workgroup `{workgroup}`")),
                None => {
                    let found = self.namespace(namespace).await?.filter(Namespace::is_deleting);
                    found.map(|_| format!("the namespace `{namespace}`"))
                }
            };
            let Some(busy) = busy else { return Ok(()) };
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

    pub async fn limits(&self, workgroup: &str) -> Result<Vec<Limit>> {
        let call = self.client.list_usage_limits().resource_arn(workgroup);
        let call = call.usage_type(UsageLimitUsageType::ServerlessCompute).into_paginator().items().send();
        let limits = call.try_collect().await.or_failure("list the warehouse's usage limits", &HINTS)?;
        let limit = |limit: UsageLimit| Limit {
            id: limit.usage_limit_id.unwrap_or_default(),
            amount: limit.amount.unwrap_or_default(),
            period: limit.period.map(|period| period.as_str().to_owned()).unwrap_or_default(),
            action: limit.breach_action.map(|action| action.as_str().to_owned()).unwrap_or_default(),
        };
        Ok(limits.into_iter().map(limit).collect())
    }

    /// Makes `limit` the only usage limit of a workgroup: updates the limit in `current` with the same period, or
    /// creates a new one, and deletes the others.
    pub async fn set_limit(&self, workgroup: &str, current: &[Limit], limit: &Limit) -> Result<()> {
        let action = UsageLimitBreachAction::from(limit.action.as_str());
        let same = current.iter().find(|other| other.period == limit.period);
        if let Some(same) = same {
            let call = self.client.update_usage_limit().usage_limit_id(&same.id).amount(limit.amount);
            let call = call.breach_action(action).send().await;
            call.or_failure("update the warehouse's usage limit", &HINTS)?;
        } else {
            let call = self.client.create_usage_limit().resource_arn(workgroup).amount(limit.amount);
            let call = call.usage_type(UsageLimitUsageType::ServerlessCompute).breach_action(action);
            let call = call.period(UsageLimitPeriod::from(limit.period.as_str())).send().await;
            call.or_failure("create the warehouse's usage limit", &HINTS)?;
        }
        for other in current.iter().filter(|other| same.is_none_or(|same| same.id != other.id)) {
            let call = self.client.delete_usage_limit().usage_limit_id(&other.id).send().await;
            call.or_failure("delete one of the warehouse's usage limits", &HINTS)?;
        }
        Ok(())
    }
}

const HINTS: [(&str, &str); 1] =
    [("AccessDenied", "the deploying identity lacks this permission; infra/README.md lists the required ones")];
