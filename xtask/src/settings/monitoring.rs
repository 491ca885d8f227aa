//! Alarms, log retention, and the monthly budget.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Findings;

/// Alarms, logs and budget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Monitoring {
    /// Email address for alarms; its owner must confirm the subscription once. ALARM_EMAIL overrides it.
    pub email: Option<String>,
    /// Monthly budget in US dollars. An email is sent before the budget is used up; spending is not capped.
    #[schemars(range(min = 1))]
    pub budget_usd: u32,
    /// Number of days to keep job and Airflow logs; one of the CloudWatch Logs retention periods.
    pub log_days: u32,
}

impl Monitoring {
    pub(super) fn check(found: &mut Findings<'_>) {
        // One `@`, a name before it, and a host with a dot after it.
        let address = r#"^[!#-'*+./0-9=?A-Z^-~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"#;
        found.pattern("monitoring.email", address, "is not an email address; use name@host.tld");
        found.range("monitoring.budget_usd", 1.., "must be 1 or more");
        found.retention("monitoring.log_days");
    }
}
