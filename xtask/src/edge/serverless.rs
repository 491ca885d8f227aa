//! Amazon Redshift Serverless from outside: workgroup, namespace, and the usage limit, which CloudFormation cannot set.

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use aws_sdk_redshiftserverless::Client;
use aws_sdk_redshiftserverless::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_redshiftserverless::types::{UsageLimit, UsageLimitBreachAction, UsageLimitPeriod, UsageLimitUsageType};

use crate::failure;

/// Redshift Serverless of an account in a region.
#[derive(Clone, Debug)]
pub struct Serverless {
    client: Client,
}

/// A workgroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workgroup {
    /// Its ARN.
    pub arn: String,
    /// `AVAILABLE` when it can be used.
    pub status: String,
    /// Where dbt connects.
    pub host: Option<String>,
}

/// A namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// The ARN of the secret with the administrator's password, where Redshift keeps it.
    pub admin_secret: Option<String>,
    /// The ARN of the key by which it is encrypted, where that is not AWS's own.
    pub key: Option<String>,
}

/// A limit on what a workgroup computes in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// AWS's own name for it.
    pub id: String,
    /// RPU-hours.
    pub amount: i64,
    /// `daily`, `weekly`, `monthly`.
    pub period: String,
    /// `log`, `emit-metric`, `deactivate`.
    pub action: String,
}

impl Serverless {
    /// With a client made by the SDK.
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }

    /// A workgroup by its name, if it is there.
    pub async fn workgroup(&self, name: &str) -> Result<Option<Workgroup>> {
        let told = match self.client.get_workgroup().workgroup_name(name).send().await {
            Err(error) if error.code() == Some("ResourceNotFoundException") => return Ok(None),
            told => told.map_err(|error| refused(&format!("look at the workgroup `{name}`"), &error))?,
        };
        let workgroup = told.workgroup.context("Redshift named no workgroup")?;
        Ok(Some(Workgroup {
            arn: workgroup.workgroup_arn().unwrap_or_default().to_owned(),
            status: workgroup.status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
            host: workgroup.endpoint().and_then(|endpoint| endpoint.address()).map(str::to_owned),
        }))
    }

    /// A namespace by its name, if it is there.
    pub async fn namespace(&self, name: &str) -> Result<Option<Namespace>> {
        let told = match self.client.get_namespace().namespace_name(name).send().await {
            Err(error) if error.code() == Some("ResourceNotFoundException") => return Ok(None),
            told => told.map_err(|error| refused(&format!("look at the namespace `{name}`"), &error))?,
        };
        Ok(told.namespace.map(|namespace| Namespace {
            admin_secret: namespace.admin_password_secret_arn,
            // "AWS_OWNED_KMS_KEY" else (API Reference, Namespace).
            key: namespace.kms_key_id.filter(|key| key.starts_with("arn:")),
        }))
    }

    /// Deletes a namespace with all that is in it; one that is not there is no failure.
    pub async fn remove_namespace(&self, name: &str) -> Result<()> {
        match self.client.delete_namespace().namespace_name(name).send().await {
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(()),
            told => told.map(drop).map_err(|error| refused(&format!("delete the namespace `{name}`"), &error)),
        }
    }

    /// A workgroup's limits on computing.
    pub async fn limits(&self, workgroup: &str) -> Result<Vec<Limit>> {
        let call = self.client.list_usage_limits().resource_arn(workgroup);
        let mut pages = call.usage_type(UsageLimitUsageType::ServerlessCompute).into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| refused("list the warehouse's usage limits", &error))?;
            found.extend(page.usage_limits.unwrap_or_default().into_iter().map(limit));
        }
        Ok(found)
    }

    /// Sets a workgroup's one limit: what is there with this period is changed, others are removed, and it is made where
    /// none is.
    pub async fn set_limit(&self, workgroup: &str, there: &[Limit], wanted: &Limit) -> Result<()> {
        let action = UsageLimitBreachAction::from(wanted.action.as_str());
        let same = there.iter().find(|limit| limit.period == wanted.period);
        match same {
            Some(same) => {
                let call = self.client.update_usage_limit().usage_limit_id(&same.id).amount(wanted.amount);
                let told = call.breach_action(action).send().await;
                told.map_err(|error| refused("change the warehouse's usage limit", &error))?;
            }
            None => {
                let call = self.client.create_usage_limit().resource_arn(workgroup).amount(wanted.amount);
                let call = call.usage_type(UsageLimitUsageType::ServerlessCompute).breach_action(action);
                let told = call.period(UsageLimitPeriod::from(wanted.period.as_str())).send().await;
                told.map_err(|error| refused("set the warehouse's usage limit", &error))?;
            }
        }
        for other in there.iter().filter(|limit| same.is_none_or(|same| same.id != limit.id)) {
            let told = self.client.delete_usage_limit().usage_limit_id(&other.id).send().await;
            told.map_err(|error| refused("remove a usage limit of the warehouse", &error))?;
        }
        Ok(())
    }
}

fn limit(told: UsageLimit) -> Limit {
    Limit {
        id: told.usage_limit_id.unwrap_or_default(),
        amount: told.amount.unwrap_or_default(),
        period: told.period.map(|period| period.as_str().to_owned()).unwrap_or_default(),
        action: told.breach_action.map(|action| action.as_str().to_owned()).unwrap_or_default(),
    }
}

/// What mends an error, by how its code begins.
const HINTS: [(&str, &str); 1] =
    [("AccessDenied", "the deploying identity lacks this permission; infra/README.md lists what it needs")];

fn refused<E>(what: &str, error: &SdkError<E>) -> anyhow::Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    failure::refused(what, (error.code(), error.message()), error, &HINTS).into()
}
