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
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::settings::{self, Document, resolve};

    fn place() -> Place {
        Place { id: "r1".to_owned(), dir: "/r".into(), ministack: 1, moto: 2, airflow: 3 }
    }

    fn settings() -> Settings {
        let own = Document { file: "dev.yaml", text: include_str!("../../infra/settings/dev.yaml") };
        resolve("dev", own, None, &Variables::new()).expect("dev has no problems").settings
    }

    fn addresses(value: &Value) -> Vec<String> {
        match value {
            Value::String(text) => text.split_once("://").map(|_| text.clone()).into_iter().collect(),
            Value::Object(object) => object.values().flat_map(addresses).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn every_address_that_anything_is_told_is_of_this_machine() {
        let warehouse = Warehouse {
            loader: "postgres://loader:p@127.0.0.1:4/dpstack".to_owned(),
            port: 4,
            transformer: "q".to_owned(),
            database: "dpstack".to_owned(),
        };
        let place = place();
        let jobs = place.jobs(&settings(), "000000000000", &warehouse, "http://127.0.0.1:5");
        let told = [
            jobs,
            json!(place.ministack()),
            json!(place.moto("000000000000")),
            json!(place.airflow("eu-west-1", Path::new("/bin"), "s")),
        ];
        let addresses: Vec<String> = told.iter().flat_map(addresses).collect();
        assert!(addresses.len() > 15, "{addresses:?}");
        for address in addresses {
            let url: url::Url = address.parse().expect("a URL");
            let host = url.host_str().expect("a host");
            let is_loopback = host.parse().is_ok_and(|host: IpAddr| host.is_loopback());
            assert!(is_loopback || host == "localhost", "{address}");
        }
        for (name, value) in place.aws("eu-west-1").iter().filter(|(name, _)| name.contains("KEY")) {
            assert_eq!(value, KEY, "{name}");
        }
    }

    #[test]
    fn a_folder_that_is_not_a_rehearsals_is_nobodys_business() {
        assert!(is_id(&id("20261126T203000", "0123456789abcdef")));
        for name in ["my-notes", "20261126T203000", "20261126T203000-xyzw", "20261126-203000-abcd", "lock", ""] {
            assert!(!is_id(name), "{name}");
        }
    }

    #[test]
    fn a_file_of_variables_is_read_back_as_it_was() {
        let variables = place().aws("eu-west-1");
        let read = settings::dot_env("env", &dot_env(&variables)).expect("it is one");
        let read: BTreeMap<_, _> = read.into_iter().map(|(name, variable)| (name, variable.value)).collect();
        assert_eq!(read, variables);
    }
}
