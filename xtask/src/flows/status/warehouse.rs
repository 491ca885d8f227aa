//! The warehouse: its state, its usage limit, and its last load.

use anyhow::{Context, Result};

use super::{DEPLOY, EMULATED, or_error};
use crate::edge::aws::Aws;
use crate::edge::redshift::Redshift;
use crate::edge::serverless::{Serverless, Workgroup};
use crate::flows::deploy::{limit_of, limit_shown};
use crate::settings::Settings;
use crate::verdict::StatusLine;

/// The last load, and its age in hours by the warehouse's clock; both null without a load.
const LAST_LOAD: &str = "SELECT max(loaded_at), DATEDIFF(hour, max(loaded_at), GETDATE()) FROM etl.runs";

pub(super) fn lines(aws: &Aws, settings: &Settings) -> Vec<StatusLine> {
    const CHECKS: [&str; 3] = ["warehouse", "usage limit", "last load"];
    if aws.is_unsupported("Redshift Serverless") {
        return CHECKS.map(|check| StatusLine::not_verifiable(check, EMULATED)).into();
    }
    let serverless = Serverless::new(&aws.config);
    let name = &settings.warehouse.workgroup;
    let workgroup = match aws.wait(serverless.workgroup(name)) {
        Ok(Some(workgroup)) => workgroup,
        Ok(None) => return vec![StatusLine::red(CHECKS[0], format!("the workgroup `{name}` does not exist"), DEPLOY)],
        Err(error) => return vec![or_error(CHECKS[0], Err(error))],
    };
    let available = workgroup.status == "AVAILABLE";
    let host = workgroup.host.as_deref().unwrap_or("no endpoint yet");
    let text = format!("{name} {}, {host}", workgroup.status);
    let first = StatusLine::of(available, CHECKS[0], text, "see the workgroup in the Redshift console");
    vec![
        first,
        or_error(CHECKS[1], limit(aws, &serverless, &workgroup, settings)),
        match last_load(aws, &serverless, settings) {
            // A caller of `status` needs no access to the database.
            Err(error) if format!("{error:#}").contains("AccessDenied") => {
                StatusLine::not_verifiable(CHECKS[2], "the caller has no access to the database")
            }
            line => or_error(CHECKS[2], line),
        },
    ]
}

fn limit(aws: &Aws, serverless: &Serverless, workgroup: &Workgroup, settings: &Settings) -> Result<StatusLine> {
    let found = aws.wait(serverless.limits(&workgroup.arn))?;
    let desired = limit_shown(&limit_of(settings));
    let shown: Vec<String> = found.iter().map(limit_shown).collect();
    let text = if shown.is_empty() { "none".to_owned() } else { shown.join("; ") };
    let fix = format!("{DEPLOY} sets it to {desired}");
    Ok(StatusLine::of(shown == [desired], "usage limit", text, fix))
}

/// Read as the administrator, who always has access to the ledger.
fn last_load(aws: &Aws, serverless: &Serverless, settings: &Settings) -> Result<StatusLine> {
    let names = &settings.warehouse;
    let secret = aws.wait(serverless.namespace(&names.namespace))?.and_then(|namespace| namespace.admin_secret);
    let redshift = Redshift::new(&aws.config, &names.workgroup, &names.database, secret.as_deref());
    let lines = aws.wait(redshift.query(LAST_LOAD))?;
    let line = lines.first().context("the ledger returned no row")?;
    let (at, hours) = (line.first().map_or("", String::as_str), line.get(1).and_then(|hours| hours.parse().ok()));
    let most = settings.dags.schedule.is_some().then_some(settings.dags.max_load_age_hours);
    Ok(age(at, hours, most))
}

/// The line of the last load, started at `at`, `hours` ago; with a schedule at most `most` hours are allowed.
fn age(at: &str, hours: Option<i64>, most: Option<u32>) -> StatusLine {
    const CHECK: &str = "last load";
    match (hours, most) {
        (None, _) => StatusLine::green(CHECK, "none yet"),
        // DATEDIFF counts hour boundaries, so a second may count as an hour.
        (Some(hours), _) if hours < -1 => {
            let text = format!("{at}, {} hours in the future", -hours);
            StatusLine::red(
                CHECK,
                text,
                "set the clock of the machine that ran `copy`, and correct loaded_at in etl.runs",
            )
        }
        (Some(hours), Some(most)) if hours > i64::from(most) => {
            let text = format!("{at}, {hours} hours ago; {most} are allowed");
            StatusLine::red(CHECK, text, "see the runs of the DAG `ingestion`")
        }
        (Some(hours), _) => StatusLine::green(CHECK, format!("{at}, {hours} hours ago")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Light;

    #[test]
    fn a_load_too_long_ago_or_in_the_future_is_red() {
        let red = |hours, most| age("2026-01-05", hours, most).light == Light::Red;
        assert!([Some(49), Some(-2), Some(-8760)].into_iter().all(|hours| red(hours, Some(48))));
        assert!(![None, Some(48), Some(0), Some(-1)].into_iter().any(|hours| red(hours, Some(48))));
        assert_eq!([red(Some(49), None), red(Some(-2), None)], [false, true]);
    }
}
