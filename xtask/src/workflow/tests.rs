//! The workflows of two deployments, one let in by keys and one by GitHub's identity: what holds of them, and that each thing
//! that holds is found missing.

mod guarantees;
mod scorecard;
mod trust;

use serde_yaml::Value;

use super::deployment::{Deployment, MODULES};
use super::pins::Pins;
use super::rules::{Subject, rules};
use super::{FOLDER, File, files};
use crate::settings::{Document, Variables, resolve};

/// The committed settings' deployments.
pub(super) fn deployments() -> Vec<Deployment> {
    let texts = [include_str!("../../../infra/settings/dev.yaml"), include_str!("../../../infra/settings/prod.yaml")];
    let of = |(module, text): (&str, &str)| {
        let found = resolve(module, Document { file: module, text }, None, &Variables::new()).expect("sound settings");
        Deployment::new(module, &found.settings, "aws")
    };
    MODULES.into_iter().zip(texts).map(of).collect()
}

fn made() -> Vec<File> {
    files(&deployments(), &Pins::default()).expect("they are made")
}

fn workflows() -> Vec<File> {
    made().into_iter().filter(|file| file.path.starts_with(FOLDER)).collect()
}

/// The jobs of a workflow.
fn jobs(file: &File) -> Vec<(&str, &Value)> {
    let jobs = file.value["jobs"].as_mapping().expect("jobs");
    jobs.iter().map(|(id, job)| (id.as_str().expect("an id"), job)).collect()
}

fn runs(job: &Value) -> Vec<&str> {
    let steps = job["steps"].as_sequence().expect("steps");
    steps.iter().filter_map(|step| step.get("run")?.as_str()).collect()
}

/// The names of the rules that a file breaks.
fn broken(path: &str, text: &str, value: &Value) -> Vec<&'static str> {
    let subject = Subject { path, text, value };
    rules().filter(|rule| !(rule.broken)(&subject).is_empty()).map(|rule| rule.name).collect()
}

#[test]
fn the_text_is_the_value_and_some_comments() {
    for file in made() {
        let read: Value = serde_yaml::from_str(&file.text).expect("YAML");
        assert_eq!(read, file.value, "{}", file.path);
    }
}

#[test]
fn the_compiler_is_the_one_that_builds_the_images() {
    let builder = format!("builder: rust:{}-slim", super::ci::RUST.trim_end_matches(".0"));
    assert!(include_str!("../../../infra/settings/dev.yaml").contains(&builder), "{builder}");
    assert!(super::ci::INSTALL_RUST.contains(&format!(" install {} ", super::ci::RUST)));
}

#[test]
fn a_deployment_goes_through_its_phases_in_their_order() {
    let file = workflows().remove(1);
    let lines = |module: &str| {
        let of = jobs(&file).into_iter().filter(|(id, _)| id.starts_with(&format!("{module}-")));
        of.flat_map(|(_, job)| runs(job))
            .filter(|run| run.starts_with("cargo xtask"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let wanted = |module: &str| {
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
    assert_eq!((lines("dev"), lines("prod")), (wanted("dev").into(), wanted("prod").into()));
    let needs = |id: &str| file.value["jobs"][id].get("needs").cloned().unwrap_or_default();
    let list = |ids: &[&str]| serde_yaml::to_value(ids).expect("a list");
    assert_eq!(needs("prod-base"), Value::Null);
    assert_eq!((needs("prod-ingestion-image"), needs("prod-dbt-image")), (list(&["prod-base"]), list(&["prod-base"])));
    assert_eq!(needs("prod-plan"), list(&["prod-ingestion-image", "prod-dbt-image"]));
    assert_eq!(needs("prod-deploy"), list(&["prod-plan"]));
}
