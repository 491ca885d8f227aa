//! The sources: each has a contract, and a DAG that loads it.

use std::collections::BTreeMap;

use contract::Contract;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::batch::JobDefinition;
use super::check::Findings;
use super::confined::NO_ACCOUNT;
use super::dags::cron;
use super::document::Problem;
use super::model::Settings;
use super::source_secret::SourceSecret;
use crate::failure::Failure;

/// The DAG of the source that commands use by default. The run IDs of its jobs do not depend on the DAG's ID.
pub const DAG: &str = "ingestion";
/// The folder of the contracts; the ingestion image contains its files.
pub const CONTRACTS: &str = "jobs/contracts";
/// A job can depend on up to 20 other jobs (AWS Batch User Guide, "Job dependencies"), and `copy` depends on all groups.
const MOST_GROUPS: usize = 20;
/// The schedule of a source whose runs are only started manually, although `dags.schedule` is set.
const MANUAL: &str = "manual";

/// A source, by the name in its contract. Each key has a default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Contract, a file in jobs/contracts (default: jobs/contracts/<name>.yaml).
    pub contract: Option<String>,
    /// DAG ID (default: ingestion_<name>). Exactly one source has the DAG `ingestion`, which commands use by default.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9_]{0,47}$"))]
    pub dag: Option<String>,
    /// Schedule in UTC (default: `dags.schedule`); `manual` if runs are only started manually.
    pub schedule: Option<String>,
    /// Whether the source is loaded (default: true). Otherwise, it has no DAG, and its health is not checked.
    pub enabled: Option<bool>,
    /// Maximum age of the newest load in hours (default: `dags.max_load_age_hours`).
    #[schemars(range(min = 1))]
    pub max_load_age_hours: Option<u32>,
    /// Share of a run's records that may be quarantined (default: `dags.max_quarantine_share`).
    #[schemars(range(min = 0.0, max = 1.0))]
    pub max_quarantine_share: Option<f64>,
    /// Number of vCPUs of its jobs (default: `batch.ingestion.vcpu`).
    pub vcpu: Option<f64>,
    /// Memory of its jobs in MiB (default: `batch.ingestion.memory_mib`).
    pub memory_mib: Option<u32>,
    /// Seconds after which Batch stops an attempt (default: `batch.ingestion.timeout_seconds`).
    #[schemars(range(min = 60))]
    pub timeout_seconds: Option<u32>,
    /// Groups of collections, each a list of names: every group is transformed by a job of its own, in parallel (default: one
    /// job for all collections).
    #[schemars(length(max = 20))]
    pub groups: Option<Vec<Vec<String>>>,
    /// Where the secrets of its contract are: the ARN of a secret in Secrets Manager, or the name or the ARN of a parameter
    /// in Systems Manager. The name starts with `<project>/`. The text is one JSON object, `{"NAME": "value"}`.
    pub secret: Option<String>,
    /// ARN of the customer managed KMS key that encrypts it (default: the AWS managed key).
    pub secret_key: Option<String>,
}

/// How a source is loaded: its settings with their defaults.
#[derive(Clone, Debug, PartialEq)]
pub struct Ingestion {
    /// The name of the source.
    pub source: String,
    /// The contract's path, relative to the repository.
    pub contract: String,
    pub dag: String,
    /// The schedule; `None` if runs are only started manually.
    pub schedule: Option<String>,
    pub enabled: bool,
    pub max_load_age_hours: u32,
    pub max_quarantine_share: f64,
    /// The job definition, with the size and the timeout of this source's jobs.
    pub job: JobDefinition,
    /// The groups of collections that are transformed in parallel; none if one job transforms all collections.
    pub groups: Vec<Vec<String>>,
    /// Where the secrets of its contract are. Its jobs then have a job definition of their own.
    pub secret: Option<SourceSecret>,
}

impl Ingestion {
    /// Returns the contract's path in the ingestion image.
    pub fn contract_in_image(&self) -> String {
        self.contract.replacen(CONTRACTS, "/contracts", 1)
    }

