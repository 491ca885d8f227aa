//! A rehearsal as values: server addresses, and the environments of servers and job containers. Everything runs on this
//! machine, and all keys are dummies.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod report;

pub use report::{
    Kept, NOT_VERIFIED, Policies, RehearsalReport, StepTime, cause, contradictions, of_page, refusals, text,
};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use connect::aws::domain;
use regex_lite::Regex;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::settings::{Ingestion, Origin, RunTask, Settings, Variable, Variables};

pub const MODULE: &str = "rehearse";
/// The environment variable of server processes and the label of job containers; its value is the rehearsal ID.
pub const MARK: &str = "DPWORLD_REHEARSAL";
pub const AIRFLOW_USER: &str = "admin";
/// Airflow's DAG folder.
pub const DAGS: &str = "airflow/dags";
/// The access key of an administrator; also the secret of every key.
pub const ADMINISTRATOR: &str = "test";
/// The path of the warehouse's CA certificate in dbt's container.
const CERTIFICATE: &str = "/etc/ssl/certs/warehouse.pem";
/// The access keys of the roles, and of CloudFormation in MiniStack.
const INGESTION: &str = "ingestion";
const DBT: &str = "dbt";
const AIRFLOW: &str = "airflow";
const CLOUDFORMATION: &str = "cloudformation";
pub const COPY: &str = "copy";
/// The access keys of the roles that GitHub Actions jobs assume.
pub const BUILD: &str = "build";
pub const PLAN: &str = "plan";
pub const DEPLOY: &str = "deploy";
/// The log of the proxy that enforces policies: each different check, with the statements that allow it.
pub const CALLS: &str = "iam/calls.jsonl";
/// The name of a column; the emulator delays statements with this name.
const LONG: &str = "long_statement";
/// By how many seconds a long statement is delayed: longer than the timeouts that drivers usually have.
const LONG_SECONDS: u32 = 31;
/// How long a job is starting; on Fargate, it is longer. Airflow 3.0 fails a deferred task whose job has finished before the
/// scheduler has noticed that the task was deferred, which takes seconds on a machine under load.
const START_SECONDS: u32 = 8;

/// A rehearsal's ID, folder and ports on 127.0.0.1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The ID, which is also the folder name, the mark on the processes, and the container label.
    pub id: String,
    pub dir: PathBuf,
    /// The port of the proxy that enforces policies, in front of the emulators.
    pub iam: u16,
    /// The port of CloudFormation, S3, ECR and most other services.
    pub ministack: u16,
    /// The port of Batch and CloudWatch Logs.
    pub moto: u16,
    pub airflow: u16,
    /// The port of the Data API and of Redshift Serverless.
    pub redshift: u16,
    /// The port of PostgreSQL's protocol, which dbt uses.
    pub wire: u16,
}

/// Creates an ID: a time such as `20261126T203000`, and four hexadecimal digits.
pub fn id(now: &str, secret: &str) -> String {
    format!("{now}-{}", secret.get(..4).unwrap_or(secret))
}

pub fn is_id(name: &str) -> bool {
    Regex::new("^[0-9]{8}T[0-9]{6}-[0-9A-Fa-f]{4}$").is_ok_and(|id| id.is_match(name))
}

