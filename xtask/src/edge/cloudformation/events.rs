//! What CloudFormation tells of a stack's operations, event by event.

use anyhow::Result;
use aws_sdk_cloudformation::types::StackEvent;
use chrono::{DateTime, Utc};

use super::{CloudFormation, refused};
use crate::stack::Event;

/// How an operation on a stack begins, as its own events tell.
const BEGINS: [&str; 4] = ["CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS"];

impl CloudFormation {
    /// As [`validation_problems`](Self::validation_problems), of a stack's last operation: the checks are made once more
    /// when a change set is carried out.
    pub async fn operation_problems(&self, stack: &str) -> Result<Vec<String>> {
        let told = self.client.describe_stack_events().stack_name(stack).send().await;
        let told = told.map_err(|error| refused(&format!("read the events of `{stack}`"), &error))?;
        let events = self.client.describe_events();
        match told.stack_events().first().and_then(|event| event.operation_id()) {
            Some(operation) => self.problems(events.operation_id(operation)).await,
            None => self.problems(events.stack_name(stack)).await,
        }
    }

    /// The id of a stack's newest event.
    pub async fn newest_event(&self, stack: &str) -> Result<Option<String>> {
        let told = self.client.describe_stack_events().stack_name(stack).send().await;
        let told = told.map_err(|error| refused(&format!("read the events of `{stack}`"), &error))?;
        Ok(told.stack_events.unwrap_or_default().into_iter().next().and_then(|event| event.event_id))
    }

    /// The events of a stack's last operation, oldest first.
    pub async fn last_operation(&self, stack: &str) -> Result<Vec<Event>> {
        self.events_until(stack, |told| {
            // A stack is a resource of itself; a rollback belongs to what it rolls back.
            let whole = told.physical_resource_id() == told.stack_id();
            let status = told.resource_status().map(|status| status.as_str().to_owned()).unwrap_or_default();
            whole && BEGINS.contains(&status.as_str())
        })
        .await
    }

    /// A stack's events after the one with the id `seen`, or all, oldest first.
    pub async fn events(&self, stack: &str, seen: Option<&str>) -> Result<Vec<Event>> {
        let mut found = self.events_until(stack, |told| seen.is_some() && told.event_id() == seen).await?;
        if found.first().is_some_and(|event| Some(event.id.as_str()) == seen) {
            found.remove(0);
        }
        Ok(found)
    }

    /// Events from the newest back to the first that ends the search, that one too; oldest first.
    async fn events_until(&self, stack: &str, ends: impl Fn(&StackEvent) -> bool) -> Result<Vec<Event>> {
        let mut pages = self.client.describe_stack_events().stack_name(stack).into_paginator().send();
        let mut found = Vec::new();
        'pages: while let Some(page) = pages.next().await {
            let page = page.map_err(|error| refused(&format!("read the events of `{stack}`"), &error))?;
            for told in page.stack_events.unwrap_or_default() {
                let last = ends(&told);
                found.push(event(told));
                if last {
                    break 'pages;
                }
            }
        }
        found.reverse();
        Ok(found)
    }
}

fn event(told: StackEvent) -> Event {
    let at = told.timestamp.and_then(|time| DateTime::<Utc>::from_timestamp(time.secs(), time.subsec_nanos()));
    Event {
        id: told.event_id.unwrap_or_default(),
        resource: told.logical_resource_id.unwrap_or_default(),
        kind: told.resource_type.unwrap_or_default(),
        physical: told.physical_resource_id.unwrap_or_default(),
        status: told.resource_status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        reason: told.resource_status_reason.filter(|reason| !reason.is_empty()),
        at,
    }
}
