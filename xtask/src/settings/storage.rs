//! Object retention in the buckets.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Findings;

/// Object retention in the buckets, in days after creation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// The source responses.
    pub raw: Retention,
    /// The Parquet files. New runs of an unchanged source reuse an earlier run's files, so do not let them expire.
    pub processed: Retention,
    /// Receipts and load manifests.
    pub stage: Retention,
    /// Number of days during which a replaced or deleted version can be restored.
    #[schemars(range(min = 1))]
    pub noncurrent_days: u32,
    /// Days until the parts of an incomplete upload are deleted.
    #[schemars(range(min = 1))]
    pub incomplete_upload_days: u32,
    /// Number of days to keep access logs.
    #[schemars(range(min = 1))]
    pub access_log_days: u32,
}

/// Retention for one prefix in the lake. Omitted keys have no effect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Days until an object moves to a storage class with cheaper storage and more expensive reads; at least 30.
    #[schemars(range(min = 30))]
    pub infrequent_access_days: Option<u32>,
    /// Days until an object is deleted.
    #[schemars(range(min = 1))]
    pub expire_days: Option<u32>,
}

impl Storage {
    pub(super) fn check(&self, found: &mut Findings<'_>) {
        let prefixes = [("raw", &self.raw), ("processed", &self.processed), ("stage", &self.stage)];
        for (name, keep) in prefixes {
            // Amazon S3 User Guide, "Transitioning objects using Amazon S3 Lifecycle", constraints.
            let fix = "must be 30 or more: S3 does not transition objects earlier";
            found.range(&format!("storage.{name}.infrequent_access_days"), 30.., fix);
            let path = format!("storage.{name}.expire_days");
            found.range(&path, 1.., "use 1 or more, or remove the key to keep everything");
            if let (Some(days), Some(expire)) = (keep.infrequent_access_days, keep.expire_days) {
                let fix = format!(
                    "objects would be deleted before they move on day {days}; use a larger value, or remove one key"
                );
                found.must(days < expire, &path, fix);
            }
        }
        // Our rule: receipts refer to processed/, and processed/ can be rebuilt from raw/, but not vice versa.
        let end = |keep: &Retention| keep.expire_days.unwrap_or(u32::MAX);
        for pair in prefixes.windows(2) {
            let [(above, longer), (name, shorter)] = pair else { continue };
            let fix = format!("{above}/ must be kept at least as long as {name}/, which is built from it");
            found.must(end(shorter) <= end(longer), &format!("storage.{above}.expire_days"), fix);
        }
        for path in ["storage.noncurrent_days", "storage.incomplete_upload_days", "storage.access_log_days"] {
            found.range(path, 1.., "must be 1 or more");
        }
    }
}
