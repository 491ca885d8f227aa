//! The status of a deployment, part by part: stacks, buckets, images, jobs, Airflow, warehouse, DAGs.

mod warehouse;

use std::collections::BTreeMap;

use anyhow::Result;

use super::deploy::DeployRequest;
use super::stacks::describe;
use super::sync::dags;
use super::{account, templates};
use crate::edge::aws::Aws;
use crate::edge::batch::Batch;
use crate::edge::buckets::{Buckets, Owner};
use crate::edge::cloudformation::CloudFormation;
use crate::edge::ecr::Ecr;
use crate::edge::mwaa::Mwaa;
use crate::run::BatchResource;
use crate::settings::Settings;
use crate::stack::{Deployed, State};
use crate::verdict::StatusLine;

const DEPLOY: &str = "cargo xtask deploy";
/// Why a part cannot be verified with an emulator.
const EMULATED: &str = "the emulator does not support it";

/// Checks all parts; `drift` adds CloudFormation's drift detection. A part that cannot be read is a red line.
pub fn lines(request: &DeployRequest, drift: bool) -> Result<Vec<StatusLine>> {
    let (_, dependencies) = templates::read(request.folder.as_deref(), &request.settings)?;
    let (settings, variables) = (&request.settings, &request.variables);
    let aws = Aws::for_settings(settings, variables)?;
    let account = account::own(settings, &aws)?;
    let cloudformation = CloudFormation::new(&aws.config);
    let deployed =
        aws.wait(describe(&cloudformation, (&request.module, &settings.stack_prefix), dependencies.stacks.keys()))?;
    let mut list = vec![StatusLine::green("account", format!("{account} in {}", settings.region))];
    for stack in dependencies.levels.iter().flatten() {
        list.push(stack_line(&format!("{}-{stack}", settings.stack_prefix), deployed.get(stack)));
    }
    if drift {
        for stack in deployed.values().filter(|stack| stack.state() == State::Ready) {
            list.push(drifted(&stack.name, aws.wait(cloudformation.drift(&stack.name))));
        }
    }
    list.extend(aws.wait(buckets(&Buckets::new(&aws.config, aws.is_emulated()), settings, &account)));
    list.extend(aws.wait(images(&Ecr::new(&aws.config), settings, &deployed)));
    list.extend(aws.wait(jobs(&Batch::new(&aws.config), settings, &deployed)));
    list.push(if aws.is_unsupported("MWAA") {
        StatusLine::not_verifiable("Airflow", EMULATED)
    } else {
        airflow(settings, aws.wait(Mwaa::new(&aws.config).environment(&settings.airflow.environment)))
    });
    list.extend(warehouse::lines(&aws, settings));
    list.push(or_error(
        "DAGs",
        dags::plan(&request.dags()).map(|sync| {
            let files = sync.files().len();
            let fix = "cargo xtask sync-dags";
            if sync.plan.is_empty() {
                StatusLine::green("DAGs", format!("{files} files, up to date"))
            } else {
                StatusLine::red("DAGs", format!("not up to date: {} requests needed", sync.plan.steps().count()), fix)
            }
        }),
    ));
    Ok(list)
}

/// A line, or why the part could not be read.
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

fn drifted(name: &str, found: Result<Vec<String>>) -> StatusLine {
    let check = format!("{name}, drift");
    or_error(
        &check,
        found.map(|found| {
            let fix = "revert the change, or add it to the template: `deploy` does not detect drift";
            if found.is_empty() {
                StatusLine::green(&check, "none")
            } else {
                StatusLine::red(&check, found.join("; "), fix)
            }
        }),
    )
}

async fn buckets(buckets: &Buckets, settings: &Settings, account: &str) -> Vec<StatusLine> {
    let names = settings.buckets();
    let mut list = Vec::new();
    for (check, name) in [("lake", names.lake), ("Airflow's bucket", names.airflow), ("access logs", names.access_logs)]
    {
        let one = async {
            Ok(match buckets.owner(&name, account).await? {
                Owner::None => StatusLine::red(check, format!("the bucket `{name}` does not exist"), DEPLOY),
                Owner::Other => StatusLine::red(
                    check,
                    format!("`{name}` belongs to another account, or is in another region"),
                    "set BUCKET_SUFFIX, then deploy",
                ),
                Owner::Caller => {
                    let versioned = buckets.is_versioned(&name).await?;
                    let versioning = if versioned { "versioned" } else { "not versioned" };
                    StatusLine::of(versioned, check, format!("{name}, {versioning}"), DEPLOY)
                }
            })
        };
        list.push(or_error(check, one.await));
    }
    list
}

