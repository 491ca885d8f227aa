//! All settings of a deployment, and the names derived from them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::airflow::Airflow;
use super::auth::Auth;
use super::batch::Batch;
use super::dags::Dags;
use super::images::{Images, Registry};
use super::monitoring::Monitoring;
use super::network::Network;
use super::sources::Source;
use super::storage::Storage;
use super::warehouse::Warehouse;

/// The settings of one deployment. A file must set every key except the optional ones, which have no default value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Resource name prefix, such as `dpstack` in `dpstack-dlake`.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"), length(min = 2, max = 20))]
    pub project: String,
    /// Stack name prefix, such as `DataPlatform` in `DataPlatform-storage`.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9]*$"), length(max = 17))]
    pub stack_prefix: String,
    /// AWS region. AWS_DEFAULT_REGION overrides it.
    pub region: String,
    /// The only AWS account to deploy to, 12 digits in quotes. AWS_ACCOUNT_ID overrides it, except in production, where
    /// this key is required. If neither is set, any account is accepted.
    #[schemars(regex(pattern = r"^[0-9]{12}$"))]
    pub account: Option<String>,
    /// Bucket name suffix, such as `acme` in `dpstack-dlake-acme`; bucket names must be unique across AWS.
    /// BUCKET_SUFFIX overrides it.
    pub bucket_suffix: Option<String>,
    /// When GitHub's workflows deploy these settings.
    #[serde(default)]
    pub deploy_on: DeployOn,
    /// Protection against data loss.
    pub protection: Protection,
    /// The identity that deploys.
    pub auth: Auth,
    /// The VPC.
    pub network: Network,
    /// Object retention in the buckets.
    pub storage: Storage,
    /// The image repositories.
    pub registry: Registry,
    /// Redshift Serverless.
    pub warehouse: Warehouse,
    /// AWS Batch, which runs the jobs.
    pub batch: Batch,
    /// How the images are built.
    pub images: Images,
    /// Amazon MWAA, managed Airflow.
    pub airflow: Airflow,
    /// DAG schedule, retries and thresholds.
    pub dags: Dags,
    /// The sources, by name.
    pub sources: BTreeMap<String, Source>,
    /// Alarms, log retention, and the monthly budget.
    pub monitoring: Monitoring,
}

/// When GitHub's workflows deploy settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeployOn {
    /// At each push to `main`, and on request. One module has this value.
    Push,
    /// On request, for a commit that was deployed to the module with `push`.
    #[default]
    Request,
    /// Never.
    Never,
}

/// Protection against data loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Protection {
    /// `production` rejects settings that reduce cost at the expense of safety.
    pub level: Level,
    /// Whether the stacks have termination protection: they cannot be deleted until this is false.
    pub termination_protection: bool,
    /// What happens to the buckets, the warehouse and the keys when their stack is deleted.
    pub deletion_policy: Deletion,
}

/// The purpose of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Data loss is acceptable.
    Development,
    /// Data loss is not acceptable.
    Production,
}

/// What happens to resources with data when their stack is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Deletion {
    /// The resources are deleted, too.
    Delete,
    /// The resources are retained, and incur costs until you delete them.
    Retain,
}

/// The bucket names, which are unique across AWS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Buckets {
    pub lake: String,
    pub airflow: String,
    pub access_logs: String,
}

/// The names of the IAM roles that are warehouse users, `"IAMR:<name>"`. They contain the region because IAM is global:
/// the same project in two regions has two sets of roles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Roles {
    /// `transformation` and `copy`: the loader.
    pub ingestion: String,
    /// dbt: the transformer.
    pub dbt: String,
    /// Airflow: a reader.
    pub airflow: String,
}

impl Settings {
    pub fn roles(&self) -> Roles {
        let name = |what: &str| format!("{}-{what}-{}", self.project, self.region);
        Roles { ingestion: name("ingestion"), dbt: name("dbt"), airflow: name("airflow") }
    }

    pub fn buckets(&self) -> Buckets {
        let end = self.bucket_suffix.as_deref().map(|suffix| format!("-{suffix}")).unwrap_or_default();
        let name = |what: &str| format!("{}-{what}{end}", self.project);
        Buckets { lake: name("dlake"), airflow: name("airflow"), access_logs: name("access-logs") }
    }
}
