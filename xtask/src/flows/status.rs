//! The status of a deployment, part by part: stacks, buckets, images, jobs, Airflow, warehouse, DAGs.

use anyhow::Result;

use super::deploy::{Current, DeployRequest, limit_of, limit_shown};
use super::sync::dags;
use crate::edge::aws::Aws;
use crate::edge::batch::Batch;
use crate::edge::buckets::{Buckets, Owner};
use crate::edge::ecr::Ecr;
use crate::edge::mwaa::{Environment, Mwaa};
use crate::edge::redshift::Redshift;
use crate::edge::serverless::{Serverless, Workgroup};
use crate::run::BatchResource;
use crate::settings::{Ingestion, Settings};
use crate::stack::{Deployed, State, stack_of};
use crate::verdict::StatusLine;

const DEPLOY: &str = "cargo xtask deploy";
/// Why a part cannot be verified with an emulator.
const EMULATED: &str = "the emulator does not support it";
const AIRFLOW: &str = "Airflow";
const WAREHOUSE: &str = "warehouse";
const USAGE_LIMIT: &str = "usage limit";
const LOADS: &str = "last loads";

/// Checks all parts; `drift` adds CloudFormation's drift detection. A part that cannot be read is a red line.
pub fn lines(request: DeployRequest, drift: bool) -> Result<Vec<StatusLine>> {
    let current = Current::read(request)?;
    let Current { request, aws, account, cloudformation, dependencies, deployed, .. } = &current;
    let settings = &request.settings;
    let mut list = vec![StatusLine::green("account", format!("{account} in {}", settings.region))];
    for stack in dependencies.levels.iter().flatten() {
        list.push(stack_line(&format!("{}-{stack}", settings.stack_prefix), deployed.get(stack)));
    }
    // The stack of a source that is only disabled is kept.
    let ingestions = settings.ingestions();
    let disabled = |stack: &str| {
        let mut disabled = ingestions.iter().filter(|one| !one.enabled && one.secret.is_some());
        disabled.any(|one| stack_of(&one.source) == stack)
    };
    list.extend(current.abandoned.iter().map(|(stack, found)| {
        if disabled(stack) {
            return stack_line(&found.name, Some(found));
        }
        let fix = format!("cargo xtask destroy --stack {stack}");
        StatusLine::red(&found.name, "no source in the settings needs this stack", fix)
    }));
    let mut add = |check: &str, line: Result<StatusLine>| list.push(or_error(check, line));
    if drift {
        for stack in deployed.values().filter(|stack| stack.state() == State::Ready) {
            let check = format!("{}, drift", stack.name);
            add(&check, aws.wait(cloudformation.drift(&stack.name)).map(|found| drift_line(&check, &found)));
        }
    }

    let (buckets, names) = (Buckets::new(&aws.config, aws.is_emulated()), settings.buckets());
    for (check, name) in [("lake", names.lake), ("Airflow's bucket", names.airflow), ("access logs", names.access_logs)]
    {
        add(check, aws.wait(bucket(&buckets, check, &name, account)));
    }

    let (ecr, batch) = (Ecr::new(&aws.config), Batch::new(&aws.config));
    let digest = |parameter| deployed.values().find_map(|stack| stack.parameters.get(parameter)).map(String::as_str);
    let (registry, names) = (&settings.registry, &settings.batch);
    let images = [
        (&registry.ingestion, &names.ingestion.name, digest("IngestionImageDigest")),
        (&registry.dbt, &names.dbt.name, digest("DbtImageDigest")),
    ];
    for (repository, _, digest) in images {
        add(repository, aws.wait(image(&ecr, repository, digest)));
    }
    let (environment, queue) = (&names.compute_environment, &names.queue);
    for (check, name, found) in [
        ("compute environment", environment, aws.wait(batch.environment(environment))),
        ("queue", queue, aws.wait(batch.queue(queue))),
    ] {
        add(check, found.map(|found| batch_line(check, name, found)));
    }
    let sources = settings.ingestions().into_iter().filter(|one| one.enabled && one.secret.is_some());
    let sources: Vec<String> = sources.map(|one| one.job.name).collect();
    let of_sources = sources.iter().map(|definition| (definition, images[0].2));
    for (definition, digest) in images.into_iter().map(|(_, definition, digest)| (definition, digest)).chain(of_sources)
    {
        add(definition, aws.wait(batch.image(definition)).map(|image| job_line(definition, image.as_deref(), digest)));
    }

    if aws.is_unsupported("MWAA") {
        add(AIRFLOW, Ok(StatusLine::not_verifiable(AIRFLOW, EMULATED)));
    } else {
        let name = &settings.airflow.environment;
        add(AIRFLOW, aws.wait(Mwaa::new(&aws.config).environment(name)).map(|found| airflow_line(name, found)));
    }
    list.extend(warehouse_lines(aws, settings));
    let sync = dags::plan(&request.dags()).map(|sync| {
        let (files, requests) = (sync.files().len(), sync.plan.steps().count());
        if sync.plan.is_empty() {
            StatusLine::green("DAGs", format!("{files} files, up to date"))
        } else {
            StatusLine::red("DAGs", format!("not up to date: {requests} requests needed"), "cargo xtask sync-dags")
        }
    });
    list.push(or_error("DAGs", sync));
    Ok(list)
}