/// The value of a parameter, from the stack that has it.
fn parameter<'d>(deployed: &'d BTreeMap<String, Deployed>, name: &str) -> Option<&'d String> {
    deployed.values().find_map(|stack| stack.parameters.get(name))
}

async fn images(ecr: &Ecr, settings: &Settings, deployed: &BTreeMap<String, Deployed>) -> Vec<StatusLine> {
    let mut list = Vec::new();
    for (repository, name) in
        [(&settings.registry.ingestion, "IngestionImageDigest"), (&settings.registry.dbt, "DbtImageDigest")]
    {
        let one = async {
            let Some(digest) = parameter(deployed, name) else {
                return Ok(StatusLine::red(repository, "no stack uses its images yet", DEPLOY));
            };
            let has = ecr.has(repository, digest).await?;
            let short = digest.get(..19).unwrap_or(digest);
            let found =
                if has { format!("{short}… exists") } else { format!("{short}… is missing; jobs cannot start") };
            Ok(StatusLine::of(has, repository, found, DEPLOY))
        };
        list.push(or_error(repository, one.await));
    }
    list
}

async fn jobs(batch: &Batch, settings: &Settings, deployed: &BTreeMap<String, Deployed>) -> Vec<StatusLine> {
    let names = &settings.batch;
    let standing = |check: &str, name: &str, found: Result<Option<BatchResource>>| {
        or_error(
            check,
            found.map(|found| match found {
                None => StatusLine::red(check, format!("`{name}` does not exist"), DEPLOY),
                Some(found) => {
                    let reason = found.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
                    let text = format!("{name} {} {}{reason}", found.state, found.status);
                    StatusLine::of(found.is_open(), check, text, "see the AWS Batch console")
                }
            }),
        )
    };
    let mut list = vec![
        standing(
            "compute environment",
            &names.compute_environment,
            batch.environment(&names.compute_environment).await,
        ),
        standing("queue", &names.queue, batch.queue(&names.queue).await),
    ];
    for (definition, digest) in [(&names.ingestion.name, "IngestionImageDigest"), (&names.dbt.name, "DbtImageDigest")] {
        let deployed_digest = parameter(deployed, digest).cloned().unwrap_or_default();
        let line = |image: Option<String>| match image {
            None => StatusLine::red(definition, "has no active revision", DEPLOY),
            Some(image) => {
                let matches = !deployed_digest.is_empty() && image.ends_with(&deployed_digest);
                let short =
                    image.rsplit_once('@').map_or(image.as_str(), |(_, digest)| digest.get(..19).unwrap_or(digest));
                let text = format!("its newest revision runs {short}…");
                StatusLine::of(matches, definition, text, "deploy again: the stack has another image")
            }
        };
        list.push(or_error(definition, batch.image(definition).await.map(line)));
    }
    list
}

fn airflow(settings: &Settings, found: Result<Option<crate::edge::mwaa::Environment>>) -> StatusLine {
    const CHECK: &str = "Airflow";
    or_error(
        CHECK,
        found.map(|found| match found {
            None => StatusLine::red(
                CHECK,
                format!("the environment `{}` does not exist", settings.airflow.environment),
                DEPLOY,
            ),
            Some(found) if found.url.starts_with("127.0.0.1:") => StatusLine::not_verifiable(
                CHECK,
                format!("Airflow {} runs on this machine instead of MWAA", found.version),
            ),
            Some(found) => {
                let text = format!("{} {}, https://{}", found.version, found.status, found.url);
                let fix = match found.status.as_str() {
                    "CREATING" | "CREATING_SNAPSHOT" | "UPDATING" | "ROLLING_BACK" | "MAINTENANCE" | "DELETING" => {
                        "wait until MWAA finishes the operation"
                    }
                    "CREATE_FAILED" => "see the MWAA console; then `cargo xtask recover` and deploy",
                    _ => "see the MWAA console",
                };
                StatusLine::of(found.status == "AVAILABLE", CHECK, text, fix)
            }
        }),
    )
}
