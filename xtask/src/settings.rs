//! `infra/settings/<module>.yaml` as types: what differs between deployments.
//!
//! Values are taken from these sources, in order of precedence: the environment and `.env` (both only for the keys in
//! `settings/variables.rs`), the module's file, and the file that it `extends`. All problems are reported together,
//! each with its location, key, value and fix. Every rule cites its source; "our rule" marks rules that AWS does not
//! impose.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod airflow;
mod auth;
mod batch;
mod check;
mod confined;
mod dags;
mod document;
mod images;
mod model;
mod monitoring;
mod names;
mod network;
mod production;
mod read;
mod rules;
mod schema;
mod secrets;
mod source_secret;
mod sources;
mod storage;
mod structure;
mod tasks;
mod variables;
mod warehouse;

pub use airflow::{LogLevel, Webserver};
pub use auth::{Approval, Auth, Method};
pub use batch::Platform;
pub use confined::{NO_ACCOUNT, confined};
pub use document::{Document, Problem, Problems, no_yaml, shortened, text_of};
pub use images::Compile;
pub use model::{Deletion, DeployOn, Level, Settings};
pub use names::{overlay, shared};
pub use network::Endpoint;
pub use read::{Override, Resolved, extends, located, resolve};
pub use schema::{overlay_schema, schema};
pub use source_secret::SourceSecret;
pub use sources::{CONTRACTS, DAG, Ingestion, Source};
pub use tasks::{RunTask, chain, jobs, models};
pub use variables::{Origin, Variable, Variables, dot_env, given};
pub use warehouse::{Breach, LogExport, Period};

/// The default module.
pub const DEFAULT_MODULE: &str = "dev";
/// The folder with the module files, relative to the repository root.
pub const FOLDER: &str = "infra/settings";

#[cfg(test)]
#[path = "../tests/unit/settings.rs"]
mod tests;
