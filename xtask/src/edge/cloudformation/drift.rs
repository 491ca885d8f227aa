//! Whether somebody changed a stack's resources by hand.

use std::time::Duration;

use anyhow::Result;
use aws_sdk_cloudformation::types::{StackDriftDetectionStatus, StackResourceDriftStatus};

use super::{CloudFormation, refused};

/// Between two looks; a detection takes a minute or two, and reads every resource.
const PAUSE: Duration = Duration::from_secs(2);

impl CloudFormation {
    /// The resources of a stack that are not as it made them, as `LakeBucket is MODIFIED`. What CloudFormation cannot look
    /// at is not among them; why it could not end its look is.
    pub async fn drift(&self, stack: &str) -> Result<Vec<String>> {
        let what = format!("look for drift in `{stack}`");
        let begun = self.client.detect_stack_drift().stack_name(stack).send().await;
        let id = begun.map_err(|error| refused(&what, &error))?.stack_drift_detection_id.unwrap_or_default();
        let mut found = Vec::new();
        loop {
            let told = self.client.describe_stack_drift_detection_status().stack_drift_detection_id(&id).send().await;
            let told = told.map_err(|error| refused(&what, &error))?;
            match told.detection_status {
                Some(StackDriftDetectionStatus::DetectionInProgress) => tokio::time::sleep(PAUSE).await,
                Some(StackDriftDetectionStatus::DetectionFailed) => {
                    found.extend(told.detection_status_reason);
                    break;
                }
                _ => break,
            }
        }
        let drifted = [StackResourceDriftStatus::Modified, StackResourceDriftStatus::Deleted];
        let call = self.client.describe_stack_resource_drifts().stack_name(stack);
        let call = call.set_stack_resource_drift_status_filters(Some(drifted.to_vec()));
        let mut pages = call.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| refused(&what, &error))?;
            found.extend(page.stack_resource_drifts.unwrap_or_default().into_iter().map(|drift| {
                let status = drift.stack_resource_drift_status().map(|status| status.as_str().to_owned());
                let paths: Vec<&str> =
                    drift.property_differences().iter().filter_map(|one| one.property_path()).collect();
                let paths = if paths.is_empty() { String::new() } else { format!(" at {}", paths.join(", ")) };
                let name = drift.logical_resource_id().unwrap_or_default();
                format!("{name} is {}{paths}", status.unwrap_or_default())
            }));
        }
        Ok(found)
    }
}
