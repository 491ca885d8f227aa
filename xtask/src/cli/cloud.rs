//! The commands that reach AWS or Docker. Only the program with the feature `cloud` can run them; both know their types,
//! so that help and usage errors never wait for a compiler.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::Which;

/// The commands; each one's file is `commands/cloud/<name>.rs`.
#[derive(Subcommand, Debug)]
pub enum Cloud {
    /// Say what is missing on this machine, and what to type to mend it
    Doctor(Doctor),
    /// Build the two images, and push them where they are missing
    BuildImages(BuildImages),
    /// Put the DAGs and their requirements into Airflow's bucket
    SyncDags(SyncDags),
    /// Put the sample answers into the lake
    UploadSample(UploadSample),
    /// Bring the whole platform to what settings, templates, images and DAGs say
    Deploy(Deploy),
    /// Show what a deployment would change, and the plan's digest
    Diff(Diff),
    /// Say whether a deployment is as it should be, line by line
    Status(Status),
    /// Bring stacks out of states in which nothing else is legal
    Recover(Recover),
    /// Delete the stacks
    Destroy(Destroy),
    /// Run the platform once, by Airflow or by Batch alone, and follow it to its end
    Run(Run),
    /// Show what the jobs of a run say
    Logs(Logs),
    /// Open Airflow's pages, signed in
    Open(Open),
    /// Deploy to emulators on this machine, and run the real DAG in real containers: no AWS account
    Rehearse(Rehearse),
    /// Make a warehouse ready: schemas, ledger, roles and grants
    WarehouseInit(WarehouseInit),
}

/// `cargo xtask build-images`.
#[derive(Args, Debug)]
pub struct BuildImages {
    /// Which settings.
    #[command(flatten)]
    pub which: Which,
    /// Push to ECR what it does not have
    #[arg(long)]
    pub push: bool,
    /// Only this one: ingestion-image or dbt-image
    #[arg(long, value_name = "NAME")]
    pub image: Option<String>,
    /// Another registry's host and port than ECR's own: an emulator's
    #[arg(long, value_name = "HOST", requires = "push")]
    pub registry: Option<String>,
    /// Build again, without anything kept from before
    #[arg(long)]
    pub anew: bool,
    /// Build nothing; show each image's key and what decides it
    #[arg(long, conflicts_with_all = ["push", "anew"])]
    pub dry_run: bool,
    /// Print one JSON value on standard output instead of text
    #[arg(long)]
    pub json: bool,
}

/// What a deployment is about.
#[derive(Args, Debug)]
pub struct Scope {
    /// Which settings.
    #[command(flatten)]
    pub which: Which,
    /// Only this stack, by its file's name in infra/; may be given again
    #[arg(long = "stack", value_name = "NAME")]
    pub stacks: Vec<String>,
    /// Read the templates of this folder instead of infra/
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// Print one JSON value on standard output instead of text
    #[arg(long)]
    pub json: bool,
}

/// `cargo xtask deploy`.
#[derive(Args, Debug)]
pub struct Deploy {
    /// What.
    #[command(flatten)]
    pub scope: Scope,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// Carry out only the plan with this digest, and do not ask
    #[arg(long, value_name = "DIGEST")]
    pub expect: Option<String>,
    /// Only create the stacks that do not exist; those that exist are left as they are, whatever the plan would change
    #[arg(long)]
    pub create_only: bool,
    /// Another registry's host and port than ECR's own: an emulator's
    #[arg(long, value_name = "HOST")]
    pub registry: Option<String>,
}

/// `cargo xtask diff`.
#[derive(Args, Debug)]
pub struct Diff {
    /// What.
    #[command(flatten)]
    pub scope: Scope,
}

/// `cargo xtask status`.
#[derive(Args, Debug)]
pub struct Status {
    /// Which settings.
    #[command(flatten)]
    pub which: Which,
    /// Ask CloudFormation also whether resources were changed by hand
    #[arg(long)]
    pub drift: bool,
    /// Print one JSON value on standard output instead of text
    #[arg(long)]
    pub json: bool,
}

/// `cargo xtask recover`.
#[derive(Args, Debug)]
pub struct Recover {
    /// What.
    #[command(flatten)]
    pub scope: Scope,
    /// A resource that cannot be deleted, to be left where it is; may be given again
    #[arg(long, value_name = "RESOURCE")]
    pub retain: Vec<String>,
    /// A resource that cannot be rolled back, to be left as it is; may be given again
    #[arg(long, value_name = "RESOURCE")]
    pub skip: Vec<String>,
}

/// `cargo xtask destroy`.
#[derive(Args, Debug)]
pub struct Destroy {
    /// What.
    #[command(flatten)]
    pub scope: Scope,
    /// Do not ask; in production the stacks' prefix is asked for all the same
    #[arg(long)]
    pub yes: bool,
    /// Also what the stacks leave: the buckets with every version of every object
    #[arg(long)]
    pub delete_data: bool,
    /// In production: the stacks' prefix, typed as proof
    #[arg(long, value_name = "PREFIX")]
    pub confirm: Option<String>,
}

/// `cargo xtask doctor`.
#[derive(Args, Debug)]
pub struct Doctor {
    /// Which settings.
    #[command(flatten)]
    pub which: Which,
    /// Print one JSON value on standard output instead of text
    #[arg(long)]
    pub json: bool,
}

