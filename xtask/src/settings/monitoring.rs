//! Who is told of what, how long logs are kept, and what a month may cost.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{Findings, quoted};

/// The lengths that CloudWatch Logs takes, in days (Amazon CloudWatch Logs API Reference, PutRetentionPolicy).
const RETENTION: [u32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// Who is told of what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Monitoring {
    /// Where alarms go; the address has to confirm once. ALARM_EMAIL beats it.
    #[serde(default)]
    pub email: Option<String>,
    /// US dollars a month; a mail comes before they are spent. It stops nothing.
    #[schemars(range(min = 1))]
    pub budget_usd: u32,
    /// Days that logs of jobs and Airflow are kept; one of CloudWatch's lengths.
    pub log_days: u32,
}

impl Monitoring {
    pub(super) fn check(&self, found: &mut Findings) {
        if let Some(email) = &self.email {
            found.must(address(email), "monitoring.email", quoted(email), "is no mail address; write name@host.tld");
        }
        found.must(self.budget_usd > 0, "monitoring.budget_usd", self.budget_usd, "write 1 or more");
        check_retention("monitoring.log_days", self.log_days, found);
    }
}

/// One of CloudWatch's lengths.
pub(super) fn check_retention(path: &str, days: u32, found: &mut Findings) {
    if RETENTION.contains(&days) {
        return;
    }
    let below = RETENTION.iter().rev().find(|length| **length < days);
    let above = RETENTION.iter().find(|length| **length > days);
    let near: Vec<String> = [below, above].into_iter().flatten().map(ToString::to_string).collect();
    found.add(path, days, format!("CloudWatch keeps logs for certain lengths only; write {}", near.join(" or ")));
}

/// One `@`, something before it, and a host with a dot after it. Whether it exists, only a mail to it tells.
fn address(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else { return false };
    !name.is_empty()
        && host.split('.').count() >= 2
        && host.split('.').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
        && name.chars().all(|c| c.is_ascii_graphic() && !"\"(),:;<>@[]\\".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_addresses_have_a_name_and_a_host() {
        assert!(["a@b.cd", "data.team+alarms@example.co.uk"].iter().all(|text| address(text)));
        assert!(["", "a", "@b.cd", "a@b", "a@b..cd", "a b@c.de", "a@b@c.de", "<a@b.cd>"].iter().all(|t| !address(t)));
    }

    #[test]
    fn a_length_between_two_of_cloudwatchs_is_told_both() {
        let fix = |days| {
            let mut found = Findings::default();
            check_retention("x", days, &mut found);
            found.problems.pop().map(|finding| finding.fix).unwrap_or_default()
        };
        assert_eq!(fix(14), "");
        assert!(
            fix(45).ends_with("write 30 or 60") && fix(0).ends_with("write 1") && fix(9999).ends_with("write 3653")
        );
    }
}
