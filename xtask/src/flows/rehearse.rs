//! The whole deployment on one machine: emulators in the place of AWS, everything else real. Stacks are deployed, images
//! built and pushed, DAGs synced; Airflow runs `ingestion` through Batch's API in containers, which write to the emulator's S3
//! and to PostgreSQL.

mod inspect;
mod servers;
mod source;
mod stage;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

pub use source::Source;
pub use stage::{Stage, stop};

use super::deploy::{self, DeployRequest as Deployment};
use super::run::{self, RunRequest};
use super::status;
use super::sync::sample;
use super::warehouse::contract;
use crate::edge::aws::Aws;
use crate::edge::docker::Engine;
use crate::edge::ecr::Ecr;
use crate::edge::mwaa::Mwaa;
use crate::edge::{files, machine, shell};
use crate::failure::Failure;
use crate::flows::configure;
use crate::platform::NO_ACCOUNT;
use crate::rehearsal::{
    AIRFLOW_USER, Done, InjectedFault, Kept, MODULE, NOT_PROVED, StepTime, Warehouse, cause, dot_env, wrong,
};
use crate::run::{DAG, Question, chain, import_errors, manual};
use crate::settings::{Settings, Variables};
use crate::warehouse::DATABASE;
use inspect::Heard;

/// From one look at the run to the next.
const EVERY: Duration = Duration::from_secs(1);
/// How long Airflow may take to start and to read the DAGs.
const AIRFLOW_PATIENCE: Duration = Duration::from_secs(120);
/// Asks Redshift, which nobody here has.
const HEALTH: &str = "platform_health";

/// What is wanted.
#[derive(Debug)]
pub struct RehearsalRequest {
    /// Where the answers come from.
    pub source: Source,
    /// What is made to fail.
    pub injected_fault: Option<InjectedFault>,
    /// Whether everything stays when it is over.
    pub keep: bool,
    /// Of the environment, how images are made on this machine.
    pub variables: BTreeMap<String, String>,
}

/// What a rehearsal tells while it goes on.
#[derive(Debug)]
pub enum RehearsalProgress {
    /// A step begins.
    Step(String),
    /// Pieces of work, before the first of them begins: each one's name, what it waits for, and how many resources it has.
    Works(Vec<(String, String, usize)>),
    /// Of the deployment.
    Deploy(deploy::Progress),
    /// Of the run.
    Running(run::RunProgress),
}

/// The steps, with their times.
struct Steps<'t> {
    report: &'t mut dyn FnMut(RehearsalProgress),
    done: Vec<StepTime>,
}

impl Steps<'_> {
    fn step<T>(&mut self, title: &str, work: impl FnOnce(&mut dyn FnMut(RehearsalProgress)) -> Result<T>) -> Result<T> {
        (self.report)(RehearsalProgress::Step(title.to_owned()));
        let began = Instant::now();
        let result = work(self.report)?;
        let seconds = (began.elapsed().as_secs_f64() * 10.0).round() / 10.0;
        self.done.push(StepTime { step: title.to_owned(), seconds });
        Ok(result)
    }
}

/// Whether this machine can rehearse at all.
///
/// # Errors
/// With every reason why not.
pub fn preflight(docker_host: Option<&str>) -> Result<()> {
    let mut missing = Vec::new();
    if !cfg!(target_os = "linux") {
        missing.push("this is no Linux: elsewhere containers are not on the machine's own network".to_owned());
    }
    if let Err(error) = Engine::connect(docker_host) {
        missing.push(format!("{error:#}"));
    }
    let hint = "`cargo xtask doctor` says what to install; `cargo xtask local` needs none of it";
    ensure!(
        missing.is_empty(),
        Failure::new(format!("a rehearsal needs what is not here: {}", missing.join("; "))).hint(hint)
    );
    Ok(())
}

