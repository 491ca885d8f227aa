//! The steps of a run, each a program with arguments and an environment.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::BTreeMap;
use std::path::Path;

use contract::RunId;

/// One program to run to completion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The program's file name.
    pub program: String,
    pub arguments: Vec<String>,
    pub environment: BTreeMap<String, String>,
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
    /// The collections; empty for all.
    pub collections: Vec<String>,
    /// Whether a collection may become empty.
    pub allow_empty: bool,
    /// The reason for accepting a run in which data appears to be missing.
    pub accept: Option<String>,
}

impl Run {
    pub fn steps(&self) -> [Invocation; 2] {
        let step = |program: &str, name: &str, value: Option<String>| {
            let variables = [
                ("RUN_ID", Some(self.id.to_string())),
                ("LAKE_URL", Some(self.lake_url.clone())),
                ("WAREHOUSE_URL", Some(self.warehouse_url.clone())),
                ("COLLECTIONS", (!self.collections.is_empty()).then(|| self.collections.join(","))),
                ("CONTRACT", self.contract.clone()),
                ("ACCEPT", self.accept.clone()),
                (name, value),
            ];
            let environment = variables.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
            Invocation { program: program.to_owned(), arguments: Vec::new(), environment: environment.collect() }
        };
        let allow_empty = self.allow_empty.then(|| "true".to_owned());
        [step("transformation", "SOURCE_URL", self.source_url.clone()), step("copy", "ALLOW_EMPTY", allow_empty)]
    }
}

/// dbt against a PostgreSQL warehouse.
#[derive(Clone, Debug)]
pub struct Dbt {
    pub host: String,
    pub port: u16,
    /// The `transformer` role's password.
    pub password: String,
}

impl Dbt {
    /// Compiles the models for Redshift without a connection. With `incremental`, incremental models are compiled as if
    /// their tables existed; otherwise, as in the first build.
    pub fn compile_for_redshift(incremental: bool, dir: &Path) -> Invocation {
        let vars = format!("{{compile_as_incremental: {incremental}}}");
        Self::for_redshift(&["compile", "--no-populate-cache", "--no-introspect", "--vars", &vars], dir)
    }

    /// Lists the unit tests in a Redshift build, one per line, without a connection.
    pub fn unit_tests_for_redshift(dir: &Path) -> Invocation {
        Self::for_redshift(&["--quiet", "list", "--resource-type", "unit_test"], dir)
    }

    fn for_redshift(arguments: &[&str], dir: &Path) -> Invocation {
        let dummy = Self {
            host: "workgroup.0.eu-west-1.redshift-serverless.amazonaws.com".to_owned(),
            port: 5439,
            password: String::new(),
        };
        let mut step = dummy.step(arguments, dir);
        let variables = [("DBT_TARGET", "dev"), ("AWS_DEFAULT_REGION", "eu-west-1")];
        step.environment.extend(variables.map(|(name, value)| (name.to_owned(), value.to_owned())));
        step
    }

    /// Runs dbt, which writes its output files to `dir`.
    pub fn step(&self, arguments: &[&str], dir: &Path) -> Invocation {
        let place = |name: &str| dir.join(name).display().to_string();
        let environment = [
            ("DBT_PROFILES_DIR", ".".to_owned()),
            ("DBT_TARGET", "local".to_owned()),
            ("DBT_HOST", self.host.clone()),
            ("DBT_PORT", self.port.to_string()),
            ("DBT_USER", "transformer".to_owned()),
            ("DBT_PASSWORD", self.password.clone()),
            ("DBT_TARGET_PATH", place("target")),
            ("DBT_LOG_PATH", place("logs")),
            ("DBT_USE_COLORS", "false".to_owned()),
        ];
        Invocation {
            program: "dbt".to_owned(),
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            environment: environment.map(|(name, value)| (name.to_owned(), value)).into(),
        }
    }
}

#[cfg(test)]
#[path = "../tests/unit/pipeline.rs"]
mod tests;
