//! The configuration of the repository at GitHub, as a plan: what is missing is added, and nothing stricter is changed.
//! GitHub replaces an environment or a ruleset as a whole, so each body contains what is already there.
//!
//! Sources: GitHub's REST API, version 2022-11-28: "Deployment environments", "Repository rules", "Actions permissions".

mod environment;
mod ruleset;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Value, json};

use super::deployment::{Access, Deployment, KEYS};
use crate::settings::Method;
pub use environment::Environment;

/// The beginning of every path.
pub const REPOSITORY: &str = "repos/{owner}/{repo}";

/// The configuration that the repository has.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The repository.
    pub repository: Value,
    /// The ID of the user who calls.
    pub user: u64,
    pub environments: BTreeMap<String, Environment>,
    pub variables: BTreeMap<String, String>,
    /// Environments and the names of their secrets; an empty name for those of the repository.
    pub secrets: BTreeSet<(String, String)>,
    /// The rulesets, with their rules; none if GitHub offers them only for another plan.
    pub rulesets: Option<Vec<Value>>,
    /// The permissions of the workflows' tokens.
    pub token: Value,
    /// Whether the repository has a file with code owners.
    pub code_owners: bool,
}

impl Found {
    fn is_of_organisation(&self) -> bool {
        self.repository["owner"]["type"] == "Organization"
    }
}

/// A write, and what is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What it changes, in words.
    pub why: String,
    pub write: Write,
    /// What to do if GitHub refuses this.
    pub otherwise: Option<Otherwise>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// A method, a path and a body of the API.
    Api(&'static str, String, Value),
    /// A variable of the environment or of `.env` becomes a secret of an environment. The value is not part of the plan.
    Secret { environment: String, name: &'static str },
    /// The same for a variable of the repository, which may exist.
    Variable { name: String, from: &'static str, exists: bool },
}

/// The words of a refusal, the write instead of the refused one, and what that means.
#[derive(Clone, Debug, PartialEq)]
pub struct Otherwise {
    pub sign: &'static str,
    pub write: Option<Write>,
    pub note: String,
}

/// What to write, in this order, what is already there, and what a person must know or do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    pub steps: Vec<Step>,
    pub kept: Vec<String>,
    pub notes: Vec<String>,
}

/// Returns the plan for these deployments; `first` is planned by pull requests, too, and `required` is the check that they
/// need. `account` is the account ID of the deployments, if it is known.
pub fn plan(deployments: &[Deployment], first: &str, required: &str, found: &Found, account: Option<&str>) -> Plan {
    let mut plan = Plan::default();
    let token = json!({ "default_workflow_permissions": "read", "can_approve_pull_request_reviews": false });
    let words = "workflow tokens: read-only by default, and they approve no pull request";
    let same = ["default_workflow_permissions", "can_approve_pull_request_reviews"];
    if same.iter().all(|name| found.token[name] == token[name]) {
        plan.kept.push(words.to_owned());
    } else {
        let path = format!("{REPOSITORY}/actions/permissions/workflow");
        plan.write(words, Write::Api("PUT", path, token));
    }
    ruleset::plan(required, found, &mut plan);
    for deployment in deployments {
        for access in Access::ALL {
            environment::plan(deployment, access, deployment.module == first, found, &mut plan);
        }
        if deployment.settings.auth.method == Method::Keys {
            keys(deployment, found, &mut plan);
        }
    }
    // With this variable, the deployments start.
    for deployment in deployments {
        let (name, present) = (deployment.account_variable(), found.variables.get(&deployment.account_variable()));
        let words = format!("variable `{name}`: the account of `{}`", deployment.module);
        if present.is_some() && account.is_none_or(|account| present.is_some_and(|present| present == account)) {
            plan.kept.push(words);
        } else {
            plan.write(words, Write::Variable { name, from: "AWS_ACCOUNT_ID", exists: present.is_some() });
        }
    }
    plan
}

/// Access keys are secrets of the environments, which other workflows and branches cannot read.
fn keys(deployment: &Deployment, found: &Found, plan: &mut Plan) {
    for name in KEYS.into_iter().filter(|name| found.secrets.contains(&(String::new(), (*name).to_owned()))) {
        plan.notes.push(format!("Every workflow can read the repository's secret `{name}`: gh secret delete {name}"));
    }
    for access in Access::ALL {
        let environment = deployment.environment_of(access);
        for name in KEYS {
            let words = format!("environment `{environment}`: secret `{name}`");
            if found.secrets.contains(&(environment.clone(), name.to_owned())) {
                plan.kept.push(format!("{words}; to replace it: gh secret set {name} --env {environment}"));
            } else {
                plan.write(words, Write::Secret { environment: environment.clone(), name });
            }
        }
    }
}

impl Plan {
    fn write(&mut self, why: impl Into<String>, write: Write) {
        self.steps.push(Step { why: why.into(), write, otherwise: None });
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            writeln!(f, "+ {}", step.why)?;
        }
        for kept in &self.kept {
            writeln!(f, "= {kept}")?;
        }
        for note in &self.notes {
            writeln!(f, "! {note}")?;
        }
        match self.steps.len() {
            0 => writeln!(f, "Nothing to do."),
            count => writeln!(f, "{count} of {} to do.", count + self.kept.len()),
        }
    }
}
