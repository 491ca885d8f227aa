//! Alarms, the retention of logs, and the monthly budget.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Findings;

/// The retention periods of CloudWatch Logs, in days (Amazon CloudWatch Logs API Reference, PutRetentionPolicy).
const RETENTION: [u32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// Alarms, logs and budget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Monitoring {
    /// Recipient of alarms, who must confirm the subscription once. ALARM_EMAIL overrides it.
    #[serde(default)]
    pub email: Option<String>,
    /// Monthly budget in US dollars: an email is sent before it is spent. It is not a limit.
    #[schemars(range(min = 1))]
    pub budget_usd: u32,
    /// Days that logs of jobs and Airflow are kept; one of CloudWatch's retention periods.
    pub log_days: u32,
}

impl Monitoring {
    pub(super) fn check(&self, found: &mut Findings) {
        if let Some(email) = &self.email {
            found.must(address(email), "monitoring.email", email, "is not an email address; write name@host.tld");
        }
        found.must(self.budget_usd > 0, "monitoring.budget_usd", self.budget_usd, "write 1 or more");
        check_retention("monitoring.log_days", self.log_days, found);
    }
}

/// Checks that CloudWatch has this retention period.
pub(super) fn check_retention(path: &str, days: u32, found: &mut Findings) {
    if !RETENTION.contains(&days) {
        let below = RETENTION.iter().rev().find(|length| **length < days);
        let above = RETENTION.iter().find(|length| **length > days);
        let near: Vec<String> = [below, above].into_iter().flatten().map(ToString::to_string).collect();
        found.add(path, days, format!("is not a retention period of CloudWatch; write {}", near.join(" or ")));
    }
}

/// One `@`, a name before it, and a host with a dot after it.
fn address(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else { return false };
    !name.is_empty()
        && host.contains('.')
        && host.split('.').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
        && name.chars().all(|c| c.is_ascii_graphic() && !"\"(),:;<>@[]\\".contains(c))
}
