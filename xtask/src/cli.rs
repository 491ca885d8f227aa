//! The command line as types; nothing else.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod cloud;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use contract::RunId;

pub use cloud::{
    BuildImages, Cloud, Deploy, Destroy, Diff, Doctor, DrillOf, Logs, Open, Recover, Rehearse, RehearseAction, Run,
    Scope, Status, SyncDags, UploadSample, WarehouseInit,
};

/// Build, rehearse and run the data platform.
#[derive(Parser, Debug)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands; each one's file is `commands/<name>.rs`.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Run the whole pipeline on this machine: no AWS, no Docker, no root
    Local(Box<Local>),
    /// Run the tests
    Test(Test),
    /// The commands that reach AWS or Docker.
    #[command(flatten)]
    Cloud(Cloud),
    /// Check the settings and show what holds, and where each value is from
    Settings(SettingsArgs),
    /// Read the stacks' templates, wire them with the settings and show in which order they are made
    Templates(Templates),
    /// Show what a deployment costs a month in which nothing runs, and a run, by prices that were seen
    Prices(Prices),
    /// Write dags/platform.json, what the DAGs know of a deployment, from the settings
    DagSettings(DagSettings),
    /// Write GitHub's workflows and dependabot.yml from the platform's model
    CiGen(CiGen),
    /// Hold the sources against one linter: format, code, light, docs, crates or advisories
    Lint(Lint),
    /// Show what GitHub has to know before a push reaches AWS, or tell it
    SetupGithub(SetupGithub),
    /// Write dbt's sources from the contract
    DbtSources(Check),
    /// Write the settings' JSON Schema, which editors read
    SettingsSchema(Check),
}

/// `cargo xtask dag-settings`.
#[derive(Args, Debug)]
pub struct DagSettings {
    /// The module: infra/settings/<NAME>.yaml (default: dev, whose file is committed)
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// Write nothing; fail when the file is not current
    #[arg(long)]
    pub check: bool,
}

/// `cargo xtask ci-gen`.
#[derive(Args, Debug)]
pub struct CiGen {
    /// Write nothing; fail when a file is not current, a pin is not whole, or a rule does not hold
    #[arg(long)]
    pub check: bool,
    /// Also ask GitHub whether each pin is the release that it says (GH_TOKEN)
    #[arg(long, requires = "check")]
    pub online: bool,
}

/// `cargo xtask lint`.
#[derive(Args, Debug)]
pub struct Lint {
    /// Which
    pub what: Linter,
}

/// What there is to hold the sources against.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linter {
    /// rustfmt
    Format,
    /// Clippy, over everything
    Code,
    /// Clippy, over the xtask without what AWS and Docker need
    Light,
    /// rustdoc
    Docs,
    /// cargo-deny: licences, sources, and crates that must not be
    Crates,
    /// cargo-deny: what RustSec knows of the crates; asks the network
    Advisories,
}

/// `cargo xtask setup-github`.
#[derive(Args, Debug)]
pub struct SetupGithub {
    /// Only this module (default: every one that the workflows deploy)
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// Read this instead of .env
    #[arg(long, value_name = "FILE")]
    pub dot_env: Option<PathBuf>,
    /// Run it with `gh` instead of showing it
    #[arg(long)]
    pub run: bool,
}

/// Which settings.
#[derive(Args, Debug)]
pub struct Which {
    /// The module: infra/settings/<NAME>.yaml (default: SETTINGS_MODULE of the environment or .env, else dev)
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// Read this instead of .env
    #[arg(long, value_name = "FILE")]
    pub dot_env: Option<PathBuf>,
}

/// `cargo xtask settings`.
#[derive(Args, Debug)]
pub struct SettingsArgs {
    /// Which.
    #[command(flatten)]
    pub which: Which,
    /// Check this file instead of a module
    #[arg(long, value_name = "FILE", conflicts_with = "env")]
    pub file: Option<PathBuf>,
    /// Print one JSON value on standard output instead of text
    #[arg(long)]
    pub json: bool,
}

