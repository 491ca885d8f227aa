//! Rehearses a complete deployment on one machine: emulators replace AWS, everything else is real. Stacks are deployed,
//! images are built and pushed, and DAGs are synced; Airflow then runs `ingestion` through the Batch API in containers,
//! which write to the emulator's S3 and, through the Redshift emulator, to PostgreSQL.

mod base;
mod deployer;
mod inspect;
mod runs;
mod secrets;
mod servers;
mod source;
mod stage;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

pub use secrets::{secret_names, secrets};
pub use source::{Source, sources};
pub use stage::{Stage, stop};

use super::images;
use super::run;
use super::stacks;
use super::status;
use super::sync::sample;
use crate::cli::InjectedFault;
use crate::edge::aws::Aws;
use crate::edge::docker::Engine;
use crate::edge::ecr::Ecr;
use crate::edge::files;
use crate::edge::mwaa::Mwaa;
use crate::failure::Failure;
use crate::flows::configure;
use crate::image::INGESTION;
use crate::rehearsal::{
    ADMINISTRATOR, AIRFLOW_USER, DEPLOY, Kept, MODULE, NOT_VERIFIED, PLAN, RehearsalReport, StepTime, dot_env, refusals,
};
use crate::run::{ApiRequest, direct_run_id, import_errors, manual_run_id};
use crate::settings::{DAG, Ingestion, NO_ACCOUNT, Settings, Variables};
use base::base;
use deployer::Deployer;
use runs::Runs;

/// How long Airflow may take to start and to read the DAGs.
const AIRFLOW_TIMEOUT: Duration = Duration::from_secs(120);
/// The DAG that checks the deployment.
const HEALTH: &str = "platform_health";
/// The change of the second deployment: how long logs are kept.
const LOG_DAYS: u32 = 7;

#[derive(Debug)]
pub struct RehearsalRequest {
    pub source: Source,
    /// The URLs of other sources, by name.
    pub urls: BTreeMap<String, String>,
    pub secrets: Vec<secrets::Stored>,
    pub injected_fault: Option<InjectedFault>,
    pub keep: bool,
    pub variables: BTreeMap<String, String>,
}

#[derive(Debug)]
pub enum RehearsalProgress {
    Step(String),
    /// The tasks of a step: for each, its name, the text to show while it waits, and its number of resources.
    Tasks(Vec<(String, String, usize)>),
    Deploy(stacks::Progress),
    Run(run::RunProgress),
}

struct Steps<'t> {
    report: &'t mut dyn FnMut(RehearsalProgress),
    done: Vec<StepTime>,
}

impl Steps<'_> {
    fn step<T>(&mut self, title: &str, work: impl FnOnce(&mut dyn FnMut(RehearsalProgress)) -> Result<T>) -> Result<T> {
        (self.report)(RehearsalProgress::Step(title.to_owned()));
        let start = Instant::now();
        let result = work(self.report)?;
        let seconds = (start.elapsed().as_secs_f64() * 10.0).round() / 10.0;
        self.done.push(StepTime { step: title.to_owned(), seconds });
        Ok(result)
    }
}

/// Checks the requirements for a rehearsal. The error lists every missing requirement.
pub fn preflight(docker_host: Option<&str>) -> Result<()> {
    let mut missing = Vec::new();
    if !cfg!(target_os = "linux") {
        missing.push("Linux: on other systems, containers do not share the machine's network".to_owned());
    }
    if let Err(error) = Engine::connect(docker_host) {
        missing.push(format!("{error:#}"));
    }
    let hint = "run `cargo xtask doctor` to see what to install, or use `cargo xtask local`, which needs neither Linux nor Docker";
    let failure = || Failure::new(format!("missing requirements for a rehearsal: {}", missing.join("; ")));
    ensure!(missing.is_empty(), failure().hint(hint));
    Ok(())
}

/// Rehearses on an empty stage, which the caller stops. A failed run is not an error; one that cannot start is. Reports the
/// calls that were denied before an error.
pub fn run(
    stage: &Stage,
    request: &RehearsalRequest,
    report: &mut dyn FnMut(RehearsalProgress),
) -> Result<RehearsalReport> {
    let done = rehearse(stage, request, report);
    if done.is_err() {
        let denied = servers::policies(stage).map(|policies| policies.problems).unwrap_or_default();
        denied.into_iter().for_each(|problem| report(RehearsalProgress::Step(problem)));
    }
    done
}

