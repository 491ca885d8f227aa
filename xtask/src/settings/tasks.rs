//! The tasks of a source's run, which the settings determine.

use std::collections::BTreeMap;

use serde::Serialize;

use super::model::Settings;
use super::sources::{DAG, Ingestion};

/// A task of a run: one Batch job, without the options of the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunTask {
    pub task: &'static str,
    /// The map index in Airflow, for the job of a group of collections.
    pub map_index: Option<usize>,
    pub definition: String,
    pub command: Vec<String>,
    pub environment: BTreeMap<String, String>,
    pub overrides: JobOverrides,
    /// The options of dbt that select models, if the run does not select other ones.
    pub selection: Vec<String>,
}

impl RunTask {
    /// Returns the task ID, with the map index of a mapped task.
    pub fn label(&self) -> String {
        self.map_index.map_or_else(|| self.task.to_owned(), |index| format!("{}[{index}]", self.task))
    }
}

/// What differs from the job definition: the values of SubmitJob (AWS Batch API Reference).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JobOverrides {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vcpu: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt_seconds: Option<u32>,
}

/// Returns the tasks of a source's DAG (`dags/ingestion.py`) in order, each downstream of the previous one. In Airflow, the
/// report is also written if one of them has failed.
pub fn chain(settings: &Settings, of: &Ingestion) -> [RunTask; 4] {
    let (default, job) = (&settings.batch.ingestion, &of.job);
    // A source's size is sent as a whole, because Fargate does not support every combination.
    let has_size = (job.vcpu, job.memory_mib) != (default.vcpu, default.memory_mib);
    let overrides = JobOverrides {
        vcpu: has_size.then(|| job.vcpu.to_string()),
        memory_mib: has_size.then(|| job.memory_mib.to_string()),
        attempt_seconds: (job.timeout_seconds != default.timeout_seconds).then_some(job.timeout_seconds),
    };
    let contract = [("CONTRACT".to_owned(), of.contract_in_image())];
    let accept_with = format!("cargo xtask run {} --env MODULE --accept 'REASON'", of.source);
    let task = |task, program: &str, environment| RunTask {
        task,
        map_index: None,
        definition: job.name.clone(),
        command: vec![program.to_owned()],
        environment,
        overrides: overrides.clone(),
        selection: Vec::new(),
    };
    let own = (of.dag != DAG).then_some(of.source.as_str());
    let others = settings.ingestions().into_iter().map(|one| one.source).filter(|source| *source != of.source);
    // The jobs of groups share the limits of the source.
    let shared = (!of.groups.is_empty()).then(|| ("SHARED_BY".to_owned(), of.groups.len().to_string()));
    [
        task("transformation", "transformation", contract.clone().into_iter().chain(shared).collect()),
        task(
            "copy_job",
            "copy",
            contract.clone().into_iter().chain([("ACCEPT_WITH".to_owned(), accept_with)]).collect(),
        ),
        RunTask {
            task: "dbt_build",
            definition: settings.batch.dbt.name.clone(),
            command: ["dbt", "build"].map(str::to_owned).into(),
            selection: models(own, others),
            ..RunTask::default()
        },
        // Not the source's definition, which has its secrets and its size.
        RunTask {
            definition: default.name.clone(),
            overrides: JobOverrides::default(),
            ..task("report", "report", contract.into())
        },
    ]
}

/// Returns dbt's options to build the models that depend on the tables of `own`, or else all except those that depend on
/// `others`: a failed test of another source does not fail a run.
pub fn models(own: Option<&str>, others: impl IntoIterator<Item = String>) -> Vec<String> {
    let with_models = |source: &str| format!("source:{source}+");
    let (option, sources): (_, Vec<String>) = match own {
        Some(own) => ("--select", vec![with_models(own)]),
        None => ("--exclude", others.into_iter().map(|source| with_models(&source)).collect()),
    };
    let option = (!sources.is_empty()).then(|| option.to_owned());
    option.into_iter().chain(sources).collect()
}

/// Returns the jobs of a source's run, in order: those of its tasks, with a transformation for each group of collections.
pub fn jobs(settings: &Settings, of: &Ingestion) -> Vec<RunTask> {
    let [transformation, copy, dbt, report] = chain(settings, of);
    let of_group = |(index, names): (usize, &Vec<String>)| {
        let collections = [("COLLECTIONS".to_owned(), names.join(","))];
        let environment = transformation.environment.clone().into_iter().chain(collections).collect();
        RunTask { map_index: Some(index), environment, ..transformation.clone() }
    };
    let groups: Vec<RunTask> = of.groups.iter().enumerate().map(of_group).collect();
    let first = if groups.is_empty() { vec![transformation] } else { groups };
    first.into_iter().chain([copy, dbt, report]).collect()
}
