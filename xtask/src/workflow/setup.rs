//! What GitHub has to know before a push reaches AWS: environments, variables and, where keys are the way in, two secrets.

use serde_json::{Value, json};

use super::deployment::{Access, Deployment, Login};

/// One call of `gh`. Nothing secret is among its words: every process of the machine may read those.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// What for.
    pub why: String,
    /// The words after `gh`.
    pub words: Vec<String>,
    /// What it reads.
    pub input: Input,
    /// Asked before: there is nothing to do where one of the lines of the answer is the text.
    pub unless: Option<(Vec<String>, &'static str)>,
}

/// What a call reads on its standard input.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// Nothing.
    Nothing,
    /// The value of a variable of the environment or of `.env`.
    Variable(&'static str),
    /// JSON.
    Json(Value),
}

/// Stands in the JSON for the number of whoever runs this, until it is known.
pub const REVIEWER: &str = "the number of whoever approves: gh api user --jq .id";

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn call(why: impl Into<String>, text: &str, input: Input) -> Call {
    Call { why: why.into(), words: words(text), input, unless: None }
}

/// The calls for some deployments; `first` is the one whose keys are the repository's, every other one's are its environments'.
pub fn calls(deployments: &[Deployment], first: &str) -> Vec<Call> {
    let token = json!({"default_workflow_permissions": "read", "can_approve_pull_request_reviews": false});
    let path = "api --method PUT repos/{owner}/{repo}/actions/permissions/workflow --input -";
    let mut calls = vec![call("a workflow's token reads, unless its job says more", path, Input::Json(token))];
    for deployment in deployments {
        let module = &deployment.module;
        for access in Access::ALL {
            calls.extend(environment(deployment, access));
        }
        let variable = format!("variable set {}", deployment.account_variable());
        calls.push(call(
            format!("the only account that `{module}` goes to"),
            &variable,
            Input::Variable("AWS_ACCOUNT_ID"),
        ));
        if deployment.login == Login::Keys {
            let of_whom: Vec<String> = if module == first {
                vec![String::new()]
            } else {
                Access::ALL.map(|access| format!(" --env {}", deployment.environment_of(access))).into()
            };
            for place in of_whom {
                for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
                    let why = format!("the key of `{module}`{place}");
                    calls.push(call(why, &format!("secret set {name}{place}"), Input::Variable(name)));
                }
            }
        }
    }
    calls
}

/// An environment, and which branches may use it: `main` alone, unless it only looks, which a pull request's jobs do as well.
fn environment(deployment: &Deployment, access: Access) -> Vec<Call> {
    let name = deployment.environment_of(access);
    let path = format!("repos/{{owner}}/{{repo}}/environments/{name}");
    let bound = access != Access::Plan;
    let policy = if bound { json!({"protected_branches": false, "custom_branch_policies": true}) } else { Value::Null };
    let approved = deployment.reviewed && access == Access::Deploy;
    let reviewers = if approved { json!([{"type": "User", "id": REVIEWER}]) } else { json!([]) };
    let body = json!({"deployment_branch_policy": policy, "reviewers": reviewers});
    let why = match access {
        Access::Deploy if approved => format!("the environment `{name}`: main alone, after an approval"),
        Access::Plan => format!("the environment `{name}`: also of pull requests"),
        _ => format!("the environment `{name}`: main alone"),
    };
    let mut calls = vec![call(why, &format!("api --method PUT {path} --input -"), Input::Json(body))];
    if bound {
        let policies = format!("{path}/deployment-branch-policies");
        let mut main =
            call(format!("main, for `{name}`"), &format!("api --method POST {policies} -f name=main"), Input::Nothing);
        main.unless = Some((words(&format!("api {policies} --jq .branch_policies[].name")), "main"));
        calls.push(main);
    }
    calls
}

/// As a person types them.
pub fn shown(calls: &[Call]) -> String {
    let line = |call: &Call| {
        let quoted = |word: &String| if word.contains(['{', '[']) { format!("'{word}'") } else { word.clone() };
        let command = call.words.iter().map(quoted).collect::<Vec<_>>().join(" ");
        let input = match &call.input {
            Input::Nothing => String::new(),
            Input::Variable(name) => format!(" < <(printf %s \"${name}\")"),
            Input::Json(body) => format!(" <<< '{body}'"),
        };
        format!("# {}\ngh {command}{input}\n", call.why)
    };
    calls.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::tests::deployments;

    #[test]
    fn each_environment_is_bound_to_main_but_where_it_only_looks_and_prod_is_approved() {
        let calls = calls(&deployments(), "dev");
        let body = |name: &str| {
            let end = format!("environments/{name}");
            let found = calls.iter().find(|call| call.words.iter().any(|word| word.ends_with(&end)));
            let Some(Call { input: Input::Json(body), .. }) = found else { panic!("{name}") };
            (body["deployment_branch_policy"]["custom_branch_policies"] == true, body["reviewers"] != json!([]))
        };
        let wanted = [
            ("dev", (true, false)),
            ("dev-build", (true, false)),
            ("dev-plan", (false, false)),
            ("prod", (true, true)),
            ("prod-build", (true, false)),
            ("prod-plan", (false, false)),
        ];
        assert_eq!(wanted.map(|(name, _)| (name, body(name))), wanted);
    }

    #[test]
    fn keys_are_secrets_of_the_deployment_that_has_them_and_of_no_other() {
        let secrets = |list: &[Deployment]| {
            let calls = calls(list, "dev");
            let secret = calls.into_iter().filter(|call| call.words[0] == "secret");
            secret.map(|call| call.words[2..].join(" ")).collect::<Vec<_>>()
        };
        let mut list = deployments();
        assert_eq!(secrets(&list), ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], "prod becomes roles");
        list[1].login = Login::Keys;
        let prod = ["prod-build", "prod-plan", "prod"].map(|name| format!("AWS_ACCESS_KEY_ID --env {name}"));
        let found = secrets(&list);
        assert!(found.len() == 8 && prod.iter().all(|secret| found.contains(secret)), "{found:?}");
    }
}
