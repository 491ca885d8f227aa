//! The plan for GitHub, of the deployments in the committed settings.

use super::super::ci::required_check;
use super::super::setup::{Found, Plan, Write, plan};
use super::deployments;
use crate::settings::Method;

fn of(list: &[super::super::Deployment]) -> Plan {
    let found = Found { rulesets: Some(Vec::new()), ..Found::default() };
    plan(list, "dev", "required", &found, Some("123456789012"))
}

#[test]
fn the_required_check_is_a_job_of_every_pull_request() {
    assert_eq!(required_check(&deployments()).as_deref(), Some("required"));
    let bodies = of(&deployments()).steps.into_iter().filter_map(|step| match step.write {
        Write::Api(_, path, body) if path.ends_with("/rulesets") => Some(body.to_string()),
        _ => None,
    });
    assert!(bodies.collect::<String>().contains(r#"[{"context":"required"}]"#));
}

#[test]
fn keys_are_secrets_of_the_environments_that_use_them() {
    let secrets = |list: &[_]| {
        let steps = of(list).steps.into_iter();
        let secrets = steps.filter_map(|step| match step.write {
            Write::Secret { environment, name } => Some(format!("{environment} {name}")),
            _ => None,
        });
        secrets.collect::<Vec<_>>()
    };
    let mut list = deployments();
    let of_dev = secrets(&list);
    assert!(
        of_dev.len() == 6 && of_dev.iter().all(|secret| secret.starts_with("dev")),
        "prod becomes roles: {of_dev:?}"
    );
    list[1].settings.auth.method = Method::Keys;
    assert_eq!(secrets(&list).len(), 12);
}

#[test]
fn the_variables_that_start_the_deployments_are_the_last_writes() {
    let steps = of(&deployments()).steps;
    let is_variable = steps.iter().map(|step| matches!(step.write, Write::Variable { .. })).collect::<Vec<_>>();
    assert!(is_variable.is_sorted() && is_variable.ends_with(&[true, true]), "{steps:#?}");
}
