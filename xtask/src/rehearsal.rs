//! A rehearsal as values: which server is where, what each of them and the jobs' containers see of the world, and what a
//! rehearsal proves. Everything is on this machine, and every key is made up.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod cause;
mod done;

pub use cause::cause;
pub use done::{Done, Kept, NOT_PROVED, StepTime, text, wrong};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::settings::{Origin, Settings, Variable, Variables};

/// The settings' module.
pub const MODULE: &str = "rehearse";
/// The variable by which a server's processes are known, and the label of the jobs' containers; the value is the id.
pub const MARK: &str = "DPWORLD_REHEARSAL";
/// The user of Airflow's pages.
pub const AIRFLOW_USER: &str = "admin";
/// What emulators take for keys.
const KEY: &str = "test";

/// One rehearsal: its id, its folder and its servers' ports on 127.0.0.1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Names the folder, marks the processes, labels the containers.
    pub id: String,
    /// Everything that is written lies here.
    pub dir: PathBuf,
    /// CloudFormation, S3, ECR and most others.
    pub ministack: u16,
    /// Batch and CloudWatch Logs.
    pub moto: u16,
    /// Airflow's API and pages.
    pub airflow: u16,
}

/// The id of a rehearsal that begins now: a time as `20261126T203000`, and some hexadecimal digits.
pub fn id(now: &str, secret: &str) -> String {
    format!("{now}-{}", secret.get(..4).unwrap_or(secret))
}

/// Whether a name is a rehearsal's id.
pub fn is_id(name: &str) -> bool {
    let Some((time, rest)) = name.split_once('-') else { return false };
    let is_time =
        time.len() == 15 && time.char_indices().all(|(at, c)| if at == 8 { c == 'T' } else { c.is_ascii_digit() });
    is_time && rest.len() == 4 && rest.chars().all(|c| c.is_ascii_hexdigit())
}

/// How jobs enter the warehouse, which is PostgreSQL in the place of Redshift.
#[derive(Clone, Debug)]
pub struct Warehouse {
    /// As `loader`.
    pub loader: String,
    /// The server's port.
    pub port: u16,
    /// The password of `transformer`.
    pub transformer: String,
    /// The database.
    pub database: String,
}

/// What is made to fail on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum InjectedFault {
    /// The source answers 500 for ever.
    Source,
    /// The registry loses the ingestion image after the deployment.
    Image,
    /// The source has lost records that others refer to: a test of dbt fails.
    Marts,
}

