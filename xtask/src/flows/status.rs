//! A deployment looked at, part by part: stacks, buckets, images, jobs, Airflow, warehouse, DAGs.

mod warehouse;

use std::collections::BTreeMap;

use anyhow::Result;

use super::deploy::DeployRequest;
use super::stacks::describe;
use super::sync::dags;
use super::{account, templates};
use crate::edge::aws::Aws;
use crate::edge::batch::{Batch, Standing};
use crate::edge::buckets::{Buckets, Owner};
use crate::edge::cloudformation::CloudFormation;
use crate::edge::ecr::Ecr;
use crate::edge::mwaa::Mwaa;
use crate::settings::Settings;
use crate::stack::{Deployed, State};
use crate::verdict::StatusLine;

/// What mends most of it.
const DEPLOY: &str = "cargo xtask deploy";
/// Why something cannot be told where an emulator answers.
const EMULATED: &str = "an emulator answers here, which has none";

/// Looks at everything and judges it; with `drift` CloudFormation also says what was changed by hand.
///
/// # Errors
/// When the credentials are of another account, or the templates have a problem. What cannot be asked is a red line.
pub fn verdicts(request: &DeployRequest, drift: bool) -> Result<Vec<StatusLine>> {
    let (_, dependencies) = templates::read(request.folder.as_deref(), &request.settings)?;
    let (settings, variables) = (&request.settings, &request.variables);
    let aws = Aws::of(settings, variables)?;
    let account = account::own(settings, &aws)?;
    let cloudformation = CloudFormation::new(&aws.config);
    let deployed =
        aws.wait(describe(&cloudformation, (&request.module, &settings.stack_prefix), dependencies.stacks.keys()))?;
    let mut list = vec![StatusLine::green("account", format!("{account} in {}", settings.region))];
    for stack in dependencies.levels.iter().flatten() {
        list.push(stack_line(&format!("{}-{stack}", settings.stack_prefix), deployed.get(stack)));
    }
    if drift {
        for there in deployed.values().filter(|there| there.state() == State::Ready) {
            list.push(drifted(&there.name, aws.wait(cloudformation.drift(&there.name))));
        }
    }
    list.extend(aws.wait(buckets(&Buckets::new(&aws.config, aws.is_emulated()), settings, &account)));
    list.extend(aws.wait(images(&Ecr::new(&aws.config), settings, &deployed)));
    list.extend(aws.wait(jobs(&Batch::new(&aws.config), settings, &deployed)));
    list.push(if aws.is_unanswered("MWAA") {
        StatusLine::not_verifiable("Airflow", EMULATED)
    } else {
        airflow(settings, aws.wait(Mwaa::new(&aws.config).environment(&settings.airflow.environment)))
    });
    list.extend(warehouse::verdicts(&aws, settings));
    list.push(told(
        "DAGs",
        dags::plan(&request.dags()).map(|sync| {
            let files = sync.files().len();
            let fix = "cargo xtask sync-dags";
            if sync.plan.is_empty() {
                StatusLine::green("DAGs", format!("{files} files as they are here"))
            } else {
                StatusLine::red("DAGs", format!("{} requests to be as they are here", sync.plan.steps().count()), fix)
            }
        }),
    ));
    Ok(list)
}

/// A part that could be asked, or why it could not.
fn told(check: &str, answer: Result<StatusLine>) -> StatusLine {
    answer.unwrap_or_else(|error| {
        StatusLine::red(check, format!("{error:#}"), "see what is said; then the same command again")
    })
}

fn stack_line(name: &str, there: Option<&Deployed>) -> StatusLine {
    let Some(there) = there else { return StatusLine::red(name, "is not there", DEPLOY) };
    match there.state() {
        State::Ready if there.change_sets.is_empty() => StatusLine::green(name, &there.status),
        State::Ready => {
            let sets = there.change_sets.join(", ");
            StatusLine::green(name, format!("{}; change sets that wait: {sets}", there.status))
        }
        State::Busy => StatusLine::red(name, &there.status, "wait: CloudFormation is at work"),
        state => {
            let (what, next) = state.remedy().unwrap_or_default();
            StatusLine::red(name, format!("{}: {what}", there.status), next)
        }
    }
}

