//! Who may become which role: GitHub vouches for a job, AWS believes what the role's trust names.
//!
//! A job's identity is `repo:owner/name:environment:NAME` if it has an environment, whatever started it; else
//! `repo:owner/name:pull_request` or `repo:owner/name:ref:REF` (GitHub Docs, "OpenID Connect reference"). Repositories made,
//! renamed or moved since 15 July 2026 say `repo:owner@id/name@id` (GitHub changelog of 2026-04-23). So each access has an
//! environment of its own, and each role trusts exactly one identity.

use super::deployment::{Access, Deployment};

/// A role in a deployment's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role<'d> {
    /// Whose.
    pub deployment: &'d Deployment,
    /// What for.
    pub access: Access,
}

impl Role<'_> {
    /// As `infra/github/ci.yaml` names it.
    pub fn name(&self) -> String {
        format!("{}-github-{}", self.deployment.project, self.access.word())
    }

    /// In an account, which may be an expression.
    pub fn arn(&self, account: &str) -> String {
        format!("arn:{}:iam::{account}:role/{}", self.deployment.partition, self.name())
    }
}
