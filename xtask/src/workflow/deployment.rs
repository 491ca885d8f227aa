//! A deployment in the workflows: its settings, its environments and its roles.
//!
//! The subject of a job's identity token is `repo:owner/name:environment:NAME` if the job has an environment,
//! regardless of its trigger; otherwise `repo:owner/name:pull_request` or `repo:owner/name:ref:REF` (GitHub Docs,
//! "OpenID Connect reference"). Repositories created, renamed or moved since 15 July 2026 have `repo:owner@id/name@id`
//! (GitHub changelog of 2026-04-23). Therefore, each access level has its own environment, and each role trusts exactly
//! one subject.

use std::collections::BTreeSet;

use crate::settings::{Approval, DeployOn, Level, Settings};

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

/// Returns the deployments in the order of the workflows: the one that a push deploys, then the others, production last.
///
/// # Errors
/// What is wrong, and how to correct it, unless one deployment follows a push and no two share an environment or an account
/// variable: they would share its role and approvals, or its account.
pub fn in_order(mut found: Vec<Deployment>) -> Result<Vec<Deployment>, (String, &'static str)> {
    found.retain(|one| one.settings.deploy_on != DeployOn::Never);
    found.sort_by_key(|one| {
        (
            one.settings.deploy_on != DeployOn::Push,
            one.settings.protection.level == Level::Production,
            one.module.clone(),
        )
    });
    let on_push = found.iter().filter(|one| one.settings.deploy_on == DeployOn::Push);
    match on_push.map(|one| one.module.as_str()).collect::<Vec<_>>()[..] {
        [_] => {}
        [] if found.is_empty() => {}
        [] => {
            return Err(("no module has `deploy_on: push`".to_owned(), "set it in the module that every push deploys"));
        }
        [one, other, ..] => {
            return Err((format!("`{one}` and `{other}` both have `deploy_on: push`"), "use `request` in one of them"));
        }
    }
    // GitHub Docs, "Workflow syntax": a job ID starts with a letter or `_`.
    if let Some(one) = found.iter().find(|one| !one.module.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')) {
        let fix = "rename the file: GitHub's job IDs start with a letter";
        return Err((format!("the workflows cannot deploy the module `{}`", one.module), fix));
    }
    let twice = |names: Vec<String>| {
        let mut seen = BTreeSet::new();
        names.into_iter().find(|name| !seen.insert(name.to_lowercase()))
    };
    // GitHub ignores the case of both names.
    if let Some(name) =
        twice(found.iter().flat_map(|one| Access::ALL.map(|access| one.environment_of(access))).collect())
    {
        let fix = "set a different `auth.environment` for each";
        return Err((format!("two deployments use the GitHub environment `{name}`"), fix));
    }
    if let Some(name) = twice(found.iter().map(Deployment::account_variable).collect()) {
        return Err((format!("two deployments use the variable `{name}`"), "rename one of the modules"));
    }
    Ok(found)
}
