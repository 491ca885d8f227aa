//! `protection.level: production` enables additional rules, independent of the file's name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::auth::Method;
use super::check::Findings;
use super::warehouse::{Breach, LogExport};
use super::{Settings, Webserver};

/// Protection against the loss of data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Protection {
    /// `production` refuses settings that are only cheap.
    pub level: Level,
    /// Whether CloudFormation refuses to delete a stack until this is false.
    pub termination_protection: bool,
    /// What happens to buckets, warehouse and keys when their stack is deleted.
    pub deletion_policy: Deletion,
}

/// The purpose of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Its data may be lost.
    Development,
    /// Its data must be kept.
    Production,
}

/// What happens to resources with data when their stack is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Deletion {
    /// They are deleted too.
    Delete,
    /// They are retained, and cost money until you delete them.
    Retain,
}

/// A rule of production: the key, whether the settings keep it, the value, and what to write.
type Rule = (&'static str, bool, Value, &'static str);

impl Settings {
    /// The rules of production; all of them are ours.
    fn production(&self) -> [Rule; 11] {
        let Self { protection, auth, network, storage, warehouse, airflow, monitoring, .. } = self;
        let exported = |log| warehouse.log_exports.contains(&log);
        [
            (
                "protection.termination_protection",
                protection.termination_protection,
                json!(protection.termination_protection),
                "prevent accidental deletion: write true",
            ),
            (
                "protection.deletion_policy",
                protection.deletion_policy == Deletion::Retain,
                json!(protection.deletion_policy),
                "data must outlive its stack: write retain",
            ),
            (
                "auth.method",
                auth.method == Method::Oidc,
                json!(auth.method),
                "access keys can leak: write oidc, and the repository",
            ),
            (
                "network.nat_gateways",
                network.nat_gateways >= 2,
                json!(network.nat_gateways),
                "the failure of one zone must not affect the others: write 2 or 3",
            ),
            (
                "network.flow_log_days",
                network.flow_log_days >= 90,
                json!(network.flow_log_days),
                "attacks are often found after months: write 90 or more",
            ),
            (
                "storage.raw.expire_days",
                storage.raw.expire_days.is_none(),
                json!(storage.raw.expire_days),
                "all other data is rebuilt from raw/: remove this key",
            ),
            (
                "warehouse.usage_limit.action",
                warehouse.usage_limit.action != Breach::Log,
                json!(warehouse.usage_limit.action),
                "a log entry alerts no one: write emit-metric, which has an alarm, or deactivate",
            ),
            (
                "warehouse.log_exports",
                exported(LogExport::Userlog) && exported(LogExport::Connectionlog),
                json!(warehouse.log_exports),
                "logins and changes of users must be logged: add userlog and connectionlog",
            ),
            (
                "airflow.webserver",
                airflow.webserver == Webserver::Private,
                json!(airflow.webserver),
                "Airflow must only be reachable from inside the VPC: write private",
            ),
            (
                "airflow.class",
                airflow.class != "mw1.micro",
                json!(airflow.class),
                "mw1.micro runs only 3 tasks at the same time, in one container: write mw1.small or larger",
            ),
            (
                "monitoring.log_days",
                monitoring.log_days >= 90,
                json!(monitoring.log_days),
                "failures may be investigated after months: write 90 or more",
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
            found.add("monitoring.email", (), "level is production: alarms need a recipient; write an address");
        }
    }

    /// The file of a production deployment names its account, `own`. A variable may only repeat it, so that the `.env` of
    /// another deployment cannot redirect production.
    pub(super) fn check_account(&self, own: Option<&str>, found: &mut Findings) {
        if self.protection.level != Level::Production {
            return;
        }
        match (&self.account, own) {
            (Some(account), Some(own)) if account != own => {
                let fix = format!(
                    "level is production: the settings name the account {own}; use the variables of this deployment \
                     (--dot-env), or change the account in the settings"
                );
                found.add("account", account, fix);
            }
            (_, Some(_)) => {}
            (account, None) => {
                let fix = "level is production: the file must name the account, 12 digits in quotes; a variable may \
                           only repeat it";
                found.add("account", account, fix);
            }
        }
    }
}
