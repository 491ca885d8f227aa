//! `infra/settings/<module>.yaml` as types: what differs from one deployment to the next, and nothing else.
//!
//! The way of a value: the module's file, over the file that it `extends`; then `.env`, then the environment, for the few
//! keys that `settings/overrides.rs` lists. What comes out has passed every rule; what does not is told all at once,
//! each problem with its key, its value, where that came from, and what to write instead. Every rule names its source;
//! where it says "ours", no page of AWS asks for it.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod airflow;
mod auth;
mod batch;
mod check;
mod confined;
mod dags;
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
pub use dot_env::dot_env;
pub use images::{Compile, Images};
pub use monitoring::Monitoring;
pub use network::{Endpoint, Network};
pub use overrides::{Origin, Variable, Variables, given};
pub use problem::{Problem, Problems};
pub use production::{Deletion, Level, Protection};
pub use read::{Document, Override, Resolved, extends, resolve, text_of};
pub use registry::Registry;
pub use schema::{overlay_schema, schema};
pub use storage::Storage;
pub use structure::no_yaml;
pub use warehouse::{Breach, LogExport, Period, Warehouse};

/// The module that is used when nobody names one.
pub const DEFAULT_MODULE: &str = "dev";
/// The folder of the modules' files, from the root.
pub const FOLDER: &str = "infra/settings";

/// One deployment. Every key is written out in its file, so that the file says all there is to know; only keys whose
/// absence means something may be left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The first part of every global and regional name: `dpstack` gives the bucket `dpstack-dlake`.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"), length(min = 2, max = 20))]
    pub project: String,
    /// The first part of the CloudFormation stacks' names: `DataPlatform-storage`.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9]*$"), length(max = 40))]
    pub stack_prefix: String,
    /// The AWS region. AWS_DEFAULT_REGION beats it.
    pub region: String,
    /// The 12 digits of the only account to deploy to, in quotes. AWS_ACCOUNT_ID beats it, but not in production, whose account
    /// is named here. Without either, any account.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[0-9]{12}$"))]
    pub account: Option<String>,
    /// Ends the buckets' names, which are unique in the world: `acme` gives `dpstack-dlake-acme`. BUCKET_SUFFIX beats it.
    #[serde(default)]
    pub bucket_suffix: Option<String>,
    /// How careful everything is.
    pub protection: Protection,
    /// How deployments are let in.
    pub auth: Auth,
    /// The VPC.
    pub network: Network,
    /// How long the buckets keep what.
    pub storage: Storage,
    /// The image repositories.
    pub registry: Registry,
    /// Redshift Serverless.
    pub warehouse: Warehouse,
    /// Where the jobs run.
    pub batch: Batch,
    /// What the images are made of.
    pub images: Images,
    /// Managed Airflow.
    pub airflow: Airflow,
    /// What the DAGs do by themselves.
    pub dags: Dags,
    /// Who is told of what, and what it may cost.
    pub monitoring: Monitoring,
}

impl Settings {
    /// Holds every rule against the settings.
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
