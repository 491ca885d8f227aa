//! Events of stack operations.

use anyhow::Result;
use aws_sdk_cloudformation::types::StackEvent;
use connect::call::CallResult;

use super::{CloudFormation, HINTS};
use crate::stack::Event;

/// Stack statuses in the first event of an operation.
const FIRST: [&str; 4] = ["CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS"];

impl CloudFormation {
    /// Like [`validation_problems`](Self::validation_problems), but for a stack's last operation: CloudFormation
    /// validates again when it executes a change set.
    pub async fn operation_problems(&self, stack: &str) -> Result<Vec<String>> {
        let events = self.client.describe_events();
        match self.newest(stack).await?.and_then(|event| event.operation_id) {
            Some(operation) => self.problems(events.operation_id(operation)).await,
            None => self.problems(events.stack_name(stack)).await,
        }
    }

    /// Returns the ID of a stack's newest event.
    pub async fn newest_event(&self, stack: &str) -> Result<Option<String>> {
        Ok(self.newest(stack).await?.and_then(|event| event.event_id))
    }

    async fn newest(&self, stack: &str) -> Result<Option<StackEvent>> {
        let call = self.client.describe_stack_events().stack_name(stack).send().await;
        let response = call.or_failure(format!("read the events of the stack `{stack}`"), &HINTS)?;
        Ok(response.stack_events.unwrap_or_default().into_iter().next())
    }

    /// Returns the events of a stack's last operation, oldest first.
    pub async fn last_operation(&self, stack: &str) -> Result<Vec<Event>> {
        self.events_until(stack, |event| {
            // The stack is listed as one of its own resources. A rollback belongs to the operation that it rolls back.
            let is_stack = event.physical_resource_id() == event.stack_id();
            let status = event.resource_status().map(|status| status.as_str().to_owned()).unwrap_or_default();
            is_stack && FIRST.contains(&status.as_str())
        })
        .await
    }

    /// Returns a stack's events after the one with the ID `seen`, or all events, oldest first.
    pub async fn events(&self, stack: &str, seen: Option<&str>) -> Result<Vec<Event>> {
        let mut found = self.events_until(stack, |event| seen.is_some() && event.event_id() == seen).await?;
        if found.first().is_some_and(|event| Some(event.id.as_str()) == seen) {
            found.remove(0);
        }
        Ok(found)
    }

    /// Returns the newest event that matches `last` and all later ones, oldest first.
    async fn events_until(&self, stack: &str, last: impl Fn(&StackEvent) -> bool) -> Result<Vec<Event>> {
        let mut events = self.client.describe_stack_events().stack_name(stack).into_paginator().items().send();
        let mut found = Vec::new();
        while let Some(one) = events.next().await {
            let one = one.or_failure(format!("read the events of the stack `{stack}`"), &HINTS)?;
            let is_last = last(&one);
            found.push(event(one));
            if is_last {
                break;
            }
        }
        found.reverse();
        Ok(found)
    }
}

fn event(event: StackEvent) -> Event {
    Event {
        id: event.event_id.unwrap_or_default(),
        resource: event.logical_resource_id.unwrap_or_default(),
        kind: event.resource_type.unwrap_or_default(),
        status: event.resource_status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        reason: event.resource_status_reason.filter(|reason| !reason.is_empty()),
    }
}