fn drifted(name: &str, found: Result<Vec<String>>) -> StatusLine {
    let check = format!("{name}, drift");
    told(
        &check,
        found.map(|found| {
            let fix = "undo it, or take it into the template: a deployment would not see it";
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
    for (check, name) in
        [("lake", names.lake), ("Airflow's bucket", names.airflow), ("log of requests", names.access_logs)]
    {
        let one = async {
            Ok(match buckets.owner(&name, account).await? {
                Owner::Nobody => StatusLine::red(check, format!("there is no bucket `{name}`"), DEPLOY),
                Owner::Others => StatusLine::red(
                    check,
                    format!("`{name}` is another account's, or in another region"),
                    "set BUCKET_SUFFIX, then deploy",
                ),
                Owner::Us => {
                    let keeps = buckets.is_versioned(&name).await?;
                    let word = if keeps { "keeps versions" } else { "keeps no versions" };
                    StatusLine::of(keeps, check, format!("{name}, {word}"), DEPLOY)
                }
            })
        };
        list.push(told(check, one.await));
    }
    list
}

/// The digests that the stacks were made with, by parameter.
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
                return Ok(StatusLine::red(repository, "no stack uses an image of it yet", DEPLOY));
            };
            let has = ecr.has(repository, digest).await?;
            let short = digest.get(..19).unwrap_or(digest);
            let found = if has {
                format!("{short}… is there")
            } else {
                format!("{short}… is not there, and jobs cannot start")
            };
            Ok(StatusLine::of(has, repository, found, DEPLOY))
        };
        list.push(told(repository, one.await));
    }
    list
}

async fn jobs(batch: &Batch, settings: &Settings, deployed: &BTreeMap<String, Deployed>) -> Vec<StatusLine> {
    let names = &settings.batch;
    let standing = |check: &str, name: &str, found: Result<Option<Standing>>| {
        told(
            check,
            found.map(|found| match found {
                None => StatusLine::red(check, format!("`{name}` is not there"), DEPLOY),
                Some(found) => {
                    let reason = found.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
                    let words = format!("{name} {} {}{reason}", found.state, found.status);
                    StatusLine::of(found.is_open(), check, words, "see why in the console of Batch")
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
        let wanted = parameter(deployed, digest).cloned().unwrap_or_default();
        let verdict = |image: Option<String>| match image {
            None => StatusLine::red(definition, "has no active revision", DEPLOY),
            Some(image) => {
                let right = !wanted.is_empty() && image.ends_with(&wanted);
                let short =
                    image.rsplit_once('@').map_or(image.as_str(), |(_, digest)| digest.get(..19).unwrap_or(digest));
                let words = format!("its newest revision runs {short}…");
                StatusLine::of(right, definition, words, "the stack has another image: cargo xtask deploy")
            }
        };
        list.push(told(definition, batch.image(definition).await.map(verdict)));
    }
    list
}

fn airflow(settings: &Settings, found: Result<Option<crate::edge::mwaa::Environment>>) -> StatusLine {
    const CHECK: &str = "Airflow";
    told(
        CHECK,
        found.map(|found| match found {
            None => {
                StatusLine::red(CHECK, format!("there is no environment `{}`", settings.airflow.environment), DEPLOY)
            }
            Some(found) if found.url.starts_with("127.0.0.1:") => StatusLine::not_verifiable(
                CHECK,
                format!("an Airflow {} on this machine answers for MWAA", found.version),
            ),
            Some(found) => {
                let words = format!("{} {}, https://{}", found.version, found.status, found.url);
                let fix = match found.status.as_str() {
                    "CREATING" | "CREATING_SNAPSHOT" | "UPDATING" | "ROLLING_BACK" | "MAINTENANCE" | "DELETING" => {
                        "wait: MWAA is at work"
                    }
                    "CREATE_FAILED" => "see why in the console of MWAA; then `cargo xtask recover` and deploy",
                    _ => "see its events in the console of MWAA",
                };
                StatusLine::of(found.status == "AVAILABLE", CHECK, words, fix)
            }
        }),
    )
}
