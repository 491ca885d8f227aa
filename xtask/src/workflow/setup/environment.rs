//! Environments: the branches that may use them, and who must approve.

use serde_json::{Value, json};

use super::{Found, Otherwise, Plan, REPOSITORY, Step, Write};
use crate::workflow::deployment::{Access, Deployment};

/// GitHub's answer if the plan of the account has no reviewers for private repositories.
const NO_REVIEWERS: &str = "Please ensure the billing plan supports";

/// An environment with its rules, as the API returns it, and the names of the branches in its policy.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    pub value: Value,
    pub branches: Vec<String>,
}

impl Environment {
    fn rule(&self, kind: &str) -> &Value {
        let rules = self.value["protection_rules"].as_array();
        rules.into_iter().flatten().find(|rule| rule["type"] == kind).unwrap_or(&Value::Null)
    }

    /// Returns the body of a request that changes nothing.
    fn body(&self) -> Value {
        let rule = self.rule("required_reviewers");
        let reviewers = rule["reviewers"].as_array().into_iter().flatten();
        let reviewers = reviewers.map(|one| json!({ "type": one["type"], "id": one["reviewer"]["id"] }));
        json!({
            "wait_timer": self.rule("wait_timer")["wait_timer"].as_u64().unwrap_or(0),
            "prevent_self_review": rule["prevent_self_review"] == true,
            "reviewers": reviewers.collect::<Vec<_>>(),
            "deployment_branch_policy": self.value["deployment_branch_policy"],
        })
    }
}

/// Adds what one environment lacks: only `main`, except for the plans of pull requests, and for production a reviewer.
pub(super) fn plan(deployment: &Deployment, access: Access, is_first: bool, found: &Found, plan: &mut Plan) {
    let name = deployment.environment_of(access);
    let path = format!("{REPOSITORY}/environments/{name}");
    let present = found.environments.get(&name);
    let before = present.cloned().unwrap_or_default().body();
    let mut body = before.clone();
    let mut words = Vec::new();

    let bound = !(is_first && access == Access::Plan);
    if bound && body["deployment_branch_policy"].is_null() {
        body["deployment_branch_policy"] = json!({ "protected_branches": false, "custom_branch_policies": true });
    }
    words.push(if bound { "only for `main`" } else { "also for pull requests" }.to_owned());
    let unreviewed = body.clone();
    let reviewed = deployment.reviewed() && access == Access::Deploy;
    if reviewed {
        if body["reviewers"].as_array().is_none_or(Vec::is_empty) {
            body["reviewers"] = json!([{ "type": "User", "id": found.user }]);
            plan.notes
                .push(format!("You are the only reviewer of `{name}`: add others under Settings → Environments."));
        }
        // The only person of a repository could never deploy.
        if found.is_of_organisation() {
            body["prevent_self_review"] = true.into();
        }
        words.push("approved by a reviewer".to_owned());
        if body["prevent_self_review"] == true {
            words.push("who did not start it".to_owned());
        }
    }
    let words = format!("environment `{name}`: {}", words.join(", "));
    let lacks = |body: &Value| present.is_none() || *body != before;
    let write = |body| Write::Api("PUT", path.clone(), body);
    if lacks(&body) {
        let note = format!(
            "GitHub refuses reviewers for `{name}`: for private repositories, they need GitHub Enterprise Cloud. deploy.yml \
             does not deploy without them; see \"Approval\" in docs/aws.md."
        );
        let otherwise = Otherwise { sign: NO_REVIEWERS, write: lacks(&unreviewed).then(|| write(unreviewed)), note };
        plan.steps.push(Step { why: words, write: write(body.clone()), otherwise: reviewed.then_some(otherwise) });
    } else {
        plan.kept.push(words);
    }
    let branches = present.map_or(&[][..], |present| &present.branches);
    if bound && body["deployment_branch_policy"]["custom_branch_policies"] == true {
        if !branches.iter().any(|branch| branch == "main") {
            let body = json!({ "name": "main", "type": "branch" });
            let path = format!("{path}/deployment-branch-policies");
            plan.write(format!("environment `{name}`: allows `main`"), Write::Api("POST", path, body));
        }
        let others: Vec<&str> = branches.iter().map(String::as_str).filter(|branch| *branch != "main").collect();
        if !others.is_empty() {
            plan.notes.push(format!("Environment `{name}` also allows the branches `{}`.", others.join("`, `")));
        }
    }
}
