//! Redshift Serverless: names, size, and cost limits.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Findings;

/// Regions with workgroups of up to 1,024 RPU. The Redshift Management Guide lists five in "Compute capacity" and in
/// "Considerations when using Amazon Redshift Serverless"; the two lists differ in the fifth, so it is left out.
const LARGE: [&str; 4] = ["us-east-1", "us-east-2", "us-west-2", "eu-west-1"];

/// Redshift Serverless.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Warehouse {
    /// Name of the namespace, which contains the data.
    pub namespace: String,
    /// Name of the workgroup, which provides the compute capacity.
    pub workgroup: String,
    /// Database name.
    pub database: String,
    /// Base capacity in RPU: 4 for up to 32 TB, otherwise a multiple of 8. Billed per second while active.
    #[schemars(range(min = 4, max = 1024))]
    pub base_rpu: u32,
    /// Maximum capacity in RPU; limits the hourly cost.
    #[schemars(range(min = 4))]
    pub max_rpu: u32,
    /// Usage limit.
    pub usage_limit: UsageLimit,
    /// Logs to export to CloudWatch.
    pub log_exports: Vec<LogExport>,
}

/// Usage limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UsageLimit {
    /// RPU-hours per period: 4 RPU for 10 hours is 40 RPU-hours.
    #[schemars(range(min = 1))]
    pub rpu_hours: u32,
    /// Period to which the limit applies.
    pub period: Period,
    /// What happens when the limit is reached.
    pub action: Breach,
}

/// When the usage is reset to zero (Amazon Redshift Serverless API Reference, CreateUsageLimit).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Period {
    /// At midnight UTC.
    Daily,
    /// On Sundays.
    Weekly,
    /// On the first of the month.
    Monthly,
}

/// What happens when the limit is reached (Amazon Redshift Serverless API Reference, CreateUsageLimit).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Breach {
    /// Log a row in a system table.
    Log,
    /// Emit a metric, for an alarm.
    EmitMetric,
    /// Reject queries until the period ends.
    Deactivate,
}

/// A warehouse log (Amazon Redshift Serverless API Reference, CreateNamespace, `logExports`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogExport {
    /// Changes to users.
    Userlog,
    /// Successful and failed connections.
    Connectionlog,
    /// Every statement.
    Useractivitylog,
}

impl Warehouse {
    pub(super) fn check(&self, region: &str, found: &mut Findings<'_>) {
        for path in ["warehouse.namespace", "warehouse.workgroup"] {
            // Amazon Redshift Serverless API Reference, CreateNamespace, CreateWorkgroup.
            found.pattern(path, "^[a-z0-9-]{3,64}$", "must be 3 to 64 characters of a-z 0-9 and -");
        }
        // Our rule, stricter than Redshift's: the name is used in SQL and URLs without quotes.
        let fix = "use up to 63 characters of a-z 0-9 _, starting with a letter";
        found.pattern("warehouse.database", "^[a-z][a-z0-9_]{0,62}$", fix);
        self.check_size(region, found);
        let fix = "must be 1 or more: without a limit, a runaway query incurs costs until someone notices";
        found.range("warehouse.usage_limit.rpu_hours", 1.., fix);
        found.no_duplicates("warehouse.log_exports");
    }

    /// Checks the capacity: 4, then 8 to 512 in steps of 8, then up to 1,024 in steps of 32 in some regions (Amazon
    /// Redshift Management Guide, "Compute capacity for Amazon Redshift Serverless").
    fn check_size(&self, region: &str, found: &mut Findings<'_>) {
        let (base, max) = (self.base_rpu, self.max_rpu);
        if base > 512 && !LARGE.contains(&region) {
            found.add("warehouse.base_rpu", format!("more than 512 is not documented for {region}; use 512 or less"));
        } else {
            let legal = match base {
                0..8 => base == 4,
                8..=512 => base % 8 == 0,
                _ => base <= 1024 && base % 32 == 0,
            };
            let fix = "use 4, a multiple of 8 up to 512, or a multiple of 32 up to 1024";
            found.must(legal, "warehouse.base_rpu", fix);
        }
        // The maximum value and its steps are not documented, so only AWS checks them.
        found.must(max >= base, "warehouse.max_rpu", format!("is less than base_rpu; it must be {base} or more"));
    }
}