/// Returns the line, or a red line with the reason why the part could not be read.
fn or_error(check: &str, line: Result<StatusLine>) -> StatusLine {
    line.unwrap_or_else(|error| {
        StatusLine::red(check, format!("{error:#}"), "fix the error, then run the same command again")
    })
}

fn stack_line(name: &str, deployed: Option<&Deployed>) -> StatusLine {
    let Some(stack) = deployed else { return StatusLine::red(name, "does not exist", DEPLOY) };
    match stack.state() {
        State::Ready if stack.change_sets.is_empty() => StatusLine::green(name, &stack.status),
        State::Ready => {
            let sets = stack.change_sets.join(", ");
            StatusLine::green(name, format!("{}; open change sets: {sets}", stack.status))
        }
        State::Busy => StatusLine::red(name, &stack.status, "wait for the operation in progress"),
        state => {
            let (what, next) = state.remedy().unwrap_or_default();
            StatusLine::red(name, format!("{}: {what}", stack.status), next)
        }
    }
}

fn drift_line(check: &str, found: &[String]) -> StatusLine {
    let fix = "revert the change, or add it to the template: `deploy` does not detect drift";
    if found.is_empty() { StatusLine::green(check, "none") } else { StatusLine::red(check, found.join("; "), fix) }
}

async fn bucket(buckets: &Buckets, check: &str, name: &str, account: &str) -> Result<StatusLine> {
    Ok(match buckets.owner(name, account).await? {
        Owner::None => StatusLine::red(check, format!("the bucket `{name}` does not exist"), DEPLOY),
        Owner::Other => {
            let found = format!("`{name}` belongs to another account, or is in another region");
            StatusLine::red(check, found, "set BUCKET_SUFFIX, then deploy")
        }
        Owner::Caller => {
            let is_versioned = buckets.is_versioned(name).await?;
            let versioning = if is_versioned { "versioned" } else { "not versioned" };
            StatusLine::of(is_versioned, check, format!("{name}, {versioning}"), DEPLOY)
        }
    })
}

/// Returns the first characters of a digest, enough to compare by eye.
fn short(digest: &str) -> &str {
    digest.get(..19).unwrap_or(digest)
}

