//! `infra/settings/<module>.yaml` as types: what differs between deployments.
//!
//! Precedence of values: the environment, `.env` (both only for the keys of `settings/overrides.rs`), the module's file, the
//! file that it `extends`. All problems are reported together, each with its place, key, value and fix. Every rule names its
//! source; "ours" marks a rule that AWS does not require.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod airflow;
mod auth;
mod batch;
mod check;
mod confined;
mod dags;
mod document;
mod dot_env;
mod images;
mod monitoring;
mod network;
mod overrides;
mod problem;
mod production;
mod project;
mod read;
mod registry;
mod schema;
mod secrets;
mod storage;
mod structure;
mod warehouse;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use airflow::{Airflow, LogLevel, Webserver};
pub use auth::{Auth, Method};
pub use batch::{Batch, Platform};
pub use confined::confined;
pub use dags::Dags;
pub use document::{Document, no_yaml, text_of};
pub use dot_env::dot_env;
pub use images::{Compile, Images};
pub use monitoring::Monitoring;
pub use network::{Endpoint, Network};
pub use overrides::{Origin, Variable, Variables, given};
pub use problem::{Problem, Problems};
pub use production::{Deletion, Level, Protection};
pub use read::{Override, Resolved, extends, resolve};
pub use registry::Registry;
pub use schema::{overlay_schema, schema};
pub use storage::Storage;
pub use warehouse::{Breach, LogExport, Period, Warehouse};

/// The default module.
pub const DEFAULT_MODULE: &str = "dev";
/// The folder of the modules' files, relative to the repository.
pub const FOLDER: &str = "infra/settings";

/// One deployment. A file has every key, except optional ones, which have no default value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// First part of the names of resources: `dpstack` for the bucket `dpstack-dlake`.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"), length(min = 2, max = 20))]
    pub project: String,
    /// First part of the names of stacks: `DataPlatform` for `DataPlatform-storage`.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9]*$"), length(max = 40))]
    pub stack_prefix: String,
    /// AWS region. AWS_DEFAULT_REGION overrides it.
    pub region: String,
    /// The only AWS account to deploy to, 12 digits in quotes. AWS_ACCOUNT_ID overrides it, except in production, where this
    /// key is required. Without either, any account is accepted.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[0-9]{12}$"))]
    pub account: Option<String>,
    /// Last part of the names of buckets, which must be unique in all of AWS: `acme` for `dpstack-dlake-acme`.
    /// BUCKET_SUFFIX overrides it.
    #[serde(default)]
    pub bucket_suffix: Option<String>,
    /// Protection against the loss of data.
    pub protection: Protection,
    /// The identity of deployments.
    pub auth: Auth,
    /// The VPC.
    pub network: Network,
    /// Retention of objects in the buckets.
    pub storage: Storage,
    /// The image repositories.
    pub registry: Registry,
    /// Redshift Serverless.
    pub warehouse: Warehouse,
    /// AWS Batch, which runs the jobs.
    pub batch: Batch,
    /// The sources of the images.
    pub images: Images,
    /// Amazon MWAA, managed Airflow.
    pub airflow: Airflow,
    /// The schedule, retries and thresholds of the DAGs.
    pub dags: Dags,
    /// Alarms, the retention of logs, and the monthly budget.
    pub monitoring: Monitoring,
}

impl Settings {
    /// Checks every rule.
    fn check(&self, found: &mut check::Findings) {
        self.check_project(found);
        self.auth.check(found);
        self.network.check(self, found);
        self.storage.check(found);
        self.registry.check(found);
        self.warehouse.check(&self.region, found);
        self.batch.check(found);
        self.images.check(found);
        self.airflow.check(found);
        self.dags.check(found);
        self.monitoring.check(found);
        self.check_production(found);
    }
}

#[cfg(test)]
#[path = "../tests/unit/settings.rs"]
mod tests;