/// `cargo xtask templates`.
#[derive(Args, Debug)]
pub struct Templates {
    /// Which settings.
    #[command(flatten)]
    pub which: Which,
    /// Read the templates of this folder instead of infra/
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// Print one JSON value on standard output: levels, and the source of every parameter
    #[arg(long)]
    pub json: bool,
}

/// `cargo xtask prices`.
#[derive(Args, Debug)]
pub struct Prices {
    /// Which settings.
    #[command(flatten)]
    pub which: Which,
    /// Print one JSON value on standard output: both bills, and every price with its day and source
    #[arg(long)]
    pub json: bool,
}

/// A command that writes a committed file.
#[derive(Args, Debug)]
pub struct Check {
    /// Write nothing; fail when the file is not current
    #[arg(long)]
    pub check: bool,
}

/// `cargo xtask local`.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Local {
    /// What to do (default: run).
    #[command(subcommand)]
    pub action: Option<LocalAction>,
    /// The options of the default.
    #[command(flatten)]
    pub run: LocalRun,
}

/// What `local` can do.
#[derive(Subcommand, Debug)]
pub enum LocalAction {
    /// Fetch, transform and load (the default)
    Run(LocalRun),
    /// Ask the warehouse, as the role `reader`
    Query(LocalQuery),
    /// Serve the marts' documentation on loopback until Ctrl-C
    Docs(LocalDocs),
    /// Stop the database; the data stays
    Stop(Place),
    /// Stop the database and remove the lake and all data
    Reset(Place),
}

/// Where the local platform lives, and for whom the output is.
#[derive(Args, Clone, Debug)]
pub struct Place {
    /// The folder that holds the lake and the state (default: target/local of the repository)
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Print one JSON value on standard output instead of text
    #[arg(long)]
    pub json: bool,
}

/// `cargo xtask local [run]`.
#[derive(Args, Debug)]
pub struct LocalRun {
    /// Where.
    #[command(flatten)]
    pub place: Place,
    /// Take the answers from here: a folder with <collection>.json, or http(s)://host (default: jobs/sample)
    #[arg(long, value_name = "URL|DIR", conflicts_with = "live")]
    pub source: Option<String>,
    /// Ask the real API that the contract names
    #[arg(long)]
    pub live: bool,
    /// The run's id (default: local- and the time)
    #[arg(long, value_name = "ID")]
    pub run_id: Option<RunId>,
    /// Only these collections
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub collections: Vec<String>,
    /// Another source's contract
    #[arg(long, value_name = "FILE")]
    pub contract: Option<PathBuf>,
    /// Let a collection become empty that was not
    #[arg(long)]
    pub allow_empty: bool,
    /// Go on once although data seems to be missing: a response that is one page of several, a table that would lose more
    /// rows than the contract allows. The reason goes into the jobs' logs
    #[arg(long, value_name = "REASON")]
    pub accept: Option<String>,
    /// Another dbt project than dbt/
    #[arg(long, value_name = "DIR")]
    pub dbt_project: Option<PathBuf>,
    /// Load only; build no marts
    #[arg(long, conflicts_with_all = ["dbt_project", "full_refresh"])]
    pub no_dbt: bool,
    /// Build incremental marts from nothing
    #[arg(long)]
    pub full_refresh: bool,
}

/// `cargo xtask local query`.
#[derive(Args, Debug)]
pub struct LocalQuery {
    /// One SQL statement
    pub sql: String,
    /// Where.
    #[command(flatten)]
    pub place: Place,
}

/// `cargo xtask local docs`.
#[derive(Args, Debug)]
pub struct LocalDocs {
    /// Where.
    #[command(flatten)]
    pub place: Place,
    /// The port on 127.0.0.1 (default: a free one)
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// Write the documentation and end
    #[arg(long)]
    pub no_serve: bool,
}

/// `cargo xtask test`.
#[derive(Args, Debug)]
pub struct Test {
    /// Also what needs Docker, Airflow, emulators or a browser; not `sync speed`, which compares with other tools
    #[arg(long)]
    pub all: bool,
    /// Only this suite, whatever it needs; may be given more than once
    #[arg(long, value_name = "SUITE", conflicts_with = "all")]
    pub only: Vec<String>,
    /// Fail when anything could not run
    #[arg(long)]
    pub require_all: bool,
}
