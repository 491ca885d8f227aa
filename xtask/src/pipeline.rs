//! The steps of a run, each a program with arguments and an environment.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use connect::Secret;
use contract::RunId;
use indexmap::IndexMap;
use serde_json::json;

/// One program to run to completion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The program's file name.
    pub program: String,
    pub arguments: Vec<String>,
    pub environment: BTreeMap<String, String>,
}

impl Invocation {
    /// Returns an invocation whose last arguments are paths, with an empty environment.
    pub fn new(program: &str, arguments: &[&str], paths: &[PathBuf]) -> Self {
        let paths = paths.iter().map(|path| path.display().to_string());
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).chain(paths).collect();
        Self { program: program.to_owned(), arguments, environment: BTreeMap::new() }
    }
}

/// The configuration of a run's jobs.
#[derive(Clone, Debug)]
pub struct Run {
    pub id: RunId,
    /// `file:///dir` or `s3://bucket`.
    pub lake_url: String,
    /// The warehouse, with the `loader` role as the user.
    pub warehouse_url: String,
    /// The source URL, if the source is not the contract's host.
    pub source_url: Option<String>,
    /// The contract, if it is not the built-in one.
    pub contract: Option<String>,
    /// The contract's secrets that are set.
    pub secrets: BTreeMap<String, Secret>,
    /// The collections; empty for all.
    pub collections: Vec<String>,
    /// The reason for loading implausible data.
    pub accept: Option<String>,
    /// The command line that repeats the run with such a reason.
    pub accept_with: String,
}

impl Run {
    pub fn steps(&self) -> [Invocation; 2] {
        let step = |program: &str, own: &[(&'static str, Option<String>)]| {
            let variables = [
                ("RUN_ID", Some(self.id.to_string())),
                ("LAKE_URL", Some(self.lake_url.clone())),
                ("WAREHOUSE_URL", Some(self.warehouse_url.clone())),
                ("COLLECTIONS", (!self.collections.is_empty()).then(|| self.collections.join(","))),
                ("CONTRACT", self.contract.clone()),
            ];
            let variables = variables.into_iter().chain(own.iter().cloned());
            let environment = variables.filter_map(|(name, value)| Some((name.to_owned(), value?)));
            Invocation { program: program.to_owned(), arguments: Vec::new(), environment: environment.collect() }
        };
        let accept = [("ACCEPT", self.accept.clone()), ("ACCEPT_WITH", Some(self.accept_with.clone()))];
        let mut transformation = step("transformation", &[("SOURCE_URL", self.source_url.clone())]);
        let secrets = self.secrets.iter().map(|(name, value)| (name.clone(), value.expose().to_owned()));
        transformation.environment.extend(secrets);
        [transformation, step("copy", &accept)]
    }

    /// Returns the program that writes the page; `warehouse_url` is that of a role that reads the marts, and `artifacts` the
    /// folder of dbt, if it ran.
    pub fn report(
        &self,
        warehouse_url: String,
        seconds: &IndexMap<&'static str, f64>,
        artifacts: Option<&Path>,
    ) -> Invocation {
        let step = |(task, seconds): (&&str, &f64)| json!({"task": task, "state": "success", "seconds": seconds});
        let steps = json!({"steps": seconds.iter().map(step).collect::<Vec<_>>()});
        let variables = [
            ("RUN_ID", Some(self.id.to_string())),
            ("LAKE_URL", Some(self.lake_url.clone())),
            ("WAREHOUSE_URL", Some(warehouse_url)),
            ("CONTRACT", self.contract.clone()),
            ("STEPS", Some(steps.to_string())),
            ("DBT_ARTIFACTS", artifacts.map(|dir| dir.display().to_string())),
        ];
        let environment = variables.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Invocation { program: "report".to_owned(), arguments: Vec::new(), environment: environment.collect() }
    }
}

/// Runs dbt with the configuration for Redshift, without a connection.
pub fn dbt_for_redshift(arguments: &[&str], dir: &Path) -> Invocation {
    let mut step = dbt("workgroup.0.eu-west-1.redshift-serverless.amazonaws.com", 5439, "", arguments, dir);
    let variables = [("DBT_TARGET", "dev"), ("AWS_DEFAULT_REGION", "eu-west-1")];
    step.environment.extend(variables.map(|(name, value)| (name.to_owned(), value.to_owned())));
    step
}

/// Runs dbt against a PostgreSQL warehouse, with the password of the `transformer` role. dbt writes its files to `dir`.
pub fn dbt(host: &str, port: u16, password: &str, arguments: &[&str], dir: &Path) -> Invocation {
    let place = |name: &str| dir.join(name).display().to_string();
    let environment = [
        ("DBT_PROFILES_DIR", ".".to_owned()),
        ("DBT_TARGET", "local".to_owned()),
        ("DBT_HOST", host.to_owned()),
        ("DBT_PORT", port.to_string()),
        ("DBT_USER", "transformer".to_owned()),
        ("DBT_PASSWORD", password.to_owned()),
        ("DBT_TARGET_PATH", place("target")),
        ("DBT_LOG_PATH", place("logs")),
        ("DBT_USE_COLORS", "false".to_owned()),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value)).into();
    Invocation { environment, ..Invocation::new("dbt", arguments, &[]) }
}

#[cfg(test)]
#[path = "../tests/unit/pipeline.rs"]
mod tests;
