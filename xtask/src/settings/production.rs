//! `protection.level: production` enables additional rules, regardless of the file name. AWS requires none of them.

use super::airflow::Webserver;
use super::auth::Method;
use super::check::Findings;
use super::model::{Deletion, DeployOn, Level, Settings};
use super::warehouse::{Breach, LogExport};

/// Checks the production rules; `own_account` is the account in the file, without variables.
pub(super) fn check(settings: &Settings, own_account: Option<&str>, found: &mut Findings<'_>) {
    let Settings { protection, auth, network, storage, warehouse, airflow, monitoring, deploy_on, .. } = settings;
    if protection.level != Level::Production {
        return;
    }
    let exports = |log| warehouse.log_exports.contains(&log);
    let mut must = |path: &str, holds: bool, fix: &str| found.must(holds, path, format!("level is production: {fix}"));
    let fix = "a commit must first be deployed to another module: use request";
    must("deploy_on", *deploy_on != DeployOn::Push, fix);
    let fix = "prevent accidental deletion: use true";
    must("protection.termination_protection", protection.termination_protection, fix);
    let retained = protection.deletion_policy == Deletion::Retain;
    must("protection.deletion_policy", retained, "data must outlive its stack: use retain");
    must("auth.method", auth.method == Method::Oidc, "access keys can leak: use oidc, and set the repository");
    let fix = "the failure of one zone must not affect the others: use 2 or 3";
    must("network.nat_gateways", network.nat_gateways >= 2, fix);
    let fix = "attacks are often detected only after months: use 90 or more";
    must("network.flow_log_days", network.flow_log_days >= 90, fix);
    let fix = "all other data can be rebuilt from raw/: remove this key";
    must("storage.raw.expire_days", storage.raw.expire_days.is_none(), fix);
    let fix = "a log entry alerts no one: use emit-metric, which has an alarm, or deactivate";
    must("warehouse.usage_limit.action", warehouse.usage_limit.action != Breach::Log, fix);
    let logged = exports(LogExport::Userlog) && exports(LogExport::Connectionlog);
    let fix = "logins and user changes must be logged: add userlog and connectionlog";
    must("warehouse.log_exports", logged, fix);
    let fix = "Airflow must be reachable only from inside the VPC: use private";
    must("airflow.webserver", airflow.webserver == Webserver::Private, fix);
    let fix = "mw1.micro runs at most 3 tasks at the same time, in one container: use mw1.small or larger";
    must("airflow.class", airflow.class != "mw1.micro", fix);
    let fix = "failures may be investigated months later: use 90 or more";
    must("monitoring.log_days", monitoring.log_days >= 90, fix);
    let reaches = monitoring.email.is_some() || monitoring.webhook.is_some() || monitoring.slack.is_some();
    must("monitoring.email", reaches, "alarms need a recipient; use an address, or set webhook or slack");
    // The file names the account, so that the `.env` of another deployment cannot redirect production.
    let fix = match own_account {
        Some(own) => format!(
            "the settings specify the account {own}; use the variables of this deployment (--dot-env), or change the \
             account in the settings"
        ),
        None => "the file must specify the account, 12 digits in quotes; a variable may only repeat it".to_owned(),
    };
    must("account", own_account.is_some() && settings.account.as_deref() == own_account, &fix);
}