async fn image(ecr: &Ecr, repository: &str, digest: Option<&str>) -> Result<StatusLine> {
    let Some(digest) = digest else { return Ok(StatusLine::red(repository, "no stack uses its images yet", DEPLOY)) };
    let exists = ecr.has(repository, digest).await?;
    let found = if exists { "exists" } else { "is missing; jobs cannot start" };
    Ok(StatusLine::of(exists, repository, format!("{}… {found}", short(digest)), DEPLOY))
}

fn batch_line(check: &str, name: &str, found: Option<BatchResource>) -> StatusLine {
    let Some(found) = found else { return StatusLine::red(check, format!("`{name}` does not exist"), DEPLOY) };
    let reason = found.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let text = format!("{name} {} {}{reason}", found.state, found.status);
    StatusLine::of(found.is_open(), check, text, "see the AWS Batch console")
}

/// Compares the image of a job definition's newest revision with the digest in its stack.
fn job_line(definition: &str, image: Option<&str>, digest: Option<&str>) -> StatusLine {
    let Some(image) = image else { return StatusLine::red(definition, "has no active revision", DEPLOY) };
    let matches = digest.is_some_and(|digest| !digest.is_empty() && image.ends_with(digest));
    let shown = image.rsplit_once('@').map_or(image, |(_, digest)| short(digest));
    let text = format!("its newest revision runs {shown}…");
    StatusLine::of(matches, definition, text, "deploy again: the stack specifies a different image")
}

fn airflow_line(name: &str, found: Option<Environment>) -> StatusLine {
    let Some(environment) = found else {
        return StatusLine::red(AIRFLOW, format!("the environment `{name}` does not exist"), DEPLOY);
    };
    let url = environment.webserver_url().unwrap_or_default();
    let version = environment.airflow_version().unwrap_or_default();
    let status = environment.status().map_or("", |status| status.as_str());
    if url.starts_with("127.0.0.1:") {
        let text = format!("Airflow {version} is running on this machine instead of MWAA");
        return StatusLine::not_verifiable(AIRFLOW, text);
    }
    let fix = match status {
        "CREATING" | "CREATING_SNAPSHOT" | "UPDATING" | "ROLLING_BACK" | "MAINTENANCE" | "DELETING" => {
            "wait until MWAA finishes the operation"
        }
        "CREATE_FAILED" => "see the MWAA console, then run `cargo xtask recover` and deploy again",
        _ => "see the MWAA console",
    };
    StatusLine::of(status == "AVAILABLE", AIRFLOW, format!("{version} {status}, https://{url}"), fix)
}

fn warehouse_lines(aws: &Aws, settings: &Settings) -> Vec<StatusLine> {
    if aws.is_unsupported("Redshift Serverless") {
        return [WAREHOUSE, USAGE_LIMIT, LOADS].map(|check| StatusLine::not_verifiable(check, EMULATED)).into();
    }
    let serverless = Serverless::new(&aws.config);
    let name = &settings.warehouse.workgroup;
    let workgroup = match aws.wait(serverless.workgroup(name)) {
        Ok(Some(workgroup)) => workgroup,
        Ok(None) => return vec![StatusLine::red(WAREHOUSE, format!("the workgroup `{name}` does not exist"), DEPLOY)],
        Err(error) => return vec![or_error(WAREHOUSE, Err(error))],
    };
    let host = workgroup.endpoint().and_then(|endpoint| endpoint.address()).unwrap_or("no endpoint yet");
    let status = workgroup.status().map_or("", |status| status.as_str());
    let text = format!("{name} {status}, {host}");
    let mut lines = vec![
        StatusLine::of(status == "AVAILABLE", WAREHOUSE, text, "see the workgroup in the Redshift console"),
        or_error(USAGE_LIMIT, limit_line(aws, &serverless, &workgroup, settings)),
    ];
    match load_lines(aws, &serverless, settings) {
        // `status` does not require access to the database.
        Err(error) if format!("{error:#}").contains("AccessDenied") => {
            lines.push(StatusLine::not_verifiable(LOADS, "the caller does not have access to the database"));
        }
        Err(error) => lines.push(or_error(LOADS, Err(error))),
        Ok(loads) => lines.extend(loads),
    }
    lines
}

