//! Tests the workflows of two deployments, one with access keys and one with GitHub's identity token.

mod pins;
mod rules;
mod scorecard;
mod setup;
mod trust;

use serde_yaml::Value;

use super::deployment::{Deployment, MODULES, shared};
use super::pins::released;
use super::{FOLDER, File, files};
use crate::settings::{Document, Variables, resolve};

/// Returns the deployments in the committed settings.
fn deployments() -> Vec<Deployment> {
    let texts =
        [include_str!("../../../../infra/settings/dev.yaml"), include_str!("../../../../infra/settings/prod.yaml")];
    let of = |(module, text): (&str, &str)| {
        let found = resolve(module, Document { file: module, text }, None, &Variables::new()).expect("valid settings");
        Deployment { module: module.to_owned(), settings: found.settings, partition: "aws" }
    };
    MODULES.into_iter().zip(texts).map(of).collect()
}

/// Returns a generated file and its value.
struct Parsed {
    file: File,
    value: Value,
}

fn parsed(deployments: &[Deployment]) -> Vec<Parsed> {
    let files = files(deployments, &released()).expect("plain values").into_iter();
    files.map(|file| Parsed { value: serde_yaml::from_str(&file.text).expect("YAML"), file }).collect()
}

fn workflows() -> Vec<Parsed> {
    parsed(&deployments()).into_iter().filter(|parsed| parsed.file.path.starts_with(FOLDER)).collect()
}

/// Returns the jobs of a workflow.
fn jobs(workflow: &Value) -> Vec<(&str, &Value)> {
    let jobs = workflow["jobs"].as_mapping().expect("jobs");
    jobs.iter().map(|(id, job)| (id.as_str().expect("an id"), job)).collect()
}

fn steps(job: &Value) -> &[Value] {
    job["steps"].as_sequence().expect("steps")
}

fn run(step: &Value) -> &str {
    step.get("run").and_then(Value::as_str).unwrap_or_default()
}

fn runs(job: &Value) -> Vec<&str> {
    steps(job).iter().map(run).filter(|run| !run.is_empty()).collect()
}

#[test]
fn an_environment_belongs_to_one_deployment_and_one_access() {
    let mut list = deployments();
    assert_eq!(shared(&list), None);
    list[1].settings.auth.environment = Some("dev-plan".to_owned());
    assert_eq!(shared(&list).as_deref(), Some("dev-plan"));
    list[1].settings.auth.environment = Some("dev".to_owned());
    assert_eq!(shared(&list).as_deref(), Some("dev-build"));
}

#[test]
fn the_compiler_is_the_one_that_builds_the_images() {
    let builder = format!("builder: rust:{}-slim", super::model::RUST.trim_end_matches(".0"));
    assert!(include_str!("../../../../infra/settings/dev.yaml").contains(&builder), "{builder}");
    assert!(super::ci::INSTALL_RUST.contains(&format!(" install {} ", super::model::RUST)));
}

#[test]
fn the_jobs_of_a_deployment_run_in_order() {
    let workflow = workflows().remove(1).value;
    let lines = |module: &str| {
        let of = jobs(&workflow).into_iter().filter(|(id, _)| id.starts_with(&format!("{module}-")));
        of.flat_map(|(_, job)| runs(job))
            .filter(|run| run.starts_with("cargo xtask"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let expected = |module: &str| {
        [
            "deploy --create-only --stack registry --stack storage --yes --env MODULE",
            "build-images --image ingestion-image --env MODULE",
            "build-images --push --image ingestion-image --env MODULE",
            "build-images --push --image dbt-image --env MODULE",
            "diff --json --env MODULE > plan.json",
            "diff --env MODULE > plan.txt",
            "deploy --yes --expect \"$DIGEST\" --env MODULE",
            "sync-dags --env MODULE",
            "status --env MODULE",
        ]
        .map(|words| format!("cargo xtask {}", words.replace("MODULE", module)))
    };
    assert_eq!((lines("dev"), lines("prod")), (expected("dev").into(), expected("prod").into()));
    let needs = |id: &str| workflow["jobs"][id].get("needs").cloned().unwrap_or_default();
    let list = |ids: &[&str]| serde_yaml::to_value(ids).expect("a list");
    assert_eq!(needs("prod-base"), Value::Null);
    assert_eq!((needs("prod-ingestion-image"), needs("prod-dbt-image")), (list(&["prod-base"]), list(&["prod-base"])));
    assert_eq!(needs("prod-plan"), list(&["prod-ingestion-image", "prod-dbt-image"]));
    assert_eq!(needs("prod-deploy"), list(&["prod-plan"]));
}