/// `cargo xtask sync-dags`.
#[derive(Args, Debug)]
pub struct SyncDags {
    /// Which settings.
    #[command(flatten)]
    pub which: Which,
    /// Another folder than dags/, with a requirements.txt of its own
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Change nothing; print the plan
    #[arg(long)]
    pub dry_run: bool,
    /// Replace or delete what somebody else wrote where our files belong
    #[arg(long)]
    pub overwrite: bool,
    /// How many objects may be deleted
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub max_delete: usize,
    /// Print one JSON value on standard output instead of text
    #[arg(long)]
    pub json: bool,
}

/// `cargo xtask upload-sample`.
#[derive(Args, Debug)]
pub struct UploadSample {
    /// Which settings.
    #[command(flatten)]
    pub which: Which,
    /// Change nothing; print the plan
    #[arg(long)]
    pub dry_run: bool,
    /// Print one JSON value on standard output instead of text
    #[arg(long)]
    pub json: bool,
}

/// `cargo xtask warehouse-init`.
#[derive(Args, Debug)]
pub struct WarehouseInit {
    /// redshift://workgroup/database, or postgres://user@host:port/database with the password in PGPASSWORD
    ///
    /// A PostgreSQL server on another machine must show a certificate for its host that the system trusts. Other modes are
    /// `?sslmode=` verify-full, verify-ca, require (not verified) and disable; `sslrootcert=FILE` names another CA.
    #[arg(value_name = "URL")]
    pub warehouse: String,
    /// The secret of the administrator, by its ARN (default: enter as the caller)
    #[arg(long, value_name = "ARN")]
    pub admin_secret: Option<String>,
    /// The IAM role that `copy` runs as
    #[arg(long, value_name = "ROLE")]
    pub loader: Option<String>,
    /// The IAM role that dbt runs as
    #[arg(long, value_name = "ROLE")]
    pub transformer: Option<String>,
    /// An IAM role that may look at everything, or IAM:<user>; may be given again
    #[arg(long, value_name = "ROLE")]
    pub reader: Vec<String>,
    /// The source's contract (default: jobs/contracts/spacex.yaml)
    #[arg(long, value_name = "FILE")]
    pub contract: Option<PathBuf>,
    /// Read this instead of .env
    #[arg(long, value_name = "FILE")]
    pub dot_env: Option<PathBuf>,
    /// Change nothing; print the statements
    #[arg(long)]
    pub dry_run: bool,
    /// Print one JSON value on standard output instead of text
    #[arg(long)]
    pub json: bool,
}

/// `cargo xtask rehearse`.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Rehearse {
    /// Another verb than rehearsing.
    #[command(subcommand)]
    pub action: Option<RehearseAction>,
    /// Leave everything running, and print where it is
    #[arg(long)]
    pub keep: bool,
    /// Take the answers of this folder, or of this http(s)://host, instead of the sample
    #[arg(long, value_name = "DIR|URL")]
    pub source: Option<String>,
    /// Have something fail, to see how that is told
    #[arg(long, value_name = "WHAT")]
    pub drill: Option<DrillOf>,
    /// Print one JSON value on standard output instead of text
    #[arg(long)]
    pub json: bool,
}

/// `cargo xtask rehearse <verb>`.
#[derive(Subcommand, Debug)]
pub enum RehearseAction {
    /// Stop rehearsals that were kept
    Stop {
        /// Only this one (default: all of this clone)
        #[arg(value_name = "ID")]
        id: Option<String>,
    },
}

/// What may be made to fail.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrillOf {
    /// The source answers 500 for ever
    Source,
    /// The registry has lost an image
    Image,
    /// Records are missing that others refer to, so that a test of dbt fails
    Marts,
}

/// `cargo xtask run`.
#[derive(Args, Debug)]
pub struct Run {
    /// Which settings.
    #[command(flatten)]
    pub which: Which,
    /// Without Airflow: submit the jobs to Batch, each behind the one before it
    #[arg(long)]
    pub direct: bool,
    /// Begin nothing; look on at this run, by its id
    #[arg(long, value_name = "ID")]
    pub attach: Option<String>,
    /// Seconds from one look to the next
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    pub every: Duration,
    /// Print one JSON value on standard output instead of text
    #[arg(long)]
    pub json: bool,
}

/// `cargo xtask logs`.
#[derive(Args, Debug)]
pub struct Logs {
    /// A run, by its own id or Airflow's, or a job of Batch, by its id
    #[arg(value_name = "RUN|JOB")]
    pub of: String,
    /// Which settings.
    #[command(flatten)]
    pub which: Which,
    /// Go on until the jobs have ended
    #[arg(long)]
    pub follow: bool,
    /// Seconds from one look to the next
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    pub every: Duration,
    /// Print one JSON value a line: task, stream, time and message
    #[arg(long)]
    pub json: bool,
}

/// `cargo xtask open`.
#[derive(Args, Debug)]
pub struct Open {
    /// Which settings.
    #[command(flatten)]
    pub which: Which,
    /// Open no browser; print the address with the login token, for whoever has it is let in
    #[arg(long)]
    pub print: bool,
    /// Print one JSON value on standard output instead of text; the token only with --print
    #[arg(long)]
    pub json: bool,
}

/// A time that is worth waiting for.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "is no number of seconds".to_owned())?;
    if (0.05..=600.0).contains(&seconds) { Ok(Duration::from_secs_f64(seconds)) } else { Err("0.05 to 600".to_owned()) }
}