fn limit_line(aws: &Aws, serverless: &Serverless, workgroup: &Workgroup, settings: &Settings) -> Result<StatusLine> {
    let found = aws.wait(serverless.limits(workgroup.workgroup_arn().unwrap_or_default()))?;
    let desired = limit_shown(&limit_of(settings));
    let shown: Vec<String> = found.iter().map(limit_shown).collect();
    let text = if shown.is_empty() { "none".to_owned() } else { shown.join("; ") };
    let fix = format!("{DEPLOY} sets it to {desired}");
    Ok(StatusLine::of(shown == [desired], USAGE_LIMIT, text, fix))
}

/// Reads the last load of each source as the administrator, who always has access to the ledger.
fn load_lines(aws: &Aws, serverless: &Serverless, settings: &Settings) -> Result<Vec<StatusLine>> {
    let names = &settings.warehouse;
    let namespace = aws.wait(serverless.namespace(&names.namespace))?;
    let secret = namespace.and_then(|namespace| namespace.admin_password_secret_arn);
    let redshift = Redshift::new(&aws.config, &names.workgroup, &names.database, secret.as_deref());
    // The age is in hours according to the warehouse's clock.
    let sql = "SELECT source, max(loaded_at), DATEDIFF(hour, max(loaded_at), GETDATE()) FROM etl.runs GROUP BY source";
    let loads = aws.wait(redshift.query(sql))?;
    // A finding has a reason if it was accepted; otherwise it is a warning.
    let sql = "SELECT DISTINCT source, coalesce('accepted: ' || reason, 'warning: ' || problem) AS finding \
               FROM etl.findings JOIN etl.heads USING (source, seq) ORDER BY source, finding";
    let findings = aws.wait(redshift.query(sql))?;
    let of = |rows: &[Vec<String>], source: &str| -> Vec<Vec<String>> {
        rows.iter().filter(|row| row.first().is_some_and(|name| name == source)).map(|row| row[1..].to_vec()).collect()
    };
    let line = |one: &Ingestion| match of(&loads, &one.source).first() {
        Some(load) => age_line(one, load, &of(&findings, &one.source).concat()),
        None => StatusLine::green(check_of(one), "none yet"),
    };
    Ok(settings.ingestions().iter().filter(|one| one.enabled).map(line).collect())
}

fn check_of(one: &Ingestion) -> String {
    format!("last load, {}", one.source)
}

/// Returns the line of a source's last load, from its time and its age in hours. With a schedule, the age is limited.
fn age_line(one: &Ingestion, load: &[String], findings: &[String]) -> StatusLine {
    let (check, most) = (check_of(one), one.max_load_age_hours);
    let (at, hours) =
        (load.first().map_or("", String::as_str), load.get(1).and_then(|hours| hours.parse::<i64>().ok()));
    match hours {
        None => StatusLine::green(&check, "none yet"),
        // DATEDIFF counts hour boundaries, so a second may count as an hour.
        Some(hours) if hours < -1 => {
            let text = format!("{at}, {} hours in the future", -hours);
            let fix = "correct the clock on the machine that ran `copy`, and fix loaded_at in etl.runs";
            StatusLine::red(&check, text, fix)
        }
        Some(hours) if one.schedule.is_some() && hours > i64::from(most) => {
            let text = format!("{at}, {hours} hours ago; the maximum age is {most} hours");
            StatusLine::red(&check, text, format!("see the runs of the `{}` DAG", one.dag))
        }
        Some(hours) => {
            let text = [vec![format!("{at}, {hours} hours ago")], findings.to_vec()].concat().join("; ");
            StatusLine::green(&check, text)
        }
    }
}

#[cfg(test)]
#[path = "../../tests/unit/flows/status.rs"]
mod tests;