/// Rehearses on a stage that is empty yet; the caller ends it.
///
/// # Errors
/// When it does not come to a run. A run that fails is no error here.
pub fn run(stage: &Stage, request: &RehearsalRequest, report: &mut dyn FnMut(RehearsalProgress)) -> Result<Done> {
    let mut steps = Steps { report, done: Vec::new() };
    let place = &stage.place;
    let source = &request.source;
    let settings = configure::module(Some(MODULE), &Variables::new())?.settings().clone();
    let contract = contract(&files::root().join("jobs/contracts/spacex.yaml"))?;
    let tools = steps.step("Getting emulators and Airflow ready", |_| servers::Tools::get())?;
    let logins = steps.step("Starting the warehouse", |report| {
        servers::warehouse(stage, &contract.source, &mut |words| report(RehearsalProgress::Step(words.to_owned())))
    })?;
    steps.step("Starting emulators and Airflow", |_| servers::start(stage, &tools, &settings, NO_ACCOUNT))?;
    let kept = steps.step("Looking for the image to build upon", |report| base(stage, request, &settings, report))?;
    let file: BTreeMap<_, _> = kept.clone().into_iter().chain(place.aws(&settings.region)).collect();
    files::write_secret(&place.file("env"), &dot_env(&file))?;
    let variables = place.variables(&settings.region, kept);
    let settings = configure::module(Some(MODULE), &variables)?.settings().clone();

    let login = |role: &str| logins.get(role).with_context(|| format!("the warehouse has no role `{role}`"));
    let warehouse = Warehouse {
        loader: login("loader")?.url(),
        port: login("loader")?.port(),
        transformer: login("transformer")?.password().to_owned(),
        database: DATABASE.to_owned(),
    };
    let jobs = place.jobs(&settings, NO_ACCOUNT, &warehouse, &source.url(&settings));
    files::write_secret(&place.jobs_file(), &jobs.to_string())?;

    let deployment = Deployment {
        module: MODULE.to_owned(),
        settings: settings.clone(),
        variables: variables.clone(),
        only: Vec::new(),
        create_only: false,
        left_alone: BTreeSet::new(),
        folder: None,
        registry: None,
        warnings: Vec::new(),
    };
    let deployment = steps.step("Deploying stacks, images and DAGs", |report| {
        let ready = deploy::plan(deployment)?;
        report(RehearsalProgress::Works(ready.works()));
        ready.apply(&[], &mut |progress| report(RehearsalProgress::Deploy(progress)))?;
        Ok(ready.again())
    })?;
    let aws = Aws::of(&settings, &variables)?;
    steps.step("Giving the lake its source", |_| {
        if let Some(folder) = source.folder(&place.file("source"))? {
            sample::plan(&settings, &variables, &folder)?.apply(&settings)?;
        }
        if request.injected_fault == Some(InjectedFault::Image) {
            lose_image(&aws, &settings)?;
        }
        Ok(())
    })?;
    steps.step("Waiting for Airflow", |_| airflow(stage, &aws, &settings))?;

    let id = manual(&files::now("%Y-%m-%dT%H:%M:%S%.6f+00:00"));
    let mut heard = Heard::default();
    let outcome = steps.step(&format!("Running the DAG `{DAG}`"), |report| {
        let tasks = chain(&settings.batch).map(|step| step.task);
        let works = [DAG].into_iter().chain(tasks).map(|name| (name.to_owned(), "waits".to_owned(), 0));
        report(RehearsalProgress::Works(works.collect()));
        let request = RunRequest { settings: settings.clone(), variables: variables.clone(), every: EVERY };
        run::through_airflow(&request, &id, false, &mut |progress| {
            heard.hear(&progress);
            report(RehearsalProgress::Running(progress));
        })
    })?;
    let reader = login("reader")?;
    let (tables, rows) = inspect::tables(&heard, reader, &contract.source)?;
    let dbt = inspect::marts(&aws, &settings, &outcome.run_id)?;
    let wrong = if outcome.failed.is_none() { wrong(&tables, &rows, dbt.as_ref()) } else { Vec::new() };
    let status = steps.step("Looking at all of it", |_| status::lines(&deployment, false))?;
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
    let failed = outcome.failed.as_ref();
    let cause = failed.map(|task| cause(&heard.last(task), dbt.as_ref())).unwrap_or_default();
    let (id, injected_fault, not_proved) = (place.id.clone(), request.injected_fault, NOT_PROVED);
    Ok(Done {
        id,
        injected_fault,
        run: outcome,
        cause,
        tables,
        wrong,
        dbt,
        status,
        steps: steps.done,
        not_proved,
        kept,
    })
}

