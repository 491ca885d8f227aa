//! The identity that deploys: a person with access keys, or GitHub Actions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Findings;

/// The identity that deploys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// Access keys, or the identity of GitHub Actions.
    pub method: Method,
    /// With `oidc`: the repository whose workflows may deploy, as owner/name.
    pub repository: Option<String>,
    /// With `oidc`: the repository ID. In repositories created or renamed since 15 July 2026, the token subject
    /// contains it: `repo:owner@owner_id/name@repository_id`.
    pub repository_id: Option<u64>,
    /// With `oidc`: the ID of the repository owner.
    pub owner_id: Option<u64>,
    /// With `oidc`: the GitHub environment whose jobs may deploy after its reviewers approve. The environments with the
    /// same name and the suffix `-build` or `-plan` belong to it.
    pub environment: Option<String>,
    /// Whether GitHub signs what the workflows build, and the jobs verify it: GitHub keeps attestations for public
    /// repositories, and for private ones with GitHub Enterprise Cloud.
    #[serde(default)]
    pub attestations: bool,
    /// With `protection.level: production`: who approves a plan in the workflows.
    #[serde(default)]
    pub approval: Approval,
}

/// The approval of a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// A reviewer of the environment. GitHub has them for public repositories, and for private ones with GitHub Enterprise
    /// Cloud.
    #[default]
    Reviewers,
    /// Whoever starts the deployment again, with the digest of the plan as input. A second person is not required.
    Digest,
}

/// The credentials of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY from the environment or `.env`, or a profile: for people.
    Keys,
    /// The identity of GitHub Actions, which assumes a role, so no key can leak.
    Oidc,
}

impl Auth {
    /// Returns the prefix of the OIDC subject that all jobs in the repository share; GitHub appends the job's context.
    /// With the IDs, it matches only the format of repositories created, renamed or moved since 15 July 2026 (GitHub
    /// changelog of 2026-04-23), because the older format would also match a new owner of the name.
    pub fn subject(&self) -> Option<String> {
        let repository = self.repository.as_ref()?;
        let numbered = || {
            let (owner, name) = repository.split_once('/')?;
            Some(format!("repo:{owner}@{}/{name}@{}", self.owner_id?, self.repository_id?))
        };
        Some(numbered().unwrap_or_else(|| format!("repo:{repository}")))
    }

    pub(super) fn check(&self, found: &mut Findings<'_>) {
        // An owner has up to 39 letters, digits and hyphens; a name up to 100, including dots and underscores (GitHub's
        // sign-up and repository forms). GitHub allows more characters in an environment and escapes a `:` in an identity
        // (GitHub Docs, "OpenID Connect reference"). Our rule avoids escapes and leaves room for a suffix.
        let repository = "^[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}$";
        let owner_and_name = "use owner/name as GitHub shows it, without https:// or .git";
        let environment = "^[A-Za-z0-9_-]{1,64}$";
        for (path, value, pattern, fix) in [
            ("auth.repository", &self.repository, repository, owner_and_name),
            ("auth.environment", &self.environment, environment, "use up to 64 letters, digits, `-` and `_`"),
        ] {
            match (self.method, value) {
                (Method::Oidc, None) => found.add(path, format!("is missing: `method: oidc` requires it; {fix}")),
                (Method::Oidc, Some(value)) => {
                    if found.pattern(path, pattern, fix) {
                        found.must(!value.ends_with(".git"), path, fix);
                    }
                }
                (Method::Keys, Some(_)) => {
                    found.add(path, "is supported only with `method: oidc`; remove it or change the method")
                }
                (Method::Keys, None) => {}
            }
        }
        if self.repository_id.is_some() != self.owner_id.is_some() {
            let path = if self.owner_id.is_none() { "auth.owner_id" } else { "auth.repository_id" };
            found.add(path, "is missing: set both `repository_id` and `owner_id`, or neither");
        }
    }
}
