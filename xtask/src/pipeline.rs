//! What one run is: its steps, each a program with arguments and an environment, whoever starts them.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::BTreeMap;
use std::path::Path;

use contract::RunId;

/// One program to run to completion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// What people call it.
    pub name: String,
    /// The program's file name.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its environment.
    pub environment: BTreeMap<String, String>,
}

/// What the jobs of a run need to know.
#[derive(Clone, Debug)]
pub struct Run {
    /// The run.
    pub id: RunId,
    /// `file:///dir` or `s3://bucket`.
    pub lake_url: String,
    /// The warehouse, as the role `loader`.
    pub warehouse_url: String,
    /// Another place for the answers than the contract's host.
    pub source_url: Option<String>,
    /// Another contract than the built-in one.
    pub contract: Option<String>,
    /// Only these collections, or all.
    pub collections: Vec<String>,
    /// Whether a collection may become empty that was not.
    pub allow_empty: bool,
    /// Why the jobs go on although data seems to be missing.
    pub accept: Option<String>,
}

impl Run {
    /// The ingestion steps in order.
    pub fn steps(&self) -> [Invocation; 2] {
        let mut common = BTreeMap::from([
            ("RUN_ID".to_owned(), self.id.to_string()),
            ("LAKE_URL".to_owned(), self.lake_url.clone()),
            ("WAREHOUSE_URL".to_owned(), self.warehouse_url.clone()),
        ]);
        if !self.collections.is_empty() {
            common.insert("COLLECTIONS".to_owned(), self.collections.join(","));
        }
        if let Some(contract) = &self.contract {
            common.insert("CONTRACT".to_owned(), contract.clone());
        }
        if let Some(reason) = &self.accept {
            common.insert("ACCEPT".to_owned(), reason.clone());
        }
        let mut transformation = common.clone();
        if let Some(url) = &self.source_url {
            transformation.insert("SOURCE_URL".to_owned(), url.clone());
        }
        let mut copy = common;
        if self.allow_empty {
            copy.insert("ALLOW_EMPTY".to_owned(), "true".to_owned());
        }
        let step = |name: &str, environment| Invocation {
            name: name.to_owned(),
            program: name.to_owned(),
            arguments: Vec::new(),
            environment,
        };
        [step("transformation", transformation), step("copy", copy)]
    }
}

/// dbt against a PostgreSQL warehouse.
#[derive(Clone, Debug)]
pub struct Dbt {
    /// The warehouse's host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The password of `transformer`.
    pub password: String,
}

impl Dbt {
    /// A compilation for Redshift that opens no connection; host and region are only named. With `incremental` it
    /// shows what an incremental model does on top of what is there, else what it does at first.
    pub fn compile_for_redshift(incremental: bool, dir: &Path) -> Invocation {
        let vars = format!("{{compile_as_incremental: {incremental}}}");
        Self::for_redshift(&["compile", "--no-populate-cache", "--no-introspect", "--vars", &vars], dir)
    }

    /// The unit tests that a build for Redshift would run, a line each; no connection is opened.
    pub fn unit_tests_for_redshift(dir: &Path) -> Invocation {
        Self::for_redshift(&["--quiet", "list", "--resource-type", "unit_test"], dir)
    }

    fn for_redshift(arguments: &[&str], dir: &Path) -> Invocation {
        let nobody = Self {
            host: "workgroup.0.eu-west-1.redshift-serverless.amazonaws.com".to_owned(),
            port: 5439,
            password: String::new(),
        };
        let mut step = nobody.step(arguments, dir);
        step.environment.extend(
            [("DBT_TARGET", "dev"), ("AWS_DEFAULT_REGION", "eu-west-1")]
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        step
    }

    /// A call of dbt in its project's folder, leaving what it leaves in `dir`.
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
            name: "dbt".to_owned(),
            program: "dbt".to_owned(),
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            environment: environment.map(|(name, value)| (name.to_owned(), value)).into(),
        }
    }
}

#[cfg(test)]
#[path = "../tests/unit/pipeline.rs"]
mod tests;
