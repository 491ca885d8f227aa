//! AWS CloudFormation: reads and changes stacks. Callers decide what is allowed in a stack's current status.

mod convert;
mod drift;
mod events;
mod watch;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::config::Builder;
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudformation::operation::describe_events::builders::DescribeEventsFluentBuilder;
use aws_sdk_cloudformation::types::{
    Capability, ChangeSetStatus, ChangeSetType, EventFilter, Parameter, StackStatus, Tag, TemplateStage,
};
use connect::aws::retries;
use connect::call::CallResult;

use self::convert::{change_set_entry, deployed, resource_to_import};
use crate::stack::{Adopted, ChangeSetEntry, Deployed};

#[derive(Clone, Debug)]
pub struct CloudFormation {
    client: Client,
}

#[derive(Clone, Debug)]
pub struct ChangeSetRequest<'a> {
    /// The stack name, including the prefix.
    pub stack: &'a str,
    pub kind: ChangeSetKind<'a>,
    /// The change set name, also used as the request's idempotency token.
    pub name: &'a str,
    pub template: &'a str,
    pub parameters: &'a BTreeMap<String, String>,
    /// All stack tags, by name; empty for an import, which accepts none.
    pub tags: &'a BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug)]
pub enum ChangeSetKind<'a> {
    Create,
    Update,
    Import(&'a BTreeMap<String, Adopted>),
}

#[derive(Clone, Debug)]
pub struct ChangeSet {
    pub id: String,
    pub state: ChangeSetState,
    pub changes: Vec<ChangeSetEntry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeSetState {
    Ready,
    Empty,
    Rejected(String),
}

/// Substrings of the status reason of a change set without changes. CloudFormation has no error code for this case;
/// `aws cloudformation deploy` searches for the same texts.
const EMPTY: [&str; 2] = ["didn't contain changes", "No updates are to be performed"];

/// Number of attempts for a throttled call. Seven stacks are read in parallel, and an account is limited to
/// about five DescribeStacks calls per second (aws-sam-cli#2671).
const ATTEMPTS: u32 = 6;

const HINTS: [(&str, &str); 7] = [
    ("AccessDenied", "the deploying identity lacks this permission; infra/README.md lists the required ones"),
    ("InsufficientCapabilities", "the stack creates IAM resources; this is a bug in xtask"),
    ("TokenAlreadyExists", "another operation is in progress; run the same command again"),
    ("ChangeSetNotFound", "another client changed the stack during the operation; run the same command again"),
    ("InvalidChangeSetStatus", "another client is changing the stack; run the same command again"),
    ("LimitExceeded", "the account has reached its maximum number of stacks; request an increase in Service Quotas"),
    ("OperationInProgress", "another operation is in progress; run the same command again when it has finished"),
];

impl CloudFormation {
    pub fn new(config: &SdkConfig) -> Self {
        let retries = retries(config, ATTEMPTS);
        Self { client: Client::from_conf(Builder::from(config).retry_config(retries).build()) }
    }

    /// Returns a stack by name or ARN, if it exists, without its template and change sets.
    pub async fn stack(&self, name: &str) -> Result<Option<Deployed>> {
        let call = self.client.describe_stacks().stack_name(name).send().await;
        let response = if_exists(call).or_failure(format!("read the stack `{name}`"), &HINTS)?;
        Ok(response.and_then(|response| response.stacks?.into_iter().next()).map(deployed))
    }

    /// Returns the original template of a stack; empty if the stack does not exist.
    pub async fn template(&self, name: &str) -> Result<String> {
        let call = self.client.get_template().stack_name(name).template_stage(TemplateStage::Original);
        let call = if_exists(call.send().await);
        let response = call.or_failure(format!("read the template of the stack `{name}`"), &HINTS)?;
        Ok(response.and_then(|response| response.template_body).unwrap_or_default())
    }

    /// Returns the names of a stack's open change sets, which have not been executed.
    pub async fn change_sets(&self, name: &str) -> Result<Vec<String>> {
        let call = self.client.list_change_sets().stack_name(name).into_paginator().items().send();
        let sets = if_exists(call.try_collect().await);
        let mut sets =
            sets.or_failure(format!("list the change sets for the stack `{name}`"), &HINTS)?.unwrap_or_default();
        sets.retain(|set| set.execution_status().is_none_or(|status| !status.as_str().starts_with("EXECUTE")));
        Ok(sets.into_iter().filter_map(|set| set.change_set_name).collect())
    }

    /// Returns the names of the existing stacks that start with this text.
    pub async fn names(&self, start: &str) -> Result<Vec<String>> {
        let existing = StackStatus::values().iter().filter(|status| **status != "DELETE_COMPLETE");
        let statuses = existing.map(|status| StackStatus::from(*status)).collect();
        let call = self.client.list_stacks().set_stack_status_filter(Some(statuses)).into_paginator().items().send();
        let found = call.try_collect().await.or_failure("list the stacks", &HINTS)?;
        let names = found.into_iter().filter_map(|stack| stack.stack_name);
        Ok(names.filter(|name| name.starts_with(start)).collect())
    }