fn on_loopback(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

impl Place {
    /// Where the emulator of most services answers.
    pub fn endpoint(&self) -> String {
        on_loopback(self.ministack)
    }

    /// Airflow's pages.
    pub fn airflow_url(&self) -> String {
        on_loopback(self.airflow)
    }

    /// The registry's host, as the Docker engine knows it.
    pub fn registry(&self) -> String {
        format!("127.0.0.1:{}", self.ministack)
    }

    /// A file or folder of this rehearsal.
    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// What leads every client of AWS to the emulators, and to nowhere else.
    pub fn aws(&self, region: &str) -> BTreeMap<String, String> {
        let (ministack, moto) = (self.endpoint(), on_loopback(self.moto));
        let mwaa = format!("http://localhost:{}", self.ministack);
        let pairs = [
            ("AWS_ACCESS_KEY_ID", KEY),
            ("AWS_SECRET_ACCESS_KEY", KEY),
            ("AWS_DEFAULT_REGION", region),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
            ("AWS_ENDPOINT_URL", &ministack),
            ("AWS_ENDPOINT_URL_BATCH", &moto),
            ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", &moto),
            // By another name than the rest: an endpoint of its own says that somebody answers.
            ("AWS_ENDPOINT_URL_MWAA", &mwaa),
        ];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// The same for the commands of this program, with what says how images are made on this machine: `kept` of the
    /// environment.
    pub fn variables(&self, region: &str, kept: BTreeMap<String, String>) -> Variables {
        let all = kept.into_iter().chain(self.aws(region));
        all.map(|(name, value)| (name, Variable { value, origin: Origin::Environment })).collect()
    }

    /// Who answers for MiniStack where it has nothing of its own.
    pub fn ministack(&self) -> BTreeMap<String, String> {
        let pairs =
            [("BATCH_ENDPOINT", on_loopback(self.moto)), ("AIRFLOW_FILE", self.airflow_file().display().to_string())];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// moto's environment. Its containers are on this machine's network, where the servers are.
    pub fn moto(&self, account: &str) -> BTreeMap<String, String> {
        let pairs = [
            ("MOTO_ACCOUNT_ID", account.to_owned()),
            ("MOTO_DOCKER_NETWORK_MODE", "host".to_owned()),
            ("JOBS_FILE", self.jobs_file().display().to_string()),
            ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", KEY.to_owned()),
        ];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Airflow's environment, for each of its programs. `secret` signs what they tell each other.
    pub fn airflow(&self, region: &str, programs: &Path, secret: &str) -> BTreeMap<String, String> {
        let home = self.file("airflow");
        let place = |name: &str| home.join(name).display().to_string();
        let own = [
            ("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", programs.display())),
            ("AIRFLOW_HOME", home.display().to_string()),
            ("AIRFLOW__CORE__DAGS_FOLDER", self.dags_folder().display().to_string()),
            ("AIRFLOW__CORE__LOAD_EXAMPLES", "False".to_owned()),
            ("AIRFLOW__CORE__PARALLELISM", "4".to_owned()),
            ("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", place("passwords.json")),
            ("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", format!("{}/execution/", self.airflow_url())),
            ("AIRFLOW__API__HOST", "127.0.0.1".to_owned()),
            ("AIRFLOW__API__PORT", self.airflow.to_string()),
            ("AIRFLOW__API__BASE_URL", self.airflow_url()),
            ("AIRFLOW__API__WORKERS", "1".to_owned()),
            ("AIRFLOW__API_AUTH__JWT_SECRET", secret.to_owned()),
            // MWAA sees a new file within half a minute; here nobody waits for that.
            ("AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL", "2".to_owned()),
            ("PYTHONWARNINGS", "ignore".to_owned()),
        ];
        own.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(self.aws(region)).collect()
    }

    /// Where Airflow finds the DAGs.
    pub fn dags_folder(&self) -> PathBuf {
        self.file("airflow/dags")
    }

    /// Says how to enter Airflow; only its owner may read it.
    pub fn airflow_file(&self) -> PathBuf {
        self.file("airflow.json")
    }

    /// Says what stands in for what in the jobs' containers; only its owner may read it.
    pub fn jobs_file(&self) -> PathBuf {
        self.file("jobs.json")
    }

    /// What is in [`Self::jobs_file`]: on AWS a container has its role and Redshift's names, here it is told where the
    /// emulators and PostgreSQL are. The job definitions stay as they were deployed.
    pub fn jobs(&self, settings: &Settings, account: &str, warehouse: &Warehouse, source: &str) -> Value {
        let mut ingestion = self.aws(&settings.region);
        let mut dbt = ingestion.clone();
        let own = [("WAREHOUSE_URL", warehouse.loader.as_str()), ("SOURCE_URL", source)];
        ingestion.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let port = warehouse.port.to_string();
        let own = [
            ("DBT_TARGET", "local"),
            ("DBT_HOST", "127.0.0.1"),
            ("DBT_PORT", &port),
            ("DBT_USER", "transformer"),
            ("DBT_PASSWORD", &warehouse.transformer),
            ("DBT_DATABASE", &warehouse.database),
        ];
        dbt.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let registry = format!("{account}.dkr.ecr.{}.amazonaws.com", settings.region);
        let (registry, batch) = (json!({ registry: self.registry() }), &settings.batch);
        json!({
            "registry": registry,
            "labels": { MARK: self.id },
            "environment": { &batch.ingestion.name: ingestion, &batch.dbt.name: dbt },
        })
    }
}

/// `NAME='value'` a line, for `--dot-env`.
pub fn dot_env(variables: &BTreeMap<String, String>) -> String {
    variables.iter().map(|(name, value)| format!("{name}='{value}'\n")).collect()
}

#[cfg(test)]
#[path = "../tests/unit/rehearsal.rs"]
mod tests;