    /// Returns what is wrong with the groups, if anything: every collection of the contract must be in exactly one group,
    /// and each group needs a share of the source's limits. Child tables belong to their collection.
    pub fn problem_with_groups(&self, contract: &Contract) -> Option<String> {
        if self.groups.is_empty() {
            return None;
        }
        let (names, known): (Vec<&String>, _) = (self.groups.iter().flatten().collect(), &contract.collections);
        let unknown: Vec<_> = names.iter().filter(|name| !known.contains_key(**name)).copied().collect();
        let repeated = names.iter().enumerate().filter(|(at, name)| names[..*at].contains(name));
        let repeated: Vec<_> = repeated.map(|(_, name)| *name).collect();
        let missing: Vec<_> = known.keys().filter(|name| !names.contains(name)).collect();
        let mut problems = Vec::new();
        for (how, found) in [("unknown", unknown), ("listed more than once", repeated), ("missing", missing)] {
            let found: Vec<String> = found.iter().map(|name| format!("`{name}`")).collect();
            problems.extend((!found.is_empty()).then(|| format!("{how}: {}", found.join(", "))));
        }
        if self.groups.iter().any(Vec::is_empty) {
            problems.push("a group is empty".to_owned());
        }
        if !problems.is_empty() {
            let of = &self.contract;
            return Some(format!("must have every collection of {of} exactly once; {}", problems.join("; ")));
        }
        if self.groups.len() > MOST_GROUPS {
            return Some(format!("use at most {MOST_GROUPS} groups: a job can depend on up to {MOST_GROUPS} others"));
        }
        let jobs = u8::try_from(self.groups.len()).unwrap_or(u8::MAX);
        let problem = contract.request.clone().share(jobs).err()?;
        Some(format!("use fewer groups: in {}, {problem}", self.contract))
    }
}

impl Settings {
    /// Returns the ARN of the key that encrypts a source's secret; in the account of emulators, if the settings have it.
    pub fn secret_key(&self, source: &str) -> Option<String> {
        let key = self.sources.get(source)?.secret_key.as_deref()?;
        let mut parts: Vec<&str> = key.split(':').collect();
        if let (Some(NO_ACCOUNT), Some(account)) = (self.account.as_deref(), parts.get_mut(4)) {
            *account = NO_ACCOUNT;
        }
        Some(parts.join(":"))
    }

    /// Returns how each source is loaded, in the order of the sources' names.
    pub fn ingestions(&self) -> Vec<Ingestion> {
        let with_defaults = |(name, own): (&String, &Source)| {
            let (dags, job) = (&self.dags, &self.batch.ingestion);
            let schedule = own.schedule.clone().or_else(|| dags.schedule.clone());
            let secret = own.secret.as_deref().and_then(SourceSecret::parse);
            let job_name = secret.as_ref().map_or_else(|| job.name.clone(), |_| format!("{}-source-{name}", job.name));
            Ingestion {
                source: name.clone(),
                contract: own.contract.clone().unwrap_or_else(|| format!("{CONTRACTS}/{name}.yaml")),
                dag: own.dag.clone().unwrap_or_else(|| format!("{DAG}_{name}")),
                schedule: schedule.filter(|schedule| schedule != MANUAL),
                enabled: own.enabled.unwrap_or(true),
                max_load_age_hours: own.max_load_age_hours.unwrap_or(dags.max_load_age_hours),
                max_quarantine_share: own.max_quarantine_share.unwrap_or(dags.max_quarantine_share),
                job: JobDefinition {
                    name: job_name,
                    vcpu: own.vcpu.unwrap_or(job.vcpu),
                    memory_mib: own.memory_mib.unwrap_or(job.memory_mib),
                    timeout_seconds: own.timeout_seconds.unwrap_or(job.timeout_seconds),
                    ..*job
                },
                groups: own.groups.clone().unwrap_or_default(),
                secret,
            }
        };
        self.sources.iter().map(with_defaults).collect()
    }

    /// Returns how a source is loaded; by default, the one with the DAG [`DAG`].
    pub fn ingestion(&self, source: Option<&str>) -> Result<Ingestion, Failure> {
        let all = self.ingestions();
        let names: Vec<&str> = all.iter().map(|one| one.source.as_str()).collect();
        let hint = format!("the sources in the settings are {}", names.join(", "));
        let found = all.iter().find(|one| source.map_or(one.dag == DAG, |name| one.source == name));
        found.cloned().ok_or_else(|| {
            Failure::new(format!("the source `{}` is not in the settings", source.unwrap_or(DAG))).hint(hint)
        })
    }
}

