//! Redshift Serverless: names, size, and what it may cost.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{Findings, made_of, quoted};

/// Regions whose workgroups may have 1,024 RPU. The Redshift Management Guide lists five in "Compute capacity" and in
/// "Considerations when using Amazon Redshift Serverless"; the fifth differs between the two, so only these are taken.
const LARGE: [&str; 4] = ["us-east-1", "us-east-2", "us-west-2", "eu-west-1"];

/// Redshift Serverless.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Warehouse {
    /// Holds the data.
    pub namespace: String,
    /// Computes.
    pub workgroup: String,
    /// Where the schemas are.
    pub database: String,
    /// RPU that a query begins with: 4 for up to 32 TB, else a multiple of 8. Billed by the second while awake.
    #[schemars(range(min = 4, max = 1024))]
    pub base_rpu: u32,
    /// The most RPU it grows to; what an hour can cost at most.
    #[schemars(range(min = 4))]
    pub max_rpu: u32,
    /// What it may use, whatever asks.
    pub usage_limit: UsageLimit,
    /// Which logs go to CloudWatch.
    pub log_exports: Vec<LogExport>,
}

/// What the warehouse may use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UsageLimit {
    /// RPU-hours in one period: 4 RPU for 10 hours are 40.
    #[schemars(range(min = 1))]
    pub rpu_hours: u32,
    /// When the count begins anew.
    pub period: Period,
    /// What happens at the limit.
    pub action: Breach,
}

/// When a count begins anew (Amazon Redshift Serverless API Reference, CreateUsageLimit).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Period {
    /// At midnight UTC.
    Daily,
    /// On Sunday.
    Weekly,
    /// On the first.
    Monthly,
}

/// What happens at the limit (Amazon Redshift Serverless API Reference, CreateUsageLimit).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Breach {
    /// A row in a system table.
    Log,
    /// A metric that an alarm can watch.
    EmitMetric,
    /// Queries are refused until the period ends.
    Deactivate,
}

/// A log of the warehouse (Amazon Redshift Serverless API Reference, CreateNamespace, `logExports`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogExport {
    /// Changes of users.
    Userlog,
    /// Who came in, and who did not.
    Connectionlog,
    /// Every statement.
    Useractivitylog,
}

/// The log's name as it stands in the file.
pub(super) fn name_of(log: &LogExport) -> String {
    format!("{log:?}").to_lowercase()
}

impl Warehouse {
    pub(super) fn check(&self, region: &str, found: &mut Findings) {
        for (key, name) in [("namespace", &self.namespace), ("workgroup", &self.workgroup)] {
            // `^[a-z0-9-]+$`, 3 to 64 (Amazon Redshift Serverless API Reference, CreateNamespace, CreateWorkgroup).
            let legal =
                name.len() >= 3 && made_of(name, 64, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
            found.must(legal, &format!("warehouse.{key}"), quoted(name), "write 3 to 64 of a-z 0-9 and -");
        }
        let database = &self.database;
        // Ours, and narrower than Redshift: the name goes into SQL and into URLs without quotes.
        let legal = database.starts_with(|c: char| c.is_ascii_lowercase())
            && made_of(database, 63, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        found.must(legal, "warehouse.database", quoted(database), "write up to 63 of a-z 0-9 _, a letter first");
        self.check_size(region, found);
        let limit = self.usage_limit.rpu_hours;
        let fix = "write 1 or more; without a limit a forgotten query costs until somebody sees the bill";
        found.must(limit > 0, "warehouse.usage_limit.rpu_hours", limit, fix);
        for (index, log) in self.log_exports.iter().enumerate() {
            let path = format!("warehouse.log_exports.{index}");
            found.must(!self.log_exports[..index].contains(log), &path, name_of(log), "is there twice; remove one");
        }
    }

    /// 4, or from 8 to 512 by 8, then to 1,024 by 32 in some regions (Amazon Redshift Management Guide, "Compute capacity
    /// for Amazon Redshift Serverless").
    fn check_size(&self, region: &str, found: &mut Findings) {
        let (base, max) = (self.base_rpu, self.max_rpu);
        if base > 512 && !LARGE.contains(&region) {
            let fix = format!("more than 512 is not known to be had in {region}; write 512 or less");
            found.add("warehouse.base_rpu", base, fix);
        } else {
            let legal = base == 4
                || ((8..=512).contains(&base) && base % 8 == 0)
                || ((513..=1024).contains(&base) && base % 32 == 0);
            let fix = "write 4, a multiple of 8 up to 512, or a multiple of 32 up to 1024";
            found.must(legal, "warehouse.base_rpu", base, fix);
        }
        // What the largest is, and in which steps it comes, was not found documented: AWS has the last word.
        found.must(max >= base, "warehouse.max_rpu", max, format!("is below base_rpu ({base}); write {base} or more"));
    }
}
