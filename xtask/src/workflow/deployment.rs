//! A deployment in the workflows: its settings, its environments and its roles.
//!
//! The subject of a job's identity token is `repo:owner/name:environment:NAME` if the job has an environment,
//! regardless of its trigger; otherwise `repo:owner/name:pull_request` or `repo:owner/name:ref:REF` (GitHub Docs,
//! "OpenID Connect reference"). Repositories created, renamed or moved since 15 July 2026 have `repo:owner@id/name@id`
//! (GitHub changelog of 2026-04-23). Therefore, each access level has its own environment, and each role trusts exactly
//! one subject.

use std::collections::BTreeSet;

use crate::settings::{Approval, Level, Settings};

/// The settings modules that the workflows deploy; a push to `main` deploys the first one. `rehearse` is for emulators.
pub const MODULES: [&str; 2] = ["dev", "prod"];

#[derive(Clone, Debug, PartialEq)]
pub struct Deployment {
    pub module: String,
    pub settings: Settings,
    /// The AWS partition, as in ARNs.
    pub partition: &'static str,
}

/// The names of the secrets and environment variables for an access key.
pub const KEYS: [&str; 2] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

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
}

impl Deployment {
    pub(super) fn is_production(&self) -> bool {
        self.settings.protection.level == Level::Production
    }

    /// Whether a reviewer of the environment must approve the plan.
    pub(super) fn reviewed(&self) -> bool {
        self.is_production() && self.settings.auth.approval == Approval::Reviewers
    }

    /// Whether the plan's digest must be an input of the run.
    pub(super) fn approved_by_digest(&self) -> bool {
        self.is_production() && self.settings.auth.approval == Approval::Digest
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
        let environment = self.settings.auth.environment.as_ref().unwrap_or(&self.module);
        match access {
            Access::Deploy => environment.clone(),
            other => format!("{environment}-{}", other.word()),
        }
    }

    /// Returns the role name for an access level, as in `infra/github/ci.yaml`.
    pub fn role(&self, access: Access) -> String {
        format!("{}-github-{}", self.settings.project, access.word())
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
