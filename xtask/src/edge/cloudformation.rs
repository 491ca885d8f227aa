//! AWS CloudFormation: stacks as it tells of them, and the calls that change them. What is legal when is decided above.

mod drift;
mod events;
mod told;
mod watch;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::config::Builder;
use aws_sdk_cloudformation::config::retry::RetryConfig;
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudformation::operation::describe_events::builders::DescribeEventsFluentBuilder;
use aws_sdk_cloudformation::types::{
    Capability, ChangeSetStatus, ChangeSetType, EventFilter, Parameter, Tag, TemplateStage,
};

use self::told::{announced, deployed, to_import};
use crate::failure;
use crate::stack::{Adopted, ChangeSetEntry, Deployed};

/// CloudFormation of an account in a region.
#[derive(Clone, Debug)]
pub struct CloudFormation {
    client: Client,
}

/// A change set to be made.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// The stack's name with the prefix.
    pub stack: &'a str,
    /// What it does with the stack.
    pub does: Does<'a>,
    /// The change set's own name; the same name and content is the same request.
    pub name: &'a str,
    /// The template.
    pub template: &'a str,
    /// By name.
    pub parameters: &'a BTreeMap<String, String>,
    /// All tags of the stack, by name. An import takes none.
    pub tags: &'a BTreeMap<String, String>,
}

/// What a change set does with its stack.
#[derive(Clone, Copy, Debug)]
pub enum Does<'a> {
    /// Makes it.
    Creates,
    /// Changes it.
    Updates,
    /// Makes it of what is there already.
    Imports(&'a BTreeMap<String, Adopted>),
}

/// A change set once it is made.
#[derive(Clone, Debug)]
pub struct ChangeSet {
    /// Its ARN.
    pub id: String,
    /// What came of it.
    pub made: Made,
    /// What it would do.
    pub changes: Vec<ChangeSetEntry>,
}

/// What came of a change set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    /// Not yet known.
    Pending,
    /// It can be executed.
    Ready,
    /// There is nothing to change.
    Empty,
    /// CloudFormation refuses, in these words.
    Refused(String),
}

/// How CloudFormation says that there is nothing to do; it has no code for it (seen in its answers, and in those of
/// `aws cloudformation deploy`, which looks for the same words).
const EMPTY: [&str; 2] = ["didn't contain changes", "No updates are to be performed"];

/// How often a call is tried while CloudFormation throttles: seven stacks are looked at side by side, and five DescribeStacks
/// a second have been told to be all that an account gets (aws-sam-cli#2671).
const ATTEMPTS: u32 = 6;

/// What mends an error, by how its code begins.
const HINTS: [(&str, &str); 7] = [
    ("AccessDenied", "the deploying identity lacks this permission; infra/README.md lists what it needs"),
    ("InsufficientCapabilities", "the stack makes IAM resources; this is a fault of the tool"),
    ("TokenAlreadyExists", "another operation is under way; run the same command again"),
    ("ChangeSetNotFound", "somebody else changed the stack meanwhile; run the same command again"),
    ("InvalidChangeSetStatus", "somebody else is changing the stack; run the same command again"),
    ("LimitExceeded", "the account has as many stacks as it may have; Service Quotas raises it"),
    ("OperationInProgress", "another operation is under way; run the same command again when it has ended"),
];

