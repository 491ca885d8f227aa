//! A rehearsal as values: server addresses, and the environments of servers and job containers. Everything runs on this
//! machine, and all keys are dummies.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod report;

pub use report::{Kept, NOT_VERIFIED, RehearsalReport, StepTime, cause, contradictions, text};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use connect::aws::domain;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::settings::{Origin, Settings, Variable, Variables};
use crate::warehouse::DATABASE;

pub const MODULE: &str = "rehearse";
/// The environment variable that marks server processes, and the label on job containers; its value is the rehearsal
/// ID.
pub const MARK: &str = "DPWORLD_REHEARSAL";
pub const AIRFLOW_USER: &str = "admin";
/// Airflow's DAG folder.
pub const DAGS: &str = "airflow/dags";
const KEY: &str = "test";

/// A rehearsal's ID, folder and ports on 127.0.0.1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The ID, which is also the folder name, the mark on the processes, and the container label.
    pub id: String,
    pub dir: PathBuf,
    /// The port of CloudFormation, S3, ECR and most other services.
    pub ministack: u16,
    /// The port of Batch and CloudWatch Logs.
    pub moto: u16,
    pub airflow: u16,
}

/// Creates an ID: a time such as `20261126T203000`, and four hexadecimal digits.
pub fn id(now: &str, secret: &str) -> String {
    format!("{now}-{}", secret.get(..4).unwrap_or(secret))
}

pub fn is_id(name: &str) -> bool {
    let Some((time, rest)) = name.split_once('-') else { return false };
    let is_time =
        time.len() == 15 && time.char_indices().all(|(at, c)| if at == 8 { c == 'T' } else { c.is_ascii_digit() });
    is_time && rest.len() == 4 && rest.chars().all(|c| c.is_ascii_hexdigit())
}

#[derive(Clone, Debug)]
pub struct Warehouse {
    pub loader: String,
    pub port: u16,
    pub transformer: String,
}

fn on_loopback(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

fn environment<const N: usize>(pairs: [(&str, String); N]) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

impl Place {
    pub fn endpoint(&self) -> String {
        on_loopback(self.ministack)
    }

    pub fn airflow_url(&self) -> String {
        on_loopback(self.airflow)
    }

    /// Returns the registry host for the Docker engine.
    pub fn registry(&self) -> String {
        format!("127.0.0.1:{}", self.ministack)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Returns the environment in which every AWS client uses only the emulators.
    pub fn aws(&self, region: &str) -> BTreeMap<String, String> {
        let (key, none, moto) = (KEY.to_owned(), "/dev/null".to_owned(), on_loopback(self.moto));
        environment([
            ("AWS_ACCESS_KEY_ID", key.clone()),
            ("AWS_SECRET_ACCESS_KEY", key),
            ("AWS_DEFAULT_REGION", region.to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_CONFIG_FILE", none.clone()),
            ("AWS_SHARED_CREDENTIALS_FILE", none),
            ("AWS_ENDPOINT_URL", self.endpoint()),
            ("AWS_ENDPOINT_URL_BATCH", moto.clone()),
            ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", moto),
            // A separate endpoint, which shows that this emulator provides Airflow.
            ("AWS_ENDPOINT_URL_MWAA", format!("http://localhost:{}", self.ministack)),
        ])
    }

    /// Returns the same environment for this program's commands, together with the `kept` variables for building
    /// images.
    pub fn variables(&self, region: &str, kept: BTreeMap<String, String>) -> Variables {
        let all = kept.into_iter().chain(self.aws(region));
        all.map(|(name, value)| (name, Variable { value, origin: Origin::Environment })).collect()
    }

    /// Returns MiniStack's environment, which specifies where to forward Batch and Airflow requests.
    pub fn ministack(&self) -> BTreeMap<String, String> {
        let airflow = self.file("airflow.json").display().to_string();
        environment([("BATCH_ENDPOINT", on_loopback(self.moto)), ("AIRFLOW_FILE", airflow)])
    }

    /// Returns moto's environment. Its containers use the host network, because the servers run on this machine.
    pub fn moto(&self, account: &str) -> BTreeMap<String, String> {
        environment([
            ("MOTO_ACCOUNT_ID", account.to_owned()),
            ("MOTO_DOCKER_NETWORK_MODE", "host".to_owned()),
            ("JOBS_FILE", self.file("jobs.json").display().to_string()),
            ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", KEY.to_owned()),
        ])
    }

    /// Returns the environment for the Airflow processes, which sign requests to each other with `secret`.
    pub fn airflow(&self, region: &str, programs: &Path, secret: &str) -> BTreeMap<String, String> {
        let home = self.file("airflow");
        let mut variables = environment([
            ("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", programs.display())),
            ("AIRFLOW_HOME", home.display().to_string()),
            ("AIRFLOW__CORE__DAGS_FOLDER", self.file(DAGS).display().to_string()),
            ("AIRFLOW__CORE__LOAD_EXAMPLES", "False".to_owned()),
            ("AIRFLOW__CORE__PARALLELISM", "4".to_owned()),
            ("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", home.join("passwords.json").display().to_string()),
            ("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", format!("{}/execution/", self.airflow_url())),
            ("AIRFLOW__API__HOST", "127.0.0.1".to_owned()),
            ("AIRFLOW__API__PORT", self.airflow.to_string()),
            ("AIRFLOW__API__BASE_URL", self.airflow_url()),
            ("AIRFLOW__API__WORKERS", "1".to_owned()),
            ("AIRFLOW__API_AUTH__JWT_SECRET", secret.to_owned()),
            // MWAA finds a new file within 30 seconds; a rehearsal is faster.
            ("AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL", "2".to_owned()),
            ("PYTHONWARNINGS", "ignore".to_owned()),
        ]);
        variables.extend(self.aws(region));
        variables
    }

    /// Returns the content of `jobs.json`: the environment of the job containers. On AWS, a container has an IAM role
    /// and the Redshift names; here, its environment contains the addresses of the emulators and PostgreSQL. The job
    /// definitions are the deployed ones.
    pub fn jobs(&self, settings: &Settings, account: &str, warehouse: &Warehouse, source: &str) -> Value {
        let mut ingestion = self.aws(&settings.region);
        let mut dbt = ingestion.clone();
        ingestion.extend(environment([("WAREHOUSE_URL", warehouse.loader.clone()), ("SOURCE_URL", source.to_owned())]));
        dbt.extend(environment([
            ("DBT_TARGET", "local".to_owned()),
            ("DBT_HOST", "127.0.0.1".to_owned()),
            ("DBT_PORT", warehouse.port.to_string()),
            ("DBT_USER", "transformer".to_owned()),
            ("DBT_PASSWORD", warehouse.transformer.clone()),
            ("DBT_DATABASE", DATABASE.to_owned()),
        ]));
        let registry = format!("{account}.dkr.ecr.{}.{}", settings.region, domain(&settings.region));
        json!({
            "registry": { registry: self.registry() },
            "labels": { MARK: self.id },
            "environment": { &settings.batch.ingestion.name: ingestion, &settings.batch.dbt.name: dbt },
        })
    }
}

/// Formats the variables as a `.env` file, for `--dot-env`.
pub fn dot_env(variables: &BTreeMap<String, String>) -> String {
    variables.iter().map(|(name, value)| format!("{name}='{value}'\n")).collect()
}

#[cfg(test)]
#[path = "../tests/unit/rehearsal.rs"]
mod tests;
