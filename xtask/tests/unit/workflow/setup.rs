use super::super::Deployment;
use super::super::setup::*;
use super::deployments;
use crate::settings::Method;
use serde_json::json;

#[test]
fn each_environment_is_bound_to_main_but_where_it_only_looks_and_prod_is_approved() {
    let calls = calls(&deployments(), "dev");
    let body = |name: &str| {
        let end = format!("environments/{name}");
        let found = calls.iter().find(|call| call.arguments.iter().any(|word| word.ends_with(&end)));
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
        let secret = calls.into_iter().filter(|call| call.arguments[0] == "secret");
        secret.map(|call| call.arguments[2..].join(" ")).collect::<Vec<_>>()
    };
    let mut list = deployments();
    assert_eq!(secrets(&list), ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], "prod becomes roles");
    list[1].settings.auth.method = Method::Keys;
    let prod = ["prod-build", "prod-plan", "prod"].map(|name| format!("AWS_ACCESS_KEY_ID --env {name}"));
    let found = secrets(&list);
    assert!(found.len() == 8 && prod.iter().all(|secret| found.contains(secret)), "{found:?}");
}