impl CloudFormation {
    /// With a client made by the SDK.
    pub fn new(config: &SdkConfig) -> Self {
        let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS);
        Self { client: Client::from_conf(Builder::from(config).retry_config(retries).build()) }
    }

    /// A stack by its name or ARN, without its template and change sets; none if nothing has this name.
    pub async fn stack(&self, name: &str) -> Result<Option<Deployed>> {
        match self.client.describe_stacks().stack_name(name).send().await {
            Ok(told) => Ok(told.stacks.unwrap_or_default().into_iter().next().map(deployed)),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(refused(&format!("look at the stack `{name}`"), &error)),
        }
    }

    /// The template that a stack was made with, as it was sent; empty where there is none yet, or no longer.
    pub async fn template(&self, name: &str) -> Result<String> {
        let call = self.client.get_template().stack_name(name).template_stage(TemplateStage::Original);
        match call.send().await {
            Ok(told) => Ok(told.template_body.unwrap_or_default()),
            Err(error) if is_missing(&error) => Ok(String::new()),
            Err(error) => Err(refused(&format!("read the template of `{name}`"), &error)),
        }
    }

    /// The names of a stack's change sets that were not executed.
    pub async fn change_sets(&self, name: &str) -> Result<Vec<String>> {
        let mut pages = self.client.list_change_sets().stack_name(name).into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = match page {
                Err(error) if is_missing(&error) => break,
                page => page.map_err(|error| refused(&format!("list the change sets of `{name}`"), &error))?,
            };
            let open = page.summaries.unwrap_or_default().into_iter().filter(|set| {
                let state = set.execution_status().map(|status| status.as_str().to_owned()).unwrap_or_default();
                !state.starts_with("EXECUTE")
            });
            found.extend(open.filter_map(|set| set.change_set_name));
        }
        Ok(found)
    }

    /// Has a change set made; gives its ARN and that of its stack.
    pub async fn make(&self, wanted: &Wanted<'_>) -> Result<(String, String)> {
        let parameters = wanted.parameters.iter();
        let parameters =
            parameters.map(|(name, value)| Parameter::builder().parameter_key(name).parameter_value(value).build());
        // Without tags the stack keeps those that it has.
        let tags = wanted.tags.iter().map(|(name, value)| Tag::builder().key(name).value(value).build());
        let tags = (!wanted.tags.is_empty()).then(|| tags.collect());
        let (kind, imports) = match wanted.does {
            Does::Creates => (ChangeSetType::Create, None),
            Does::Updates => (ChangeSetType::Update, None),
            Does::Imports(adopted) => (ChangeSetType::Import, Some(adopted.iter().map(to_import).collect())),
        };
        let call = self.client.create_change_set().stack_name(wanted.stack).change_set_name(wanted.name);
        let call =
            call.change_set_type(kind).template_body(wanted.template).capabilities(Capability::CapabilityNamedIam);
        // The SDK asks again when an answer is lost: with a token that is not a second change set of the same name.
        let call = call.client_token(wanted.name).set_parameters(Some(parameters.collect()));
        let call = call.set_tags(tags);
        let call = call.set_resources_to_import(imports);
        let told = call.send().await;
        let told = told.map_err(|error| refused(&format!("plan the changes of `{}`", wanted.stack), &error))?;
        Ok((told.id.context("CloudFormation named no change set")?, told.stack_id.unwrap_or_default()))
    }

    /// What has become of a change set.
    pub async fn change_set(&self, id: &str) -> Result<ChangeSet> {
        let (mut next, mut changes) = (None, Vec::new());
        loop {
            let told = self.client.describe_change_set().change_set_name(id).set_next_token(next).send().await;
            let told = told.map_err(|error| refused("look at a change set", &error))?;
            let resources = told.changes.unwrap_or_default().into_iter().filter_map(|change| change.resource_change);
            changes.extend(resources.map(|change| announced(&change)));
            next = told.next_token;
            if next.is_some() {
                continue;
            }
            let reason = told.status_reason.unwrap_or_default();
            let made = match told.status {
                Some(ChangeSetStatus::CreateComplete) => Made::Ready,
                Some(ChangeSetStatus::Failed) if EMPTY.iter().any(|words| reason.contains(words)) => Made::Empty,
                Some(ChangeSetStatus::Failed) => Made::Refused(reason),
                _ => Made::Pending,
            };
            return Ok(ChangeSet { id: id.to_owned(), made, changes });
        }
    }

    /// What the checks before a deployment found, which only these events tell (API Reference, DescribeEvents).
    pub async fn validation_problems(&self, change_set: &str) -> Result<Vec<String>> {
        self.problems(self.client.describe_events().change_set_name(change_set)).await
    }

    async fn problems(&self, call: DescribeEventsFluentBuilder) -> Result<Vec<String>> {
        let filter = EventFilter::builder().failed_events(true).build();
        let told = call.filters(filter).send().await;
        let told = told.map_err(|error| refused("read what was checked", &error))?;
        let events = told.operation_events.unwrap_or_default();
        // Beside the checks' own events are those of the stack, which only say that there are some.
        let checks = events.iter().any(|event| event.validation_status_reason().is_some());
        let problems = events.into_iter().filter_map(|event| {
            let of_no_check = event.resource_status_reason().filter(|_| !checks);
            let reason = event.validation_status_reason().or(of_no_check)?.to_owned();
            let place = event.logical_resource_id().unwrap_or_default();
            let path = event.validation_path().map(|path| format!(" at {path}")).unwrap_or_default();
            Some(if place.is_empty() { reason } else { format!("`{place}`{path}: {reason}") })
        });
        Ok(problems.collect())
    }

    /// Carries a change set out, by its ARN. The token is what no other change set has, the end of the ARN: when an answer is
    /// lost and the SDK asks again, nothing more is done, and no other stack's operation has the same (API Reference,
    /// ExecuteChangeSet, ClientRequestToken and TokenAlreadyExistsException).
    pub async fn execute(&self, id: &str) -> Result<()> {
        let token = id.rsplit('/').next().unwrap_or(id);
        let call = self.client.execute_change_set().change_set_name(id).client_request_token(token);
        call.send().await.map(drop).map_err(|error| refused("carry a change set out", &error))
    }

    /// Removes a change set; one that is not there is no failure.
    pub async fn drop_change_set(&self, stack: &str, name: &str) -> Result<()> {
        match self.client.delete_change_set().stack_name(stack).change_set_name(name).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("ChangeSetNotFound") => Ok(()),
            Err(error) => Err(refused(&format!("remove a change set of `{stack}`"), &error)),
        }
    }

    /// Begins to delete a stack, leaving the resources in `retain` where they are.
    pub async fn delete(&self, name: &str, retain: &[String]) -> Result<()> {
        let retain = (!retain.is_empty()).then(|| retain.to_vec());
        let call = self.client.delete_stack().stack_name(name).set_retain_resources(retain);
        call.send().await.map(drop).map_err(|error| refused(&format!("delete the stack `{name}`"), &error))
    }

    /// Goes on with a rollback that failed, without the resources in `skip`.
    pub async fn continue_rollback(&self, name: &str, skip: &[String]) -> Result<()> {
        let skip = (!skip.is_empty()).then(|| skip.to_vec());
        let call = self.client.continue_update_rollback().stack_name(name).set_resources_to_skip(skip);
        call.send().await.map(drop).map_err(|error| refused(&format!("roll `{name}` back"), &error))
    }

    /// Rolls a failed change back.
    pub async fn roll_back(&self, name: &str) -> Result<()> {
        let call = self.client.rollback_stack().stack_name(name);
        call.send().await.map(drop).map_err(|error| refused(&format!("roll `{name}` back"), &error))
    }

    /// Says whether a stack may be deleted.
    pub async fn protect(&self, name: &str, protected: bool) -> Result<()> {
        let call = self.client.update_termination_protection().stack_name(name);
        let call = call.enable_termination_protection(protected);
        call.send().await.map(drop).map_err(|error| refused(&format!("protect the stack `{name}`"), &error))
    }
}

/// Whether there is no such stack: that answer has the code of every other mistake.
fn is_missing<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    error.message().is_some_and(|words| words.contains("does not exist"))
}

fn refused<E>(what: &str, error: &SdkError<E>) -> anyhow::Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    failure::refused(what, (error.code(), error.message()), error, &HINTS).into()
}
