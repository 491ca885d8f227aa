//! How deployments are let in: by a person's access keys, or by GitHub Actions' own identity.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{Findings, quoted};

/// How deployments are let in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// Access keys from the environment, or GitHub Actions' identity.
    pub method: Method,
    /// With `oidc`: the repository whose workflows may deploy, as owner/name.
    #[serde(default)]
    pub repository: Option<String>,
    /// With `oidc`: the number of the repository. Repositories made or renamed since 15 July 2026 have it in their
    /// identity: `repo:owner@owner_id/name@repository_id`.
    #[serde(default)]
    pub repository_id: Option<u64>,
    /// With `oidc`: the number of the repository's owner.
    #[serde(default)]
    pub owner_id: Option<u64>,
    /// With `oidc`: GitHub's environment whose jobs may deploy; its reviewers approve. Those with `-build` and `-plan` at the
    /// end go along.
    #[serde(default)]
    pub environment: Option<String>,
}

/// How a deployment proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY from the environment or `.env`, or a profile: for people.
    Keys,
    /// GitHub Actions' identity, traded for a role: nothing to leak.
    Oidc,
}

impl Auth {
    /// How the identity of every job of the repository begins, to which GitHub adds what the job is for; nothing without a
    /// repository. With the numbers it is the form of repositories made, renamed or moved since 15 July 2026 alone (GitHub
    /// changelog of 2026-04-23): the older one would let in whoever gets hold of the name.
    pub fn subject(&self) -> Option<String> {
        let repository = self.repository.as_ref()?;
        let numbered = || {
            let (owner, name) = repository.split_once('/')?;
            Some(format!("repo:{owner}@{}/{name}@{}", self.owner_id?, self.repository_id?))
        };
        Some(numbered().unwrap_or_else(|| format!("repo:{repository}")))
    }

    pub(super) fn check(&self, found: &mut Findings) {
        match (self.method, &self.repository) {
            (Method::Oidc, None) => {
                found.missing("auth.repository", "`oidc` needs the repository that is let in: write owner/name");
            }
            (Method::Oidc, Some(repository)) => found.must(
                owner_and_name(repository),
                "auth.repository",
                quoted(repository),
                "write owner/name as GitHub shows it, without https:// and .git",
            ),
            (Method::Keys, Some(repository)) => found.add(
                "auth.repository",
                quoted(repository),
                "only `method: oidc` has a repository; remove it or change the method",
            ),
            (Method::Keys, None) => {}
        }
        match (self.method, &self.environment) {
            (Method::Oidc, None) => {
                found.missing("auth.environment", "`oidc` needs GitHub's environment that is let in")
            }
            (Method::Oidc, Some(name)) => found.must(
                environment(name),
                "auth.environment",
                quoted(name),
                "write letters, digits, `-` and `_`: in an identity all else is escaped",
            ),
            (Method::Keys, Some(name)) => found.add(
                "auth.environment",
                quoted(name),
                "only `method: oidc` has an environment; remove it or change the method",
            ),
            (Method::Keys, None) => {}
        }
        if self.repository_id.is_some() != self.owner_id.is_some() {
            let path = if self.owner_id.is_none() { "auth.owner_id" } else { "auth.repository_id" };
            found.missing(path, "`repository_id` and `owner_id` go together, as in `repo:owner@id/name@id`");
        }
    }
}

/// GitHub allows more, up to 255 characters, and escapes a `:` in an identity (GitHub Docs, "OpenID Connect reference"). Ours:
/// nothing to escape, and room for what is added.
fn environment(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_')
}

/// An owner is letters, digits and hyphens, at most 39; a name also has dots and underscores, at most 100 (GitHub's own
/// sign-up and repository forms say so).
fn owner_and_name(text: &str) -> bool {
    let Some((owner, name)) = text.split_once('/') else { return false };
    let owner_legal = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let name_legal = |c: char| owner_legal(c) || c == '.' || c == '_';
    (1..=39).contains(&owner.len())
        && (1..=100).contains(&name.len())
        && owner.chars().all(owner_legal)
        && name.chars().all(name_legal)
        && !name.ends_with(".git")
}
