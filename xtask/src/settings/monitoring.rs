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
    /// URL that receives alarms from SNS, https only, without a user or a password; the endpoint must confirm the subscription
    /// once. ALARM_WEBHOOK overrides it.
    #[schemars(regex(pattern = r"^https://"))]
    pub webhook: Option<String>,
    /// Slack channel that receives alarms, through Amazon Q Developer in chat applications.
    pub slack: Option<Slack>,
    /// Monthly budget in US dollars. An email is sent before the budget is used up; spending is not capped.
    #[schemars(range(min = 1))]
    pub budget_usd: u32,
    /// Number of days to keep job and Airflow logs; one of the CloudWatch Logs retention periods.
    pub log_days: u32,
}

/// A Slack channel. Its workspace is authorized once, in the console of Amazon Q Developer in chat applications.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Slack {
    /// Workspace ID; the console shows it.
    #[schemars(regex(pattern = "^T[0-9A-Z]+$"))]
    pub workspace: String,
    /// Channel ID, the end of the channel's link.
    #[schemars(regex(pattern = "^[CG][0-9A-Z]+$"))]
    pub channel: String,
}

impl Monitoring {
    pub(super) fn check(&self, region: &str, found: &mut Findings<'_>) {
        // One `@`, a name before it, and a host with a dot after it.
        let address = r#"^[!#-'*+./0-9=?A-Z^-~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"#;
        found.pattern("monitoring.email", address, "is not an email address; use name@host.tld");
        // A host with a dot in it, a port and a path; `@` would follow a user and a password.
        let url = r"^https://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:[0-9]{1,5})?([/?][!-?A-~]*)?$";
        let fix = "is not an https URL; use https://host.tld/path, without a user, a password or any other @";
        found.hidden("monitoring.webhook", url, fix);
        let fix = "is not the ID of a Slack workspace, such as T0123ABCD; the console of Amazon Q Developer in chat \
                   applications shows it once the workspace is authorized";
        found.pattern("monitoring.slack.workspace", "^T[0-9A-Z]{1,254}$", fix);
        let fix = "is not the ID of a Slack channel, such as C0123ABCD; the link to the channel ends with it";
        found.pattern("monitoring.slack.channel", "^[CG][0-9A-Z]{1,254}$", fix);
        // The resource type does not exist in the other partitions (the registry's schemas, as shipped with cfn-lint).
        let fix = format!("Amazon Q Developer in chat applications does not exist in {region}; remove this key");
        let exists = !["cn-", "us-gov-"].iter().any(|start| region.starts_with(start));
        found.must(self.slack.is_none() || exists, "monitoring.slack", fix);
        found.range("monitoring.budget_usd", 1.., "must be 1 or more");
        found.retention("monitoring.log_days");
    }
}