/// What of the environment the images are made with. Where the image of the settings cannot be pulled, one of Debian's own
/// packages takes its place; where nobody says which certificates this machine trusts, the system's do.
fn base(
    stage: &Stage,
    request: &RehearsalRequest,
    settings: &Settings,
    report: &mut dyn FnMut(RehearsalProgress),
) -> Result<BTreeMap<String, String>> {
    let mut kept = request.variables.clone();
    if !kept.contains_key("IMAGE_CA_BUNDLE") {
        let bundle = machine::certificates();
        kept.extend(bundle.map(|bundle| ("IMAGE_CA_BUNDLE".to_owned(), bundle.display().to_string())));
    }
    let base = &settings.images.dbt.base;
    if kept.contains_key("IMAGE_BASE") || Engine::connect(stage.docker_host())?.image(base)?.is_some() {
        return Ok(kept);
    }
    // Where the script puts what it makes: an image has a digest once a registry has it.
    let aws = Aws::of(settings, &stage.place.variables(&settings.region, BTreeMap::new()))?;
    aws.wait(Ecr::new(&aws.config).make(stage::BASE))?;
    let script = files::root().join("xtask/emulator/base-image.sh").display().to_string();
    let found = shell::says(&script, &[base, &stage.place.registry()]).with_context(|| {
        let failure = Failure::new(format!("`{base}` cannot be pulled, and no other image be made in its place"));
        failure.hint("set IMAGE_BASE to an image that this machine can pull, by its digest")
    })?;
    if found != *base {
        let name = base.split('@').next().unwrap_or(base);
        report(RehearsalProgress::Step(format!("`{name}` cannot be pulled: building upon Debian's own Python")));
    }
    kept.insert("IMAGE_BASE".to_owned(), found);
    Ok(kept)
}

/// Takes the ingestion image out of its repository, as somebody may who cleans up too well.
fn lose_image(aws: &Aws, settings: &Settings) -> Result<()> {
    let ecr = Ecr::new(&aws.config);
    aws.wait(async {
        let digests = ecr.digests(&settings.registry.ingestion).await?;
        ensure!(!digests.is_empty(), "the deployment has pushed no image");
        for digest in digests {
            ecr.remove(&settings.registry.ingestion, &digest).await?;
        }
        Ok(())
    })
}

/// Waits until Airflow knows the DAG, and pauses the one that could only fail here.
///
/// # Errors
/// When one of its programs has ended, when a file of the DAGs cannot be imported, or after two minutes.
fn airflow(stage: &Stage, aws: &Aws, settings: &Settings) -> Result<()> {
    let mwaa = Mwaa::new(&aws.config);
    let ask = |question: &Question| aws.wait(mwaa.ask(&settings.airflow.environment, question));
    let began = Instant::now();
    let known = |dag: &str| ask(&Question::about(dag)).is_ok_and(|answer| answer.status == 200);
    while !(known(DAG) && known(HEALTH)) {
        stage.lives()?;
        let told = ask(&Question::import_errors());
        let broken = told.as_ref().map(|answer| import_errors(&answer.body)).unwrap_or_default();
        ensure!(
            broken.is_empty(),
            Failure::new(format!("Airflow cannot import the DAGs: {}", broken.join("; ")))
                .hint("mend the file in dags/")
        );
        if began.elapsed() > AIRFLOW_PATIENCE {
            let words = told.map_or_else(|error| format!("{error:#}"), |answer| answer.body.to_string());
            bail!(Failure::new(format!("Airflow does not know `{DAG}` after two minutes: {words}")));
        }
        aws.wait(async { tokio::time::sleep(Duration::from_millis(300)).await });
    }
    let paused = ask(&Question::pause(HEALTH))?;
    ensure!(paused.status == 200, Failure::new(format!("Airflow does not pause `{HEALTH}`: {}", paused.body)));
    Ok(())
}
