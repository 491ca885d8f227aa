//! A deployment in the workflows: its name, its region, and how its jobs log in.
//!
//! The subject of a job's identity token is `repo:owner/name:environment:NAME` if the job has an environment,
//! regardless of its trigger; otherwise `repo:owner/name:pull_request` or `repo:owner/name:ref:REF` (GitHub Docs,
//! "OpenID Connect reference"). Repositories created, renamed or moved since 15 July 2026 have `repo:owner@id/name@id`
//! (GitHub changelog of 2026-04-23). Therefore, each access level has its own environment, and each role trusts exactly
//! one subject.

use std::collections::BTreeSet;

use crate::settings::{Level, Method, Settings};

/// The settings modules that the workflows deploy; a push to `main` deploys the first one. `rehearse` is for emulators.
pub const MODULES: [&str; 2] = ["dev", "prod"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    pub module: String,
    /// The GitHub environment of the deploy job.
    pub environment: String,
    /// The `project` setting, which is the prefix of the role names.
    pub project: String,
    pub region: String,
    /// The AWS partition, as in ARNs.
    pub partition: &'static str,
    pub reviewed: bool,
    pub login: Login,
}

/// The names of the secrets and environment variables for an access key.
pub(super) const KEYS: [&str; 2] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

/// How jobs log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// With an access key, which is stored in two repository or environment secrets.
    Keys,
    /// With GitHub's identity token. The value is the token's subject without the part that the job adds.
    Oidc(String),
}

/// What a job's credentials allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Create the registry and the buckets, push images.
    Build,
    Plan,
    Deploy,
}

impl Access {
    pub const ALL: [Self; 3] = [Self::Build, Self::Plan, Self::Deploy];

    pub fn word(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Plan => "plan",
            Self::Deploy => "deploy",
        }
    }

    /// Returns the lifetime of the credentials in seconds: creating Airflow alone takes half an hour.
    pub(super) fn seconds(self) -> u32 {
        if self == Self::Deploy { 7_200 } else { 3_600 }
    }
}

impl Deployment {
    pub fn new(module: &str, of: &Settings, partition: &'static str) -> Self {
        let login = match (of.auth.method, of.auth.subject()) {
            (Method::Oidc, Some(subject)) => Login::Oidc(subject),
            _ => Login::Keys,
        };
        Self {
            module: module.to_owned(),
            environment: of.auth.environment.clone().unwrap_or_else(|| module.to_owned()),
            project: of.project.clone(),
            region: of.region.clone(),
            partition,
            reviewed: of.protection.level == Level::Production,
            login,
        }
    }

    /// Returns the name of the variable that contains the account ID. It is a repository variable, because job
    /// conditions cannot read the variables of a GitHub environment.
    pub fn account_variable(&self) -> String {
        format!("AWS_ACCOUNT_ID_{}", self.module.to_uppercase().replace('-', "_"))
    }

    pub(super) fn account(&self) -> String {
        format!("${{{{ vars.{} }}}}", self.account_variable())
    }

    /// Returns the GitHub environment of the jobs with this access level. Each level has its own environment, because
    /// the subject contains little more than the environment, and a reviewer must approve every job in a protected
    /// environment.
    pub fn environment_of(&self, access: Access) -> String {
        match access {
            Access::Deploy => self.environment.clone(),
            other => format!("{}-{}", self.environment, other.word()),
        }
    }

    /// Returns the role name for an access level, as in `infra/github/ci.yaml`.
    pub fn role(&self, access: Access) -> String {
        format!("{}-github-{}", self.project, access.word())
    }

    pub(super) fn role_arn(&self, access: Access) -> String {
        format!("arn:{}:iam::{}:role/{}", self.partition, self.account(), self.role(access))
    }
}

/// Returns a GitHub environment that two deployments share, if there is one.
pub fn shared(deployments: &[Deployment]) -> Option<String> {
    let all = |deployment: &Deployment| Access::ALL.map(|access| deployment.environment_of(access));
    let mut seen = BTreeSet::new();
    deployments.iter().flat_map(all).find(|name| !seen.insert(name.clone()))
}
