//! A deployment as the workflows see it: its name, its region, and how a job is let in.

use super::oidc::Role;
use crate::settings::{Level, Method, Settings};

/// The settings that the workflows may deploy; a push to `main` goes to the first. `rehearse` is for emulators.
pub const MODULES: [&str; 2] = ["dev", "prod"];

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// The settings' module.
    pub module: String,
    /// GitHub's environment of the job that deploys.
    pub environment: String,
    /// Settings `project`, which begins the roles' names.
    pub project: String,
    /// The region.
    pub region: String,
    /// The part of AWS that it is in, as ARNs call it.
    pub partition: &'static str,
    /// Whether somebody has to approve.
    pub reviewed: bool,
    /// How jobs are let in.
    pub login: Login,
}

/// How jobs are let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// By the two secrets of the repository or the environment.
    Keys,
    /// By GitHub's identity; of whose jobs, without what the job itself adds.
    Oidc(String),
}

/// What a job is let in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// To make what a plan needs: the registry, the buckets, the images.
    Build,
    /// To look.
    Plan,
    /// To change everything.
    Deploy,
}

impl Access {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Build, Self::Plan, Self::Deploy];

    /// As names have it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Plan => "plan",
            Self::Deploy => "deploy",
        }
    }

    /// How long its credentials last: Airflow alone takes half an hour to be made.
    pub(super) fn seconds(self) -> u32 {
        if self == Self::Deploy { 7_200 } else { 3_600 }
    }
}

impl Deployment {
    /// Of a module's settings.
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

    /// The variable that holds the account, of the repository: conditions of jobs see no other.
    pub fn account_variable(&self) -> String {
        format!("AWS_ACCOUNT_ID_{}", self.module.to_uppercase().replace('-', "_"))
    }

    /// That, as an expression.
    pub(super) fn account(&self) -> String {
        format!("${{{{ vars.{} }}}}", self.account_variable())
    }

    /// GitHub's environment of the jobs with an access. One each: an identity names its environment and hardly anything
    /// else, and approval is asked for every job of the environment that wants it.
    pub fn environment_of(&self, access: Access) -> String {
        match access {
            Access::Deploy => self.environment.clone(),
            other => format!("{}-{}", self.environment, other.word()),
        }
    }

    /// Its role for an access.
    pub fn role(&self, access: Access) -> Role<'_> {
        Role { deployment: self, access }
    }
}

/// An environment of GitHub's that two deployments would share.
pub fn shared(deployments: &[Deployment]) -> Option<String> {
    let all = |deployment: &Deployment| Access::ALL.map(|access| deployment.environment_of(access));
    let mut seen = std::collections::BTreeSet::new();
    deployments.iter().flat_map(all).find(|name| !seen.insert(name.clone()))
}

#[cfg(test)]
mod tests {
    use super::shared;
    use crate::workflow::tests::deployments;

    #[test]
    fn an_environment_is_of_one_deployment_and_of_one_access() {
        let mut list = deployments();
        assert_eq!(shared(&list), None);
        list[1].environment = "dev-plan".to_owned();
        assert_eq!(shared(&list).as_deref(), Some("dev-plan"));
        list[1].environment = "dev".to_owned();
        assert_eq!(shared(&list).as_deref(), Some("dev-build"));
    }
}