fn on_loopback(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

fn environment<const N: usize>(pairs: [(&str, String); N]) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

impl Place {
    /// Returns the endpoint of every AWS service.
    pub fn endpoint(&self) -> String {
        on_loopback(self.iam)
    }

    pub fn airflow_url(&self) -> String {
        on_loopback(self.airflow)
    }

    /// Returns the registry host that jobs pull from.
    pub fn registry(&self) -> String {
        format!("127.0.0.1:{}", self.ministack)
    }

    /// Returns the registry host that the deployment pushes to.
    pub fn registry_for_pushes(&self) -> String {
        format!("127.0.0.1:{}", self.iam)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Returns the environment in which every AWS client uses only the emulators, with this access key.
    pub fn aws(&self, region: &str, key: &str) -> BTreeMap<String, String> {
        let (none, endpoint) = ("/dev/null".to_owned(), self.endpoint());
        let own = endpoint.replace("127.0.0.1", "localhost");
        environment([
            ("AWS_ACCESS_KEY_ID", key.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", ADMINISTRATOR.to_owned()),
            ("AWS_DEFAULT_REGION", region.to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_CONFIG_FILE", none.clone()),
            ("AWS_SHARED_CREDENTIALS_FILE", none),
            ("AWS_ENDPOINT_URL", endpoint),
            // Endpoints other than that of all services show that these have emulators.
            ("AWS_ENDPOINT_URL_BATCH", own.clone()),
            ("AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS", own.clone()),
            ("AWS_ENDPOINT_URL_MWAA", own),
        ])
    }

    /// Returns the same environment for this program's commands, and the `kept` variables for building images.
    pub fn variables(&self, region: &str, key: &str, kept: BTreeMap<String, String>) -> Variables {
        let all = kept.into_iter().chain(self.aws(region, key));
        all.map(|(name, value)| (name, Variable { value, origin: Origin::Environment })).collect()
    }

    /// Returns MiniStack's environment, which specifies where to forward Batch, Redshift and Airflow requests.
    pub fn ministack(&self) -> BTreeMap<String, String> {
        let airflow = self.file("airflow.json").display().to_string();
        environment([
            ("BATCH_ENDPOINT", on_loopback(self.moto)),
            ("REDSHIFT_ENDPOINT", on_loopback(self.redshift)),
            ("AIRFLOW_FILE", airflow),
            ("IAM_URL", self.endpoint()),
            ("FAIL_ONCE", "LakeBucketPolicy".to_owned()),
        ])
    }

    /// Returns the configuration of the proxy, with the emulators by service.
    pub fn iam(&self, settings: &Settings, account: &str) -> Value {
        json!({
            "port": self.iam, "region": settings.region, "account": account, "log": self.file(CALLS),
            "administrator": ADMINISTRATOR, "prefix": settings.stack_prefix,
            "secretKeys": settings.ingestions().iter().filter_map(|one| {
                let key = settings.secret_key(&one.source)?;
                Some((one.secret.as_ref()?.arn("aws", &settings.region, account), key))
            }).collect::<BTreeMap<_, _>>(),
            "upstreams": {
                "": self.ministack, "batch": self.moto, "logs": self.moto,
                "redshift-data": self.redshift, "redshift-serverless": self.redshift,
            },
        })
    }

    /// Returns the arguments of the Redshift emulator. The workgroup does not exist until CloudFormation creates it, and
    /// the user of each job is that of its IAM role.
    pub fn redshift(&self, settings: &Settings, account: &str) -> Vec<String> {
        let (names, roles) = (&settings.warehouse, settings.roles());
        let role = |key: &str, name: &str| format!("{key}=arn:aws:iam::{account}:role/{name}");
        // As Redshift names it.
        let secret = format!("secret:redshift!{}-platform_admin-AbCdEf", names.namespace);
        let secret = format!("arn:aws:secretsmanager:{}:{account}:{secret}", settings.region);
        let mut arguments = vec!["--empty".to_owned()];
        for (option, value) in [
            ("--port", self.redshift.to_string()),
            ("--wire-port", self.wire.to_string()),
            ("--workgroup", names.workgroup.clone()),
            ("--namespace", names.namespace.clone()),
            ("--database", names.database.clone()),
            ("--identity", format!("{ADMINISTRATOR}=arn:aws:iam::{account}:user/{ADMINISTRATOR}")),
            ("--identity", format!("{CLOUDFORMATION}=arn:aws:iam::{account}:user/{CLOUDFORMATION}")),
            ("--identity", role(INGESTION, &roles.ingestion)),
            ("--identity", role(DBT, &roles.dbt)),
            ("--identity", role(AIRFLOW, &roles.airflow)),
            ("--identity", role(PLAN, &format!("{}-github-{PLAN}", settings.project))),
            ("--identity", role(DEPLOY, &format!("{}-github-{DEPLOY}", settings.project))),
            ("--admin-secret", secret),
            ("--s3-endpoint", self.endpoint()),
            ("--host-name", warehouse_host(settings, account)),
            ("--ca-file", self.certificate().display().to_string()),
            ("--slow-statement", format!("{LONG}={LONG_SECONDS}")),
        ] {
            arguments.extend([option.to_owned(), value]);
        }
        arguments
    }

    /// The certificate of the emulator's CA.
    fn certificate(&self) -> PathBuf {
        self.file("redshift-ca.pem")
    }

    /// Returns moto's environment. Its containers use the host network, because the servers run on this machine.
    pub fn moto(&self, account: &str) -> BTreeMap<String, String> {
        environment([
            ("MOTO_ACCOUNT_ID", account.to_owned()),
            ("MOTO_DOCKER_NETWORK_MODE", "host".to_owned()),
            ("JOBS_FILE", self.file("jobs.json").display().to_string()),
            ("AWS_ACCESS_KEY_ID", ADMINISTRATOR.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", ADMINISTRATOR.to_owned()),
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
        variables.extend(self.aws(region, AIRFLOW));
        variables
    }

    /// Returns the content of `jobs.json`: what the job containers have on AWS from their IAM role and the network. The
    /// job definitions are the deployed ones. `urls` are those of sources that are not read from their base URL. `changed`
    /// lists files that replace files of dbt's image.
    pub fn jobs(
        &self,
        settings: &Settings,
        account: &str,
        urls: &BTreeMap<String, String>,
        changed: &[(PathBuf, String)],
    ) -> Value {
        let ingestions = settings.ingestions();
        let url = |one: &Ingestion| Some((one.contract_in_image(), json!({ "SOURCE_URL": urls.get(&one.source)? })));
        let definition = |one: &Ingestion| (one.job.name.clone(), self.aws(&settings.region, INGESTION));
        let mut environment: BTreeMap<String, _> = ingestions.iter().map(definition).collect();
        let mut dbt = self.aws(&settings.region, DBT);
        dbt.extend(self::environment([("DBT_PORT", self.wire.to_string()), ("SSL_CERT_FILE", CERTIFICATE.to_owned())]));
        let mut mounts = BTreeMap::from([(self.certificate(), CERTIFICATE.to_owned())]);
        mounts.extend(changed.iter().cloned());
        if !changed.is_empty() {
            // The first build has run the tests; opening a connection for each of them takes half a minute.
            dbt.insert("DBT_EXCLUDE_RESOURCE_TYPES".to_owned(), "unit_test test".to_owned());
        }
        environment.insert(settings.batch.dbt.name.clone(), dbt);
        let registry = format!("{account}.dkr.ecr.{}.{}", settings.region, domain(&settings.region));
        json!({
            "registry": { registry: self.registry() },
            "labels": { MARK: self.id },
            "hosts": { warehouse_host(settings, account): "127.0.0.1" },
            "secrets": self.endpoint(),
            "start_seconds": START_SECONDS,
            "contracts": ingestions.iter().filter_map(url).collect::<BTreeMap<_, _>>(),
            "environment": environment,
            "mounts": { &settings.batch.dbt.name: mounts },
        })
    }
}

/// Returns the host of the workgroup. The dbt adapter finds the workgroup's name in it.
fn warehouse_host(settings: &Settings, account: &str) -> String {
    let (workgroup, region) = (&settings.warehouse.workgroup, &settings.region);
    format!("{workgroup}.{account}.{region}.redshift-serverless.{}", domain(region))
}

/// Returns a job in which dbt runs one statement that takes longer than the timeouts that drivers usually have.
pub fn long_statement(settings: &Settings) -> RunTask {
    let command = ["dbt", "show", "--inline", "select 1 as long_statement"].map(str::to_owned).into();
    RunTask { task: LONG, definition: settings.batch.dbt.name.clone(), command, ..RunTask::default() }
}

/// The changes of the dbt project between two runs, which add a column to a table: file, old text, new text.
pub const CHANGES: [(&str, &str, &str); 2] = [
    ("models/marts/dim_rockets.sql", "    wikipedia_url\n", "    wikipedia_url,\n    1 as added_column\n"),
    (
        "models/marts/dim_rockets.yml",
        "      - {name: wikipedia_url,",
        "      - {name: added_column, data_type: integer, description: Added.}\n      - {name: wikipedia_url,",
    ),
];

/// Formats the variables as a `.env` file, for `--dot-env`.
pub fn dot_env(variables: &BTreeMap<String, String>) -> String {
    variables.iter().map(|(name, value)| format!("{name}='{value}'\n")).collect()
}

#[cfg(test)]
#[path = "../tests/unit/rehearsal.rs"]
mod tests;
