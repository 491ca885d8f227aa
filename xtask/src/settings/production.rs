//! How careful a deployment is. `protection.level: production` switches a list of rules on, whatever the file is called.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::auth::Method;
use super::check::{Findings, quoted};
use super::warehouse::{Breach, LogExport, name_of};
use super::{Settings, Webserver};

/// How careful a deployment is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Protection {
    /// `production` refuses settings that are only cheap.
    pub level: Level,
    /// Whether CloudFormation refuses to delete a stack until somebody switches this off.
    pub termination_protection: bool,
    /// What becomes of buckets, warehouse and keys when their stack goes.
    pub deletion_policy: Deletion,
}

/// What a deployment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// May lose its data.
    Development,
    /// May not.
    Production,
}

/// What becomes of what holds data when its stack goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Deletion {
    /// It goes too.
    Delete,
    /// It stays, and costs on.
    Retain,
}

/// A rule of production: its key, whether the settings keep it, the value, and what to write.
type Rule<'s> = (&'static str, bool, String, &'static str);

impl Settings {
    /// The rules of production; all of them are ours.
    fn production(&self) -> Vec<Rule<'_>> {
        let exported = |log| self.warehouse.log_exports.contains(&log);
        let exports: Vec<String> = self.warehouse.log_exports.iter().map(name_of).collect();
        vec![
            (
                "protection.termination_protection",
                self.protection.termination_protection,
                "false".to_owned(),
                "a stack of production must not go by accident: write true",
            ),
            (
                "protection.deletion_policy",
                self.protection.deletion_policy == Deletion::Retain,
                "delete".to_owned(),
                "data of production must outlive its stack: write retain",
            ),
            (
                "auth.method",
                self.auth.method == Method::Oidc,
                "keys".to_owned(),
                "keys of a person can leak: write oidc, with the repository",
            ),
            (
                "network.nat_gateways",
                self.network.nat_gateways >= 2,
                self.network.nat_gateways.to_string(),
                "one zone's failure must not cut off the other: write 2, or 3 for one each zone",
            ),
            (
                "network.flow_log_days",
                self.network.flow_log_days >= 90,
                self.network.flow_log_days.to_string(),
                "an attack is often found after months: write 90 or more",
            ),
            (
                "storage.raw.expire_days",
                self.storage.raw.expire_days.is_none(),
                self.storage.raw.expire_days.unwrap_or_default().to_string(),
                "everything else is made again from raw/: leave it out",
            ),
            (
                "warehouse.usage_limit.action",
                self.warehouse.usage_limit.action != Breach::Log,
                "log".to_owned(),
                "nobody reads a log before the bill: write emit-metric, of which an alarm tells, or deactivate",
            ),
            (
                "warehouse.log_exports",
                exported(LogExport::Userlog) && exported(LogExport::Connectionlog),
                format!("[{}]", exports.join(", ")),
                "who came in and what users changed must be known: add userlog and connectionlog",
            ),
            (
                "airflow.webserver",
                self.airflow.webserver == Webserver::Private,
                super::airflow::name_of(self.airflow.webserver).to_owned(),
                "nobody outside the VPC may reach Airflow: write private",
            ),
            (
                "airflow.class",
                self.airflow.class != "mw1.micro",
                "mw1.micro".to_owned(),
                "micro runs 3 tasks at once on one container: write mw1.small or larger",
            ),
            (
                "monitoring.log_days",
                self.monitoring.log_days >= 90,
                self.monitoring.log_days.to_string(),
                "a failure may be looked into after months: write 90 or more",
            ),
        ]
    }

    pub(super) fn check_production(&self, found: &mut Findings) {
        if self.protection.level != Level::Production {
            return;
        }
        for (path, holds, value, fix) in self.production() {
            found.must(holds, path, value, format!("level is production: {fix}"));
        }
        if self.monitoring.email.is_none() {
            found.missing("monitoring.email", "level is production: somebody must be told; write an address");
        }
    }

    /// Production's account is the one that its file names, `own`: a variable may repeat it, and a `.env` of another deployment
    /// must not send production there.
    pub(super) fn check_account(&self, own: Option<&str>, found: &mut Findings) {
        if self.protection.level != Level::Production {
            return;
        }
        match (&self.account, own) {
            (Some(account), Some(own)) if account != own => found.add(
                "account",
                quoted(account),
                format!(
                    "level is production: its settings name the account {own}; take the variables of this deployment \
                     (--dot-env), or write the other account there"
                ),
            ),
            (_, Some(_)) => {}
            (Some(account), None) => {
                found.add("account", quoted(account), format!("level is production: {NAMED}"));
            }
            (None, None) => found.missing("account", format!("level is production: {NAMED}")),
        }
    }
}

const NAMED: &str = "its file must name the account, 12 digits in quotes; a variable may only repeat it";
