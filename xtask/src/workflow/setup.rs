//! The GitHub repository configuration: environments, variables and, for access keys, two secrets.

use serde_json::{Value, json};

use super::deployment::{Access, Deployment, KEYS};
use crate::settings::Method;

/// A `gh` call and its purpose. Its arguments contain no secrets, because every process on the machine can read them.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub why: String,
    pub arguments: Vec<String>,
    pub input: Input,
    /// The arguments of an earlier call and a text: this call is skipped if a line of that output is the text.
    pub unless: Option<(Vec<String>, &'static str)>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    Nothing,
    /// The value of a variable from the environment or from `.env`.
    Variable(&'static str),
    Json(Value),
}

/// A placeholder in the JSON for the calling user's ID.
pub const REVIEWER: &str = "id of the reviewer: gh api user --jq .id";

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn call(why: impl Into<String>, text: &str, input: Input) -> Call {
    Call { why: why.into(), arguments: words(text), input, unless: None }
}

/// Returns the calls that configure the deployments. The access keys of `first` become repository secrets, those of
/// other deployments environment secrets.
pub fn calls(deployments: &[Deployment], first: &str) -> Vec<Call> {
    let token = json!({"default_workflow_permissions": "read", "can_approve_pull_request_reviews": false});
    let path = "api --method PUT repos/{owner}/{repo}/actions/permissions/workflow --input -";
    let mut calls = vec![call("workflow tokens are read-only by default", path, Input::Json(token))];
    for deployment in deployments {
        let module = &deployment.module;
        calls.extend(Access::ALL.into_iter().flat_map(|access| environment(deployment, access)));
        let variable = format!("variable set {}", deployment.account_variable());
        calls.push(call(format!("the account ID of `{module}`"), &variable, Input::Variable("AWS_ACCOUNT_ID")));
        if deployment.settings.auth.method == Method::Keys {
            let of_environment = |access| format!(" --env {}", deployment.environment_of(access));
            let places = if module == first { vec![String::new()] } else { Access::ALL.map(of_environment).into() };
            for (place, name) in places.iter().flat_map(|place| KEYS.map(|name| (place, name))) {
                let why = format!("the access key of `{module}`{place}");
                calls.push(call(why, &format!("secret set {name}{place}"), Input::Variable(name)));
            }
        }
    }
    calls
}

/// Returns the calls for an environment and its branches: only `main`, and any for read access by pull requests.
fn environment(deployment: &Deployment, access: Access) -> Vec<Call> {
    let name = deployment.environment_of(access);
    let path = format!("repos/{{owner}}/{{repo}}/environments/{name}");
    let bound = access != Access::Plan;
    let policy = if bound { json!({"protected_branches": false, "custom_branch_policies": true}) } else { Value::Null };
    let approved = deployment.reviewed() && access == Access::Deploy;
    let reviewers = if approved { json!([{"type": "User", "id": REVIEWER}]) } else { json!([]) };
    let body = json!({"deployment_branch_policy": policy, "reviewers": reviewers});
    let why = match access {
        Access::Deploy if approved => format!("environment `{name}`: only main, with approval"),
        Access::Plan => format!("environment `{name}`: also for pull requests"),
        _ => format!("environment `{name}`: only main"),
    };
    let mut calls = vec![call(why, &format!("api --method PUT {path} --input -"), Input::Json(body))];
    if bound {
        let policies = format!("{path}/deployment-branch-policies");
        let (why, post) = (format!("allow main in `{name}`"), format!("api --method POST {policies} -f name=main"));
        let unless = Some((words(&format!("api {policies} --jq .branch_policies[].name")), "main"));
        calls.push(Call { unless, ..call(why, &post, Input::Nothing) });
    }
    calls
}

/// Formats the calls as shell commands.
pub fn shown(calls: &[Call]) -> String {
    let line = |call: &Call| {
        let quoted = |word: &String| if word.contains(['{', '[']) { format!("'{word}'") } else { word.clone() };
        let command = call.arguments.iter().map(quoted).collect::<Vec<_>>().join(" ");
        let input = match &call.input {
            Input::Nothing => String::new(),
            Input::Variable(name) => format!(" < <(printf %s \"${name}\")"),
            Input::Json(body) => format!(" <<< '{body}'"),
        };
        format!("# {}\ngh {command}{input}\n", call.why)
    };
    calls.iter().map(line).collect()
}