fn rehearse(
    stage: &Stage,
    request: &RehearsalRequest,
    report: &mut dyn FnMut(RehearsalProgress),
) -> Result<RehearsalReport> {
    let mut steps = Steps { report, done: Vec::new() };
    let place = &stage.place;
    let source = &request.source;
    let settings = configure::module(Some(MODULE), &Variables::new())?.settings().clone();
    // Compiling the programs takes minutes, and needs neither the emulators nor the base image.
    let deployer = Deployer { place, settings: &settings, kept: &request.variables };
    let compiler = images::start_compiler(&deployer.image(INGESTION))?;
    let tools = steps.step("Installing emulators and Airflow", |_| servers::Tools::get())?;
    let reader = steps.step("Starting the warehouse", |report| {
        servers::warehouse(stage, &tools, &settings, &mut |text| report(RehearsalProgress::Step(text.to_owned())))
    })?;
    steps.step("Starting emulators and Airflow", |_| servers::start(stage, &tools, &settings, NO_ACCOUNT))?;
    let kept = steps.step("Finding the base image", |report| base(stage, request, &settings, report))?;
    let file: BTreeMap<_, _> = kept.clone().into_iter().chain(place.aws(&settings.region, ADMINISTRATOR)).collect();
    files::write_secret(&place.file("env"), &dot_env(&file))?;
    let variables = place.variables(&settings.region, ADMINISTRATOR, kept.clone());
    let settings = configure::module(Some(MODULE), &variables)?.settings().clone();

    let mut urls = request.urls.clone();
    urls.insert(settings.ingestion(None)?.source, source.url(&settings));
    let write_jobs = |changed: &[_]| {
        let jobs = place.jobs(&settings, NO_ACCOUNT, &urls, changed);
        files::write_secret(&place.file("jobs.json"), &jobs.to_string())
    };
    write_jobs(&[])?;
    let aws = Aws::for_settings(&settings, &variables)?;
    secrets::store(&aws, &request.secrets)?;

    let deployer = Deployer { place, settings: &settings, kept: &kept };
    steps.step("Deploying the roles of GitHub's jobs", |report| deployer.roles(report))?;
    steps.step("Undoing a first creation that fails", |report| deployer.fail(report))?;
    steps.step("Creating the registry and buckets", |report| deployer.base(report))?;
    steps.step("Building and pushing the images", |_| deployer.images())?;
    steps.step("Deploying stacks and DAGs", |report| deployer.approved(report))?;
    drop(compiler);
    steps.step("Uploading the source to the lake", |_| {
        if let Some(folder) = source.folder(&place.file("source"))? {
            sample::apply(&sample::plan(&settings, &variables, &folder)?, &settings)?;
        }
        if request.injected_fault == Some(InjectedFault::Image) {
            delete_pushed_images(&aws, &settings)?;
        }
        Ok(())
    })?;
    let of = |one: Ingestion| Runs::new(&aws, &reader, one, &settings, &variables);
    let runs = of(settings.ingestion(None)?);
    let now = || files::now("%Y-%m-%dT%H:%M:%S%.6f+00:00");
    let has_fault = request.injected_fault.is_some();
    let long_id = direct_run_id(DAG, &format!("long-{}", now()));
    let long_statement = if has_fault { None } else { Some(runs.start_long_statement(&long_id)?) };
    steps.step("Waiting for Airflow", |_| wait_for_airflow(stage, &aws, &settings))?;

    let others = settings.ingestions().into_iter().filter(|one| one.enabled && one.dag != DAG && !has_fault);
    let others: Vec<Runs<'_>> = others.map(of).collect();
    let dags: Vec<String> = std::iter::once(&runs).chain(&others).map(|one| format!("`{}`", one.dag())).collect();
    let title = format!("Running the {} DAG{}", dags.join(", "), if others.is_empty() { "" } else { "s" });
    let (first, others) =
        steps.step(&title, |report| runs::through_airflow(&runs, &others, &manual_run_id(&now()), report))?;
    let mut second = None;
    if first.outcome.failed.is_none() && !has_fault {
        second = Some(steps.step("Running the jobs again with a changed dbt project", |report| {
            write_jobs(&runs::changed_files(stage)?)?;
            let ran = runs.directly(&now(), report)?;
            // Runs in a rehearsal that is kept use the images as they are.
            write_jobs(&[])?;
            Ok(ran)
        })?);
    }
    let long_statement = long_statement
        .map(|job| steps.step("Waiting for a statement that takes half a minute", |_| runs.finish(job, &long_id)));
    let (long_statement, long_cause) = long_statement.transpose()?.unzip();
    if !has_fault {
        let mut changed = settings.clone();
        changed.monitoring.log_days = LOG_DAYS;
        let deployer = Deployer { settings: &changed, ..deployer };
        steps.step("Deploying a change", |report| deployer.base(report).and_then(|()| deployer.approved(report)))?;
        steps.step("Detecting drift", |_| status::lines(deployer.request(PLAN), true))?;
    }
    let status = steps.step("Checking the deployment's status", |_| status::lines(deployer.request(DEPLOY), false))?;
    let policies = steps.step("Looking for ways around the policies", |_| servers::policies(stage))?;
    let kept = request.keep.then(|| {
        let shown = |name: &str| files::shown(&place.file(name));
        Kept {
            airflow: place.airflow_url(),
            user: AIRFLOW_USER,
            password_file: shown("airflow.json"),
            aws: place.endpoint(),
            warehouse: reader.shown(),
            warehouse_file: shown("warehouse.json"),
            dot_env: shown("env"),
        }
    });
    let refused = refusals(&files::read(&place.file("redshift/redshift.log"))?.unwrap_or_default());
    let mut contradictions = first.contradictions;
    let (mut tables, mut other_causes, mut other_runs) = (first.tables, Vec::new(), BTreeMap::new());
    for (source, ran) in others {
        contradictions.extend(ran.contradictions.into_iter().map(|text| format!("{source}: {text}")));
        tables.extend(ran.tables.into_iter().map(|(table, counts)| (format!("{source}.{table}"), counts)));
        other_causes.push(ran.cause);
        other_runs.insert(source, ran.outcome);
    }
    contradictions.extend(policies.problems);
    let (second_run, second_cause) = second
        .map(|second| {
            contradictions.extend(second.contradictions);
            (second.outcome, second.cause)
        })
        .unzip();
    let causes = [Some(first.cause), second_cause, long_cause].into_iter().flatten().chain(other_causes);
    let mut cause = causes.into_iter().find(|cause| !cause.is_empty()).unwrap_or_default();
    if !cause.is_empty() {
        cause.extend(refused.iter().map(|refusal| format!("Redshift: {}", refusal.message)));
    }
    Ok(RehearsalReport {
        id: place.id.clone(),
        injected_fault: request.injected_fault,
        run: first.outcome,
        second_run,
        other_runs,
        long_statement,
        cause,
        refused,
        tables,
        calls: policies.calls,
        contradictions,
        dbt: first.dbt,
        status,
        steps: steps.done,
        not_verified: NOT_VERIFIED,
        kept,
    })
}