    /// Requests a change set; returns its ARN and the stack ARN.
    pub async fn create_change_set(&self, request: &ChangeSetRequest<'_>) -> Result<(String, String)> {
        let parameter = |(name, value)| Parameter::builder().parameter_key(name).parameter_value(value).build();
        // If no tags are passed, the stack keeps its current ones.
        let tags = request.tags.iter().map(|(name, value)| Tag::builder().key(name).value(value).build());
        let tags = (!request.tags.is_empty()).then(|| tags.collect());
        let (kind, imports) = match request.kind {
            ChangeSetKind::Create => (ChangeSetType::Create, None),
            ChangeSetKind::Update => (ChangeSetType::Update, None),
            ChangeSetKind::Import(adopted) => {
                (ChangeSetType::Import, Some(adopted.iter().map(resource_to_import).collect()))
            }
        };
        let call = self.client.create_change_set().stack_name(request.stack).change_set_name(request.name);
        let call =
            call.change_set_type(kind).template_body(request.template).capabilities(Capability::CapabilityNamedIam);
        // If a response is lost, the SDK retries the request; the token prevents a second change set.
        let call = call.client_token(request.name).set_tags(tags).set_resources_to_import(imports);
        let call = call.set_parameters(Some(request.parameters.iter().map(parameter).collect()));
        let response = call.send().await.or_failure(format!("create a change set for `{}`", request.stack), &HINTS)?;
        Ok((response.id.context("CloudFormation did not return a change set")?, response.stack_id.unwrap_or_default()))
    }

    /// Returns a change set; `None` while it is being created.
    async fn change_set(&self, id: &str) -> Result<Option<ChangeSet>> {
        let call = self.client.describe_change_set().change_set_name(id).into_paginator().send();
        let pages = call.try_collect().await.or_failure("read a change set", &HINTS)?;
        let last = pages.last().context("CloudFormation did not return the change set")?;
        let reason = last.status_reason().unwrap_or_default();
        let state = match last.status() {
            Some(ChangeSetStatus::CreateComplete) => ChangeSetState::Ready,
            Some(ChangeSetStatus::Failed) if EMPTY.iter().any(|text| reason.contains(text)) => ChangeSetState::Empty,
            Some(ChangeSetStatus::Failed) => ChangeSetState::Rejected(reason.to_owned()),
            _ => return Ok(None),
        };
        let changes = pages.iter().flat_map(|page| page.changes()).filter_map(|change| change.resource_change());
        Ok(Some(ChangeSet { id: id.to_owned(), state, changes: changes.map(change_set_entry).collect() }))
    }

    /// Returns what pre-deployment validation found, which only these events contain (API Reference, DescribeEvents).
    pub async fn validation_problems(&self, change_set: &str) -> Result<Vec<String>> {
        self.problems(self.client.describe_events().change_set_name(change_set)).await
    }

    async fn problems(&self, call: DescribeEventsFluentBuilder) -> Result<Vec<String>> {
        let filter = EventFilter::builder().failed_events(true).build();
        let response = call.filters(filter).send().await.or_failure("read the validation events", &HINTS)?;
        let events = response.operation_events.unwrap_or_default();
        // The stack's own events only report that the validation failed.
        let has_details = events.iter().any(|event| event.validation_status_reason().is_some());
        let problems = events.into_iter().filter_map(|event| {
            let general = event.resource_status_reason().filter(|_| !has_details);
            let reason = event.validation_status_reason().or(general)?.to_owned();
            let place = event.logical_resource_id().unwrap_or_default();
            let path = event.validation_path().map(|path| format!(" at {path}")).unwrap_or_default();
            Some(if place.is_empty() { reason } else { format!("`{place}`{path}: {reason}") })
        });
        Ok(problems.collect())
    }

    /// Executes a change set by its ARN. The last part of the ARN is unique and serves as the idempotency token for
    /// retries (API Reference, ExecuteChangeSet, ClientRequestToken and TokenAlreadyExistsException).
    pub async fn execute(&self, id: &str) -> Result<()> {
        let token = id.rsplit('/').next().unwrap_or(id);
        let call = self.client.execute_change_set().change_set_name(id).client_request_token(token);
        call.send().await.map(drop).or_failure("execute a change set", &HINTS)
    }

    pub async fn drop_change_set(&self, stack: &str, name: &str) -> Result<()> {
        let call = self.client.delete_change_set().stack_name(stack).change_set_name(name).send().await;
        call.unless("ChangeSetNotFound")
            .map(drop)
            .or_failure(format!("delete a change set of the stack `{stack}`"), &HINTS)
    }

    /// Starts deleting a stack, but retains the resources in `retain`.
    pub async fn delete(&self, name: &str, retain: &[String]) -> Result<()> {
        let retain = (!retain.is_empty()).then(|| retain.to_vec());
        let call = self.client.delete_stack().stack_name(name).set_retain_resources(retain);
        call.send().await.map(drop).or_failure(format!("delete the stack `{name}`"), &HINTS)
    }

    /// Continues a failed rollback, skipping the resources in `skip`.
    pub async fn continue_rollback(&self, name: &str, skip: &[String]) -> Result<()> {
        let skip = (!skip.is_empty()).then(|| skip.to_vec());
        let call = self.client.continue_update_rollback().stack_name(name).set_resources_to_skip(skip);
        call.send().await.map(drop).or_failure(format!("roll back the stack `{name}`"), &HINTS)
    }

    pub async fn roll_back(&self, name: &str) -> Result<()> {
        let call = self.client.rollback_stack().stack_name(name);
        call.send().await.map(drop).or_failure(format!("roll back the stack `{name}`"), &HINTS)
    }

    pub async fn protect(&self, name: &str, protected: bool) -> Result<()> {
        let call = self.client.update_termination_protection().stack_name(name);
        let call = call.enable_termination_protection(protected);
        call.send().await.map(drop).or_failure(format!("set termination protection for the stack `{name}`"), &HINTS)
    }
}

/// Returns `None` if the stack does not exist. The error code is the same as for any other validation error.
#[allow(clippy::result_large_err, reason = "the SDK's own error, which it returns by value")]
fn if_exists<T, E: ProvideErrorMetadata>(result: Result<T, SdkError<E>>) -> Result<Option<T>, SdkError<E>> {
    match result {
        Err(error) if error.message().is_some_and(|message| message.contains("does not exist")) => Ok(None),
        result => result.map(Some),
    }
}
