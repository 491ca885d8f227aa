//! Drift detection: changes to a stack's resources outside CloudFormation.

use std::time::Duration;

use anyhow::Result;
use aws_sdk_cloudformation::types::{StackDriftDetectionStatus, StackResourceDriftStatus};
use connect::call::CallResult;

use super::{CloudFormation, HINTS};

/// Delay between status requests; drift detection takes a minute or two.
const PAUSE: Duration = Duration::from_secs(2);

impl CloudFormation {
    /// Returns a stack's drifted resources, such as `LakeBucket is MODIFIED at /Tags`, and the reason if drift
    /// detection failed. Resources that do not support drift detection are omitted.
    pub async fn drift(&self, stack: &str) -> Result<Vec<String>> {
        let action = format!("detect drift in the stack `{stack}`");
        let detection = self.client.detect_stack_drift().stack_name(stack).send().await;
        let id = detection.or_failure(&action, &HINTS)?.stack_drift_detection_id.unwrap_or_default();
        let mut found = Vec::new();
        loop {
            let call = self.client.describe_stack_drift_detection_status().stack_drift_detection_id(&id);
            let response = call.send().await.or_failure(&action, &HINTS)?;
            match response.detection_status {
                Some(StackDriftDetectionStatus::DetectionInProgress) => tokio::time::sleep(PAUSE).await,
                Some(StackDriftDetectionStatus::DetectionFailed) => {
                    found.extend(response.detection_status_reason);
                    break;
                }
                _ => break,
            }
        }
        let drifted = [StackResourceDriftStatus::Modified, StackResourceDriftStatus::Deleted];
        let call = self.client.describe_stack_resource_drifts().stack_name(stack);
        let call = call.set_stack_resource_drift_status_filters(Some(drifted.to_vec()));
        let pages = call.into_paginator().send().try_collect().await.or_failure(&action, &HINTS)?;
        for drift in pages.iter().flat_map(|page| page.stack_resource_drifts()) {
            let status = drift.stack_resource_drift_status().map_or("", |status| status.as_str());
            let paths: Vec<&str> = drift.property_differences().iter().filter_map(|one| one.property_path()).collect();
            let paths = if paths.is_empty() { String::new() } else { format!(" at {}", paths.join(", ")) };
            let name = drift.logical_resource_id().unwrap_or_default();
            found.push(format!("{name} is {status}{paths}"));
        }
        Ok(found)
    }
}