pub(super) fn check(settings: &Settings, found: &mut Findings<'_>) {
    let all = settings.ingestions();
    let by_default = all.iter().filter(|one| one.dag == DAG).count();
    let fix = "exactly one source must have `dag: ingestion`: commands use it if no source is named";
    found.must(by_default == 1, "sources", fix);
    for default in all.iter().filter(|one| one.dag == DAG) {
        let fix = "the source with `dag: ingestion` must be enabled: commands use it if no source is named";
        found.must(default.enabled, &format!("sources.{}.enabled", default.source), fix);
    }
    let mut dags = BTreeMap::from([("platform_health", "the health checks")]);
    for one in &all {
        let own = &settings.sources[&one.source];
        let path = |key: &str| format!("sources.{}.{key}", one.source);
        // Our rule: with up to 48 such characters, the names of jobs are readable (dags/dpworld/runs.py), and the paths of
        // Airflow's API have at most 64 characters (Amazon MWAA API Reference, `RestApiPath`).
        let legal = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_';
        let is_legal = (1..=48).contains(&one.dag.len()) && one.dag.bytes().all(legal) && !one.dag.starts_with('_');
        let fix = format!("the DAG ID `{}` must have 1 to 48 characters of a-z 0-9 _, and not start with _", one.dag);
        found.must(is_legal, &path("dag"), fix);
        if let Some(other) = dags.insert(&one.dag, &one.source) {
            found.add(&path("dag"), format!("the DAG ID `{}` is also that of {other}", one.dag));
        }
        let file = one.contract.strip_prefix(CONTRACTS).and_then(|file| file.strip_prefix('/')).unwrap_or_default();
        let is_file = file.ends_with(".yaml") && !file.starts_with('.') && !file.contains('/');
        found.must(is_file, &path("contract"), "must be a .yaml file in jobs/contracts, which the image contains");
        if let Some(Err(fix)) = own.schedule.as_deref().filter(|schedule| *schedule != MANUAL).map(cron) {
            found.add(&path("schedule"), format!("{fix}; or use {MANUAL}"));
        }
        found.range(&path("max_load_age_hours"), 1.., "must be 1 or more");
        let share = own.max_quarantine_share.is_none_or(|share| (0.0..=1.0).contains(&share));
        found.must(share, &path("max_quarantine_share"), "must be between 0 and 1");
        if let Some(secret) = &one.secret {
            check_secret(settings, secret, &one.job, &path("secret"), found);
        }
        if let Some(key) = &own.secret_key {
            let form = format!("^arn:aws[a-z-]*:kms:{}:[0-9]{{12}}:key/[A-Za-z0-9-]+$", settings.region);
            found.pattern(&path("secret_key"), &form, "must be the ARN of a KMS key in the region of the deployment");
            found.must(own.secret.is_some(), &path("secret_key"), format!("set {} as well", path("secret")));
            check_account(settings, key.split(':').nth(4).unwrap_or_default(), &path("secret_key"), found);
        }
        // The job definition itself is checked as `batch.ingestion`.
        if own.vcpu.is_some() || own.memory_mib.is_some() || own.timeout_seconds.is_some() {
            one.job.check(&format!("sources.{}", one.source), settings.batch.max_vcpu, found);
        }
    }
}

/// Checks where a secret is. Our rule: its name starts with the project's, which the permissions boundary of the stacks'
/// roles allows. Fargate reads it in the job's own region and account.
fn check_secret(settings: &Settings, secret: &SourceSecret, job: &JobDefinition, path: &str, found: &mut Findings<'_>) {
    let start = format!("{}/", settings.project);
    if !secret.name().starts_with(&start) {
        // The text may still be a secret, so it is not shown.
        let fix = format!("the name must start with `{start}`, so that the policies allow only the project's secrets");
        found.problems.push(Problem::at(path, None, fix));
        return;
    }
    // AWS Batch API Reference, RegisterJobDefinition.
    let fix = format!("the job definition `{}` has more than 128 characters", job.name);
    found.must(job.name.len() <= 128, path, fix);
    if let Some((region, account)) = &secret.place {
        found.must(*region == settings.region, path, format!("must be in the region {}", settings.region));
        check_account(settings, account, path, found);
    }
}

fn check_account(settings: &Settings, account: &str, path: &str, found: &mut Findings<'_>) {
    // The emulators have only one account, whose settings extend those of another.
    let is_own = settings.account.as_deref().is_none_or(|own| own == account || own == NO_ACCOUNT);
    found.must(is_own, path, "must be in the account of the deployment");
}

#[cfg(test)]
#[path = "../../tests/unit/settings/sources.rs"]
mod tests;