fn delete_pushed_images(aws: &Aws, settings: &Settings) -> Result<()> {
    let ecr = Ecr::new(&aws.config);
    aws.wait(async {
        let digests = ecr.digests(&settings.registry.ingestion).await?;
        ensure!(!digests.is_empty(), "the deployment did not push any images");
        for digest in digests {
            ecr.remove(&settings.registry.ingestion, &digest).await?;
        }
        Ok(())
    })
}

/// Waits until Airflow has loaded the DAGs, and pauses [`HEALTH`], which would fail here. Fails if a server exits or a
/// DAG file cannot be imported, or after two minutes.
fn wait_for_airflow(stage: &Stage, aws: &Aws, settings: &Settings) -> Result<()> {
    let mwaa = Mwaa::new(&aws.config);
    let send = |request: &ApiRequest| aws.wait(mwaa.call(&settings.airflow.environment, request));
    let start = Instant::now();
    let exists = |dag: &str| send(&ApiRequest::dag(dag)).is_ok_and(|(status, _)| status == 200);
    let ingestions = settings.ingestions();
    let expected = || ingestions.iter().filter(|one| one.enabled).map(|one| one.dag.as_str()).chain([HEALTH]);
    while !expected().all(exists) {
        stage.check()?;
        let response = send(&ApiRequest::import_errors());
        let broken = response.as_ref().map(|(_, body)| import_errors(body)).unwrap_or_default();
        let failure = || Failure::new(format!("Airflow cannot import the DAGs: {}", broken.join("; ")));
        ensure!(broken.is_empty(), failure().hint("fix these import errors in dags/, then run the rehearsal again"));
        if start.elapsed() > AIRFLOW_TIMEOUT {
            let last = response.map_or_else(|error| format!("{error:#}"), |(_, body)| body.to_string());
            bail!(Failure::new(format!("Airflow did not load the DAGs within two minutes: {last}")));
        }
        aws.wait(async { tokio::time::sleep(Duration::from_millis(300)).await });
    }
    let (status, body) = send(&ApiRequest::pause(HEALTH))?;
    ensure!(status == 200, Failure::new(format!("Airflow could not pause `{HEALTH}`: {body}")));
    Ok(())
}
