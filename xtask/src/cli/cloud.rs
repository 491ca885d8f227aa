//! The commands that use AWS or Docker. Only the program built with the `cloud` feature can run them, but every build
//! contains their types, so help and usage errors do not require the full build.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use contract::RunId;
use serde::Serialize;

use super::Conform;
use super::options::{Common, Scope, cursor, seconds, selection, source_url};

/// The commands; most are implemented in `commands/cloud/<name>.rs`.
#[derive(Subcommand, Debug)]
pub enum Cloud {
    /// Check this machine; print how to install missing tools
    #[command(after_help = "Example:\n  cargo xtask doctor")]
    Doctor(Common),
    /// Build the images; with --push, push those missing from ECR
    BuildImages(BuildImages),
    /// Build the files of a release
    ///
    /// Build the files of a release, as `release.yml` publishes them: programs, images, their bills of materials, checksums.
    ReleaseFiles(ReleaseFiles),
    /// Upload the DAGs and their requirements to the Airflow bucket
    SyncDags(SyncDags),
    /// Upload the sample responses to the lake
    UploadSample(UploadSample),
    /// Deploy stacks, images, DAGs, warehouse roles and usage limits
    Deploy(Deploy),
    /// Show what `deploy` would change, and the plan digest
    #[command(after_help = "Example:\n  cargo xtask diff --stack storage --stack network")]
    Diff(Scope),
    /// Check an account before a deployment; change nothing
    Preflight(Preflight),
    /// Show the state of every part of a deployment
    Status(Status),
    /// Recover failed stacks (continue the rollback or delete them)
    Recover(Recover),
    /// Delete the stacks
    Destroy(Destroy),
    /// Start a run in Airflow (or directly in Batch) and follow it
    Run(Box<Run>),
    /// Print the container logs of a run or a job
    Logs(Logs),
    /// Fetch the report of a run
    Report(Report),
    /// Open the Airflow UI, signed in
    Open(Open),
    /// Remove records from the lake and the warehouse
    Forget(Forget),
    /// Deploy to emulators on this machine and run the DAG there
    Rehearse(Rehearse),
    /// Create the schemas, ledger, roles and grants in a warehouse
    WarehouseInit(WarehouseInit),
    /// Check a workgroup against the behaviours that we rely on
    Conform(Conform),
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  cargo xtask build-images\n  cargo xtask build-images --push --image dbt-image")]
pub struct BuildImages {
    /// Push the images that are missing from ECR
    #[arg(long)]
    pub push: bool,
    /// Build only this image: ingestion-image or dbt-image
    #[arg(long, value_name = "NAME")]
    pub image: Option<String>,
    /// Registry host and port to use instead of ECR, for emulators
    #[arg(long, value_name = "HOST", requires = "push")]
    pub registry: Option<String>,
    /// Build without using the cache
    #[arg(long)]
    pub no_cache: bool,
    /// Also save the images to this archive, as `docker save` does; with --push, those of the registry
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// Push the images in this archive, and build nothing
    #[arg(long, value_name = "FILE", requires = "push", conflicts_with = "no_cache")]
    pub from: Option<PathBuf>,
    /// Fail if the registry gets other images than in this file, the output of --push --json
    #[arg(long, value_name = "FILE", requires = "push")]
    pub expect: Option<PathBuf>,
    /// Print the key and inputs of each image without building it
    #[arg(long, conflicts_with_all = ["push", "no_cache", "save"])]
    pub dry_run: bool,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  cargo xtask release-files --tag v0.2.0 --dir release")]
pub struct ReleaseFiles {
    /// Tag of the release, vX.Y.Z
    #[arg(long, value_name = "TAG")]
    pub tag: String,
    /// Folder for the files, which must be empty
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  cargo xtask deploy --env dev\n  cargo xtask deploy --expect DIGEST")]
pub struct Deploy {
    /// Do not ask for confirmation
    #[arg(long)]
    pub yes: bool,
    /// Apply the plan only if it has this digest; do not ask for confirmation
    #[arg(long, value_name = "DIGEST")]
    pub expect: Option<String>,
    /// Create missing stacks, but do not change existing ones
    #[arg(long)]
    pub create_only: bool,
    /// Registry host and port to use instead of ECR, for emulators
    #[arg(long, value_name = "HOST")]
    pub registry: Option<String>,
    #[command(flatten)]
    pub scope: Scope,
}

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  cargo xtask preflight --env prod --change-sets")]
pub struct Preflight {
    /// Also create a change set for each stack, and delete it again
    #[arg(long)]
    pub change_sets: bool,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  cargo xtask status --drift")]
pub struct Status {
    /// Also detect drift: resources that were changed outside CloudFormation
    #[arg(long)]
    pub drift: bool,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  cargo xtask recover --stack network")]
pub struct Recover {
    /// Delete the stack, but retain this resource that could not be deleted; repeatable
    #[arg(long, value_name = "RESOURCE")]
    pub retain: Vec<String>,
    /// Continue the rollback, but skip this resource that could not be rolled back; repeatable
    #[arg(long, value_name = "RESOURCE")]
    pub skip: Vec<String>,
    #[command(flatten)]
    pub scope: Scope,
}

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  cargo xtask destroy --env dev --delete-data")]
pub struct Destroy {
    /// Do not ask for confirmation; in production, --confirm is still required
    #[arg(long)]
    pub yes: bool,
    /// Also delete the data: the buckets and every version of every object
    #[arg(long)]
    pub delete_data: bool,
    /// Stack prefix, to confirm the deletion in production
    #[arg(long, value_name = "PREFIX")]
    pub confirm: Option<String>,
    #[command(flatten)]
    pub scope: Scope,
}

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  cargo xtask sync-dags --dry-run")]
pub struct SyncDags {
    /// Upload this folder instead of dags/; it must contain its own requirements.txt
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Print the plan without applying it
    #[arg(long)]
    pub dry_run: bool,
    /// Also replace or delete objects that another writer has changed
    #[arg(long)]
    pub overwrite: bool,
    /// Maximum number of objects to delete
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub max_delete: usize,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n\
    \x20 cargo xtask forget shop --key 4711 --collection customers\n\
    \x20 cargo xtask forget shop --key 4711 --key 4712 --request DSR-17 --env prod")]
pub struct Forget {
    /// The source
    pub source: String,
    /// The key of a record; repeatable
    #[arg(long = "key", value_name = "VALUE", required = true)]
    pub keys: Vec<String>,
    /// The collection with the records (default: the only one that has them)
    #[arg(long, value_name = "NAME")]
    pub collection: Option<String>,
    /// The number of the request, which manifests keep: a text without personal data
    #[arg(long, value_name = "TEXT")]
    pub request: Option<String>,
    /// The contract of the source (default: jobs/contracts/<SOURCE>.yaml)
    #[arg(long, value_name = "FILE")]
    pub contract: Option<PathBuf>,
    /// The folder of `cargo xtask local`, whose lake and warehouse are used without --env (default: target/local)
    #[arg(long, value_name = "DIR", conflicts_with = "env")]
    pub dir: Option<PathBuf>,
    /// Show what has the records without removing it
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask for confirmation
    #[arg(long)]
    pub yes: bool,
    /// Settings module of a deployment: infra/settings/<NAME>.yaml (default: the platform on this machine)
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// Read FILE instead of .env
    #[arg(long, value_name = "FILE")]
    pub dot_env: Option<PathBuf>,
    /// Print JSON on standard output instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  cargo xtask upload-sample --dry-run")]
pub struct UploadSample {
    /// Print the plan without applying it
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n\
    \x20 cargo xtask warehouse-init postgres://postgres@127.0.0.1:5432/dpstack\n\
    \x20 cargo xtask warehouse-init redshift://dpstack-workgroup/dpstack \\\n\
    \x20     --loader my-ingestion-role --transformer my-dbt-role --dry-run")]
pub struct WarehouseInit {
    /// redshift://workgroup/database, or postgres://user@host:port/database with the password in PGPASSWORD
    ///
    /// By default, the certificate of a remote PostgreSQL server is verified against the system's trusted CAs.
    /// `?sslmode=` accepts verify-full, verify-ca, require (no verification) or disable; `sslrootcert=FILE` selects a
    /// different CA.
    #[arg(value_name = "URL")]
    pub warehouse: String,
    /// ARN of the administrator's secret (default: connect with the caller's IAM identity)
    #[arg(long, value_name = "ARN")]
    pub admin_secret: Option<String>,
    /// IAM role that `copy` runs as (required for Redshift)
    #[arg(long, value_name = "ROLE")]
    pub loader: Option<String>,
    /// IAM role that dbt runs as (required for Redshift)
    #[arg(long, value_name = "ROLE")]
    pub transformer: Option<String>,
    /// IAM role, or IAM:<user>, to grant read access to; repeatable
    #[arg(long, value_name = "ROLE")]
    pub reader: Vec<String>,
    /// IAM role, or IAM:<user>, that also gets schemas `dev_<name>…` to build the marts in; repeatable
    ///
    /// On PostgreSQL, NAME is only the schemas' name, and the role `transformer` owns them.
    #[arg(long, value_name = "NAME")]
    pub developer: Vec<String>,
    /// Settings module with the sources (default: SETTINGS_MODULE in the environment or .env, otherwise dev)
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// Prepare the warehouse only for the source of this contract
    #[arg(long, value_name = "FILE", conflicts_with = "env")]
    pub contract: Option<PathBuf>,
    /// Read FILE instead of .env
    #[arg(long, value_name = "FILE")]
    pub dot_env: Option<PathBuf>,
    /// Print the SQL statements without running them
    #[arg(long)]
    pub dry_run: bool,
    /// Print JSON on standard output instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:\n\
    \x20 cargo xtask rehearse\n\
    \x20 cargo xtask rehearse --keep\n\
    \x20 cargo xtask rehearse --inject-fault source")]
pub struct Rehearse {
    #[command(subcommand)]
    pub action: Option<RehearseAction>,
    /// Keep everything running and print the addresses
    #[arg(long)]
    pub keep: bool,
    /// Use the responses from this folder or http(s)://host instead of the sample. NAME=URL is for another source, whose
    /// contract has the default URL; repeatable
    #[arg(long = "source", value_name = "DIR|URL|NAME=URL")]
    pub sources: Vec<String>,
    /// Inject a fault to see how it is reported
    #[arg(long, value_name = "FAULT")]
    pub inject_fault: Option<InjectedFault>,
    /// Print JSON on standard output instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(Subcommand, Debug)]
pub enum RehearseAction {
    /// Stop rehearsals that were started with --keep
    #[command(after_help = "Example:\n  cargo xtask rehearse stop")]
    Stop {
        /// Stop only this rehearsal (default: all rehearsals in this clone)
        #[arg(value_name = "ID")]
        id: Option<String>,
    },
}

#[derive(ValueEnum, Serialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum InjectedFault {
    /// The source returns status 500 for every request
    Source,
    /// An image is missing from the registry
    Image,
    /// Two cores have the same serial number, so a dbt test fails
    Marts,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n\
    \x20 cargo xtask run\n\
    \x20 cargo xtask run --direct --env dev\n\
    \x20 cargo xtask run spacex --collections launches,cores --full-refresh")]
pub struct Run {
    /// Source in the settings (default: the one with the DAG `ingestion`)
    #[arg(value_name = "SOURCE")]
    pub source: Option<String>,
    /// Submit the jobs directly to Batch, without Airflow; each job depends on the previous one
    #[arg(long)]
    pub direct: bool,
    /// Attach to the existing run with this ID
    #[arg(long, value_name = "ID")]
    pub attach: Option<String>,
    #[command(flatten)]
    pub options: Options,
    /// Seconds between polls
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    pub interval: Duration,
    #[command(flatten)]
    pub common: Common,
}

/// The options of a run.
#[derive(Args, Debug)]
pub struct Options {
    /// Request everything instead of only changes, and rebuild incremental models from scratch
    #[arg(long, conflicts_with = "attach")]
    pub full_refresh: bool,
    /// Load only these collections, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "NAMES", conflicts_with = "attach")]
    pub collections: Vec<String>,
    /// Load the responses that this run stored, without sending requests to the source
    #[arg(long, value_name = "RUN", conflicts_with_all = ["attach", "source_url", "from", "to"])]
    pub from_raw: Option<RunId>,
    /// Load the data even if it is implausible; the reason is recorded in `etl.findings`
    #[arg(long, value_name = "REASON", value_parser = contract::reason, conflicts_with = "attach")]
    pub accept: Option<String>,
    /// Read from this URL instead of the contract's: http(s)://host or s3://bucket/prefix
    #[arg(long, value_name = "URL", value_parser = source_url, conflicts_with = "attach")]
    pub source_url: Option<String>,
    /// Request the changes from this value of the cursors on
    #[arg(long, value_name = "VALUE", value_parser = cursor, requires = "to", conflicts_with_all = ["attach", "full_refresh"])]
    pub from: Option<String>,
    /// Request the changes up to this value of the cursors
    #[arg(long, value_name = "VALUE", value_parser = cursor, requires = "from", conflicts_with_all = ["attach", "full_refresh"])]
    pub to: Option<String>,
    /// Build only these dbt models, as for `dbt build --select`
    #[arg(long, value_name = "MODELS", value_parser = selection, conflicts_with = "attach")]
    pub select: Option<String>,
}

#[derive(Args, Debug)]
#[command(after_help = "With --json, each line is a JSON object with the keys task, stream, time and message.\n\n\
    Example:\n  cargo xtask logs RUN --follow")]
pub struct Logs {
    /// Run ID, Airflow run ID or Batch job ID
    #[arg(value_name = "RUN|JOB")]
    pub id: String,
    /// Follow the logs until the jobs finish
    #[arg(long)]
    pub follow: bool,
    /// Seconds between polls
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    pub interval: Duration,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args, Debug)]
#[command(after_help = "The page is saved in target/report.\n\n\
    Examples:\n  cargo xtask report --open\n  cargo xtask report spacex --run RUN --link")]
pub struct Report {
    /// The source (default: the one whose DAG is `ingestion`)
    pub source: Option<String>,
    /// Run ID (default: the run with the newest report)
    #[arg(long, value_name = "RUN")]
    pub run: Option<RunId>,
    /// Open the page in a browser
    #[arg(long)]
    pub open: bool,
    /// Print a URL to the page instead, which anyone can open for one hour
    #[arg(long, conflicts_with = "open")]
    pub link: bool,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  cargo xtask open --print")]
pub struct Open {
    /// Print the URL with the login token instead of opening a browser; anyone with this URL can sign in. The --json
    /// output contains the token only with --print
    #[arg(long)]
    pub print: bool,
    #[command(flatten)]
    pub common: Common,
}
