//! How long the buckets keep what.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Findings;

/// How long the buckets keep what. Days count from an object's making.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// The answers as they came.
    pub raw: Keep,
    /// The typed files. An unchanged source goes on pointing at an old run's files, so they must outlive its silence.
    pub processed: Keep,
    /// Receipts and load manifests.
    pub stage: Keep,
    /// Days that a replaced or deleted version can be had back.
    #[schemars(range(min = 1))]
    pub noncurrent_days: u32,
    /// Days until the parts of an upload that never ended are removed.
    #[schemars(range(min = 1))]
    pub incomplete_upload_days: u32,
    /// Days that the log of requests is kept.
    #[schemars(range(min = 1))]
    pub access_log_days: u32,
}

/// How long one prefix of the lake is kept. What is left out never happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Keep {
    /// Days until an object moves to a storage class that is cheaper to keep and dearer to read; 30 at least.
    #[serde(default)]
    #[schemars(range(min = 30))]
    pub infrequent_access_days: Option<u32>,
    /// Days until an object is removed.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub expire_days: Option<u32>,
}

impl Storage {
    pub(super) fn check(&self, found: &mut Findings) {
        let prefixes = [("raw", &self.raw), ("processed", &self.processed), ("stage", &self.stage)];
        for (name, keep) in prefixes {
            let path = format!("storage.{name}");
            if let Some(days) = keep.infrequent_access_days {
                // Amazon S3 User Guide, "Transitioning objects using Amazon S3 Lifecycle", constraints.
                let fix = "S3 moves nothing before day 30; write 30 or more";
                found.must(days >= 30, &format!("{path}.infrequent_access_days"), days, fix);
            }
            let Some(expire) = keep.expire_days else { continue };
            let path = format!("{path}.expire_days");
            found.must(expire > 0, &path, expire, "write 1 or more, or leave it out to keep everything");
            if let Some(days) = keep.infrequent_access_days.filter(|days| *days >= expire) {
                let fix =
                    format!("objects would be removed before they move on day {days}; write more, or leave one out");
                found.add(&path, expire, fix);
            }
        }
        // Ours: receipts vouch for processed/, and processed/ can be made again from raw/, never the other way round.
        let end = |keep: &Keep| keep.expire_days.unwrap_or(u32::MAX);
        for pair in prefixes.windows(2) {
            let [(above, longer), (name, shorter)] = pair else { continue };
            if end(shorter) > end(longer) {
                found.add(
                    &format!("storage.{above}.expire_days"),
                    end(longer),
                    format!("{above}/ must stay as long as {name}/, which is made from it"),
                );
            }
        }
        for (name, days) in [
            ("noncurrent_days", self.noncurrent_days),
            ("incomplete_upload_days", self.incomplete_upload_days),
            ("access_log_days", self.access_log_days),
        ] {
            found.must(days > 0, &format!("storage.{name}"), days, "write 1 or more");
        }
    }
}
