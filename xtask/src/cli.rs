//! The command-line options, as clap types.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod cloud;
pub mod help;
mod options;

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use contract::RunId;

use crate::release::Version;

pub use cloud::{
    BuildImages, Cloud, Deploy, Destroy, Forget, InjectedFault, Logs, Open, Options, Recover, Rehearse, RehearseAction,
    ReleaseFiles, Report, Run, SyncDags, UploadSample, WarehouseInit,
};
pub use options::{Check, Common, Scope};

/// Build, rehearse and run the data platform.
#[derive(Parser, Debug)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// The commands; most are implemented in `commands/<name>.rs`.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Run the whole pipeline on this machine, without AWS or Docker
    Local(Box<Local>),
    /// Propose the contract and dbt models of another API
    ///
    /// Propose the contract and the dbt staging models of another API from sample responses. Existing files are not
    /// overwritten.
    NewSource(NewSource),
    /// Write the settings of another deployment
    ///
    /// Write the settings of another deployment: those of an existing module, with names of its own, so that both fit into one
    /// account.
    NewEnv(NewEnv),
    /// Run the tests
    Test(Test),
    #[command(flatten)]
    Cloud(Cloud),
    /// Validate the settings; print every value and its origin
    Settings(SettingsArgs),
    /// Validate the stack templates; print their deployment order
    Templates(Templates),
    /// Estimate the cost of a deployment and of a run
    #[command(after_help = "Example:\n  cargo xtask prices --env prod")]
    Prices(Common),
    /// Write dags/platform.json, the DAGs' configuration
    DagSettings(DagSettings),
    /// Write the GitHub workflows and dependabot.yml
    CiGen(CiGen),
    /// Run one linter
    Lint(Lint),
    /// List every pinned version, and what reports a newer one
    ///
    /// List every pinned version in the repository, and what reports a newer one. Fails if nothing does.
    Pins(Pins),
    /// Show, or with --run add, what the GitHub repository lacks
    ///
    /// Show what the GitHub repository lacks for the workflows: rules for main, environments, variables, secrets. With
    /// --run, add it. Nothing stricter is changed.
    SetupGithub(SetupGithub),
    /// Make the commit and the tag of a release
    ///
    /// Make the commit and the tag of a release, on `main` and without other changes. Pushing the tag, which you do, publishes
    /// the release.
    Release(Release),
    /// Generate the dbt sources from the contracts
    #[command(after_help = "Example:\n  cargo xtask dbt-sources --check")]
    DbtSources(Check),
    /// Write the JSON Schema for the settings (used by editors)
    #[command(after_help = "Example:\n  cargo xtask settings-schema --check")]
    SettingsSchema(Check),
}

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  cargo xtask dag-settings --env prod")]
pub struct DagSettings {
    /// Settings module: infra/settings/<NAME>.yaml (default: dev, as used for the committed file)
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// Do not write the file; fail if it is out of date
    #[arg(long)]
    pub check: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  cargo xtask ci-gen\n  cargo xtask ci-gen --check")]
pub struct CiGen {
    /// Do not write any file; fail if a file is out of date, a pin is incomplete or a rule is violated
    #[arg(long)]
    pub check: bool,
    /// Also verify with GitHub that each pinned commit belongs to its release (requires GH_TOKEN)
    #[arg(long, requires = "check")]
    pub online: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n\
    \x20 cargo xtask conform --env dev\n\
    \x20 cargo xtask conform --workgroup my-workgroup --database scratch --bucket my-bucket\n\
    \x20 cargo xtask conform --page --check")]
pub struct Conform {
    /// Workgroup (default: the one in the settings)
    #[arg(long, value_name = "NAME")]
    pub workgroup: Option<String>,
    /// Database (default: the one in the settings)
    #[arg(long, value_name = "NAME")]
    pub database: Option<String>,
    /// ARN of the administrator's secret, for the checks that need the administrator
    #[arg(long, value_name = "ARN")]
    pub admin_secret: Option<String>,
    /// Bucket for the COPY checks; objects are written below conform/ and deleted
    #[arg(long, value_name = "NAME")]
    pub bucket: Option<String>,
    /// IAM role of COPY (default: the namespace's default role)
    #[arg(long, value_name = "ARN")]
    pub copy_role: Option<String>,
    /// Run only the check with this ID; repeatable
    #[arg(long, value_name = "ID")]
    pub only: Vec<String>,
    /// Record the results in xtask/conformance/results.yaml; not for an emulator
    #[arg(long)]
    pub record: bool,
    /// Write docs/redshift-conformance.md instead of running the checks
    #[arg(long, conflicts_with_all = ["record", "only"])]
    pub page: bool,
    /// Do not write the page; fail if it is out of date
    #[arg(long, requires = "page")]
    pub check: bool,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  cargo xtask lint code")]
pub struct Lint {
    /// The linter to run
    pub linter: Linter,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  cargo xtask pins\n  cargo xtask pins --online")]
pub struct Pins {
    /// Also compare the versions that Dependabot does not see with their registries; fail if one is out of date
    #[arg(long)]
    pub online: bool,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linter {
    /// rustfmt
    Format,
    /// Clippy for the whole workspace
    Code,
    /// Clippy for xtask without the `cloud` feature
    Light,
    /// rustdoc
    Docs,
    /// cargo-deny: licences, sources and banned crates
    Crates,
    /// cargo-deny: RustSec advisories (requires network access)
    Advisories,
    /// dbt 2: parses the dbt project (requires network access)
    #[value(name = "dbt-2")]
    Dbt2,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  cargo xtask setup-github --env dev\n  cargo xtask setup-github --env dev --run")]
pub struct SetupGithub {
    /// Include only this settings module (default: every module that the workflows deploy)
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// Read FILE instead of .env
    #[arg(long, value_name = "FILE")]
    pub dot_env: Option<PathBuf>,
    /// Add what is missing, with `gh`
    #[arg(long)]
    pub run: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  cargo xtask release 0.2.0 --dry-run\n  cargo xtask release 0.2.0")]
pub struct Release {
    /// Version, such as 0.2.0; greater than that of the last tag
    #[arg(value_name = "VERSION")]
    pub version: Version,
    /// Show what would be done
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  cargo xtask settings --env prod\n  cargo xtask settings --json")]
pub struct SettingsArgs {
    /// Validate FILE instead of a settings module
    #[arg(long, value_name = "FILE", conflicts_with = "env")]
    pub file: Option<PathBuf>,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  cargo xtask templates\n  cargo xtask templates --env prod --folder infra/github")]
pub struct Templates {
    /// Read the templates from DIR instead of infra/
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:\n\
    \x20 cargo xtask local\n\
    \x20 cargo xtask local --live --collections launches,cores\n\
    \x20 cargo xtask local query \"SELECT count(*) FROM spacex.launches\"")]
pub struct Local {
    #[command(subcommand)]
    pub action: Option<LocalAction>,
    #[command(flatten)]
    pub run: LocalRun,
}

#[derive(Subcommand, Debug)]
pub enum LocalAction {
    /// Fetch, transform, load and build the marts (the default)
    Run(LocalRun),
    /// Run one SQL statement in the warehouse as the `reader` role
    Query(LocalQuery),
    /// Serve the dbt documentation on 127.0.0.1 until you press Ctrl-C
    Docs(LocalDocs),
    /// Stop the database and keep the data
    #[command(after_help = "Example:\n  cargo xtask local stop")]
    Stop(Place),
    /// Stop the database; delete the lake and all data
    #[command(after_help = "Example:\n  cargo xtask local reset")]
    Reset(Place),
}

#[derive(Args, Clone, Debug)]
pub struct Place {
    /// Folder for the lake and the database (default: target/local in the repository)
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Print JSON on standard output instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  cargo xtask local run --source ./responses --contract zoo.yaml")]
pub struct LocalRun {
    #[command(flatten)]
    pub place: Place,
    /// Source of the responses: a folder of <collection>.json files, or http(s)://host (default: jobs/sample)
    #[arg(long, value_name = "URL|DIR", conflicts_with = "live")]
    pub source: Option<String>,
    /// Fetch from the real API, at the base URL in the contract
    #[arg(long)]
    pub live: bool,
    /// Run ID (default: `local-` followed by the current time)
    #[arg(long, value_name = "ID")]
    pub run_id: Option<RunId>,
    /// Process only these collections, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub collections: Vec<String>,
    /// Contract file (default: jobs/contracts/spacex.yaml)
    #[arg(long, value_name = "FILE")]
    pub contract: Option<PathBuf>,
    /// Load the data even if it is implausible, for example because a table would lose most of its rows. The reason is
    /// recorded in `etl.findings`
    #[arg(long, value_name = "REASON", value_parser = contract::reason)]
    pub accept: Option<String>,
    /// Use the dbt project in DIR instead of dbt/
    #[arg(long, value_name = "DIR")]
    pub dbt_project: Option<PathBuf>,
    /// Do not build the marts
    #[arg(long, conflicts_with_all = ["dbt_project", "full_refresh"])]
    pub no_dbt: bool,
    /// Rebuild incremental models from scratch
    #[arg(long)]
    pub full_refresh: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  cargo xtask local query \"SELECT count(*) FROM spacex.launches\"")]
pub struct LocalQuery {
    /// SQL statement
    pub sql: String,
    #[command(flatten)]
    pub place: Place,
}

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  cargo xtask local docs --port 8000")]
pub struct LocalDocs {
    #[command(flatten)]
    pub place: Place,
    /// Port on 127.0.0.1 (default: a free port)
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    pub port: u16,
    /// Generate the documentation without serving it
    #[arg(long)]
    pub no_serve: bool,
}

#[derive(Args, Debug)]
#[command(group(ArgGroup::new("input").required(true).args(["samples", "urls"])))]
#[command(after_help = "Examples:\n\
    \x20 cargo xtask new-source zoo --sample animals.json --sample keepers.json\n\
    \x20 cargo xtask new-source zoo --url \"https://zoo.example/v1/animals?limit=100\"\n\
    \x20 cargo xtask new-source zoo --check --sample responses/")]
pub struct NewSource {
    /// Name of the source: its contract, its schema in the warehouse and its folder in the lake
    pub name: String,
    /// File with a response, or a folder of such files; repeatable. Files whose names differ only by a number are pages of
    /// one collection
    #[arg(long = "sample", value_name = "PATH")]
    pub samples: Vec<PathBuf>,
    /// URL of a collection; repeatable. At most three pages are requested
    #[arg(long = "url", value_name = "URL")]
    pub urls: Vec<String>,
    /// Header of the requests, with the environment variable that contains its value; repeatable
    #[arg(long = "header", value_name = "NAME=VARIABLE", requires = "urls")]
    pub headers: Vec<String>,
    /// Column that identifies a record, if no name suggests it; repeatable
    #[arg(long = "key", value_name = "[COLLECTION.]COLUMN")]
    pub keys: Vec<String>,
    /// Compare the existing contract with the samples; write nothing, and fail if they differ
    #[arg(long, conflicts_with_all = ["force", "keys"])]
    pub check: bool,
    /// Overwrite existing files
    #[arg(long)]
    pub force: bool,
    /// Print JSON on standard output instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  cargo xtask new-env staging --like prod")]
pub struct NewEnv {
    /// Name of the module: infra/settings/<NAME>.yaml
    pub name: String,
    /// The module whose settings it has
    #[arg(long, value_name = "MODULE", default_value = "dev")]
    pub like: String,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n\
    \x20 cargo xtask test\n\
    \x20 cargo xtask test --only rust\n\
    \x20 cargo xtask test --all --require-all")]
pub struct Test {
    /// Also run the suites that need Docker, Airflow, emulators or a browser (except those that run only by name: `dags versions`, `sync speed` and `image size`)
    #[arg(long)]
    pub all: bool,
    /// Run only this suite; repeatable
    #[arg(long, value_name = "SUITE", conflicts_with = "all")]
    pub only: Vec<String>,
    /// Run the suites of one part of CI, which has a machine for each part
    #[arg(long, value_name = "NAME", conflicts_with_all = ["all", "only"])]
    pub shard: Option<String>,
    /// Fail if a suite could not run
    #[arg(long)]
    pub require_all: bool,
    /// Time for each fuzz target
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub fuzz_seconds: u32,
}
