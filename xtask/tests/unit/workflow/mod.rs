//! Tests the workflows of two deployments, one with access keys and one with GitHub's identity token.

mod hooks;
mod inventory;
mod pins;
mod rules;
mod scorecard;
mod setup;
mod shell;
mod trust;

use std::collections::BTreeSet;

use serde_yaml::Value;

use super::deployment::{Deployment, in_order};
use super::pins::released;
use super::{FOLDER, File, files};
use crate::settings::{Approval, Auth, DeployOn, Document, Level, Variables, resolve};

/// Returns the deployments in the committed settings.
fn deployments() -> Vec<Deployment> {
    let texts =
        [include_str!("../../../../infra/settings/dev.yaml"), include_str!("../../../../infra/settings/prod.yaml")];
    let of = |(module, text): (&str, &str)| {
        let found = resolve(module, Document { file: module, text }, None, &Variables::new()).expect("valid settings");
        Deployment { module: module.to_owned(), settings: found.settings, partition: "aws" }
    };
    in_order(["dev", "prod"].into_iter().zip(texts).map(of).collect()).expect("an order")
}

/// Returns a generated file and its value.
#[derive(Clone)]
struct Parsed {
    file: File,
    value: Value,
}

fn parsed(deployments: &[Deployment]) -> Vec<Parsed> {
    let files = files(deployments, &released()).expect("plain values").into_iter();
    files.map(|file| Parsed { value: serde_yaml::from_str(&file.text).expect("YAML"), file }).collect()
}

/// Returns the workflows of the committed settings, those with an approval by digest, and those with attestations.
fn variants() -> Vec<Parsed> {
    let of = |change: fn(&mut Auth)| {
        let mut list = deployments();
        list.iter_mut().for_each(|deployment| change(&mut deployment.settings.auth));
        workflows_of(&list)
    };
    [of(|_| {}), of(|auth| auth.approval = Approval::Digest), of(|auth| auth.attestations = true)].concat()
}

fn workflows() -> Vec<Parsed> {
    workflows_of(&deployments())
}

fn workflows_of(deployments: &[Deployment]) -> Vec<Parsed> {
    parsed(deployments).into_iter().filter(|parsed| parsed.file.path.starts_with(FOLDER)).collect()
}

/// Returns the jobs of a workflow.
fn jobs(workflow: &Value) -> Vec<(&str, &Value)> {
    let jobs = workflow["jobs"].as_mapping().expect("jobs");
    jobs.iter().map(|(id, job)| (id.as_str().expect("an id"), job)).collect()
}

/// Returns the steps of a job; a job that calls a workflow has none.
fn steps(job: &Value) -> &[Value] {
    job.get("steps").map_or(&[], |steps| steps.as_sequence().expect("a list"))
}

fn workflow(id: &str) -> Value {
    let path = format!("{FOLDER}/{id}.yml");
    workflows().into_iter().find(|parsed| parsed.file.path == path).expect("a workflow").value
}

fn run(step: &Value) -> &str {
    step.get("run").and_then(Value::as_str).unwrap_or_default()
}

fn runs(job: &Value) -> Vec<&str> {
    steps(job).iter().map(run).filter(|run| !run.is_empty()).collect()
}

/// Returns a deployment of the settings of `dev` under another name.
fn like_dev(module: &str, deploy_on: DeployOn, level: Level) -> Deployment {
    let mut deployment = deployments().swap_remove(0);
    deployment.module = module.to_owned();
    (deployment.settings.deploy_on, deployment.settings.protection.level) = (deploy_on, level);
    deployment
}

#[test]
fn a_push_deploys_one_module_and_production_comes_last() {
    use DeployOn::{Never, Push, Request};
    use Level::{Development, Production};
    let list = || {
        let all = [("a-prod", Request, Production), ("emulated", Never, Development), ("b", Request, Development)];
        let others = all.map(|(module, deploy_on, level)| like_dev(module, deploy_on, level));
        others.into_iter().chain(deployments()).collect::<Vec<_>>()
    };
    let names = in_order(list()).expect("an order").into_iter().map(|one| one.module).collect::<Vec<_>>();
    assert_eq!(names, ["dev", "b", "a-prod", "prod"]);
    assert_eq!(in_order(Vec::new()), Ok(Vec::new()));
    let refused = |list: Vec<Deployment>| in_order(list).expect_err("refused").0;
    let two = [list(), vec![like_dev("c", Push, Development)]].concat();
    assert_eq!(refused(two), "`c` and `dev` both have `deploy_on: push`");
    let none = list().into_iter().filter(|one| one.module != "dev").collect();
    assert_eq!(refused(none), "no module has `deploy_on: push`");
    let digit = [list(), vec![like_dev("2nd", Request, Development)]].concat();
    assert_eq!(refused(digit), "the workflows cannot deploy the module `2nd`");
}

#[test]
fn an_environment_belongs_to_one_deployment_and_one_access() {
    let refused = |environment: &str| {
        let mut list = deployments();
        list[1].settings.auth.environment = Some(environment.to_owned());
        in_order(list).expect_err("refused").0
    };
    assert_eq!(refused("dev-plan"), "two deployments use the GitHub environment `dev-plan`");
    assert_eq!(refused("Dev"), "two deployments use the GitHub environment `Dev-build`");
    let list = ["a-b", "a_b"].map(|module| like_dev(module, DeployOn::Request, Level::Development));
    let all = deployments().into_iter().chain(list).collect();
    assert_eq!(in_order(all).expect_err("refused").0, "two deployments use the variable `AWS_ACCOUNT_ID_A_B`");
}

#[test]
fn the_compiler_is_the_one_that_builds_the_images() {
    let builder = format!("builder: rust:{}-slim", super::model::RUST.trim_end_matches(".0"));
    assert!(include_str!("../../../../infra/settings/dev.yaml").contains(&builder), "{builder}");
    assert!(super::ci::INSTALL_RUST.contains(&format!(" install {} ", super::model::RUST)));
}

/// Returns the jobs that a job needs, directly or through others.
fn needed<'w>(workflow: &'w Value, id: &str) -> BTreeSet<&'w str> {
    let direct = workflow["jobs"][id].get("needs").and_then(Value::as_sequence).into_iter().flatten();
    direct.filter_map(Value::as_str).flat_map(|need| needed(workflow, need).into_iter().chain([need])).collect()
}

#[test]
fn the_jobs_of_a_deployment_run_in_order() {
    let workflow = workflow("deploy");
    let lines = |module: &str| {
        let of = jobs(&workflow).into_iter().filter(|(id, _)| id.starts_with(&format!("{module}-")));
        let runs = of.flat_map(|(_, job)| runs(job)).filter_map(|run| run.strip_prefix("programs/xtask "));
        runs.map(str::to_owned).collect::<Vec<_>>()
    };
    let expected = |module: &str| {
        [
            "deploy --create-only --stack registry --stack storage --yes",
            match module {
                "dev" => "build-images --push --from programs/images.tar --save programs/images.tar --json",
                _ => "build-images --push --from programs/images.tar --expect programs/images.json",
            },
            "diff --json",
            "diff",
            "deploy --yes --expect \"$DIGEST\"",
            "sync-dags",
            "status",
        ]
        .map(|words| {
            let file = match words {
                "diff --json" => " > plan.json",
                line if line.ends_with(" --json") => " > programs/images.json",
                "diff" => " > plan.txt",
                _ => "",
            };
            format!("{words} --env {module}{file}")
        })
    };
    assert_eq!((lines("dev"), lines("prod")), (expected("dev").into(), expected("prod").into()));
    let needs = |id: &str| needed(&workflow, id).into_iter().collect::<Vec<_>>();
    assert_eq!(needs("dev-deploy"), ["build", "checks", "dev-base", "dev-images", "dev-plan"]);
    assert_eq!(needs("prod-deploy"), ["prod-approval", "prod-base", "prod-images", "prod-plan", "prod-promoted"]);
}

#[test]
fn nothing_is_deployed_before_its_checks() {
    for id in ["ci", "deploy", "drift"] {
        let workflow = workflow(id);
        for (job, value) in jobs(&workflow).into_iter().filter(|(_, job)| job.get("environment").is_some()) {
            let needed = needed(&workflow, job);
            let is_promoted = needed.iter().any(|need| need.ends_with("-promoted"));
            assert!(is_promoted || needed.contains("build"), "{id} {job}: built by whom?");
            assert!(
                id != "deploy" || is_promoted || needed.contains("checks"),
                "{id} {job} does not wait for the checks"
            );
            // With a status function in its condition, a job would run even if those failed.
            let condition = value.get("if").and_then(Value::as_str).unwrap_or_default();
            assert!(
                !["always()", "failure()", "cancelled()"].iter().any(|word| condition.contains(word)),
                "{id} {job}"
            );
        }
    }
}

#[test]
fn a_reviewed_deployment_needs_a_reviewer_before_anything_is_created() {
    let deploy = workflow("deploy");
    for deployment in deployments() {
        let (id, base) = (format!("{}-approval", deployment.module), format!("{}-base", deployment.module));
        assert_eq!(needed(&deploy, &base).contains(id.as_str()), deployment.reviewed(), "{id}");
        if deployment.reviewed() {
            let environment = &steps(&deploy["jobs"][id.as_str()])[0]["env"]["ENVIRONMENT"];
            assert_eq!(*environment, deploy["jobs"][format!("{}-deploy", deployment.module).as_str()]["environment"]);
        }
    }
}

#[test]
fn with_attestations_every_deployment_verifies_the_signature_of_what_it_runs() {
    let deploy = variants().into_iter().rfind(|parsed| parsed.file.path.ends_with("/deploy.yml")).expect("it").value;
    let attest = &deploy["jobs"]["attest"];
    assert_eq!(runs(attest), [super::step::VERIFY], "it runs nothing that was built");
    assert_eq!(attest["permissions"]["attestations"], "write");
    for (id, job) in jobs(&deploy).into_iter().filter(|(_, job)| job.get("environment").is_some()) {
        let at = |line: &str| runs(job).iter().position(|run| *run == line).expect("a line");
        assert!(at(super::step::VERIFY_SIGNATURE) < at(super::step::UNPACK), "{id}");
        let needed = needed(&deploy, id);
        assert!(needed.contains("attest") || needed.contains("prod-promoted"), "{id}");
    }
}

#[test]
fn the_required_check_needs_all_others() {
    let workflow = workflow("ci");
    assert_eq!(needed(&workflow, "required").into_iter().collect::<Vec<_>>(), ["build", "checks"]);
    assert_eq!(workflow["jobs"]["required"]["if"], "always()");
    for event in ["pull_request", "merge_group"] {
        assert_eq!(workflow["on"][event]["branches"][0], "main");
    }
}

#[test]
fn a_new_repository_without_accounts_runs_no_job_with_credentials() {
    for id in ["ci", "deploy", "drift"] {
        let workflow = workflow(id);
        let first = |job: &str| {
            let all = needed(&workflow, job);
            let conditions = all.into_iter().chain([job]).filter_map(|id| workflow["jobs"][id].get("if")?.as_str());
            conditions.collect::<Vec<_>>().join(" && ")
        };
        for (job, _) in jobs(&workflow).into_iter().filter(|(_, job)| job.get("environment").is_some()) {
            assert!(first(job).contains("vars.AWS_ACCOUNT_ID_"), "{id} {job}: {}", first(job));
        }
    }
}

#[test]
fn every_shard_is_tested() {
    let words = super::Shard::ALL.map(super::Shard::word);
    assert_eq!(
        workflow("checks")["jobs"]["test"]["strategy"]["matrix"]["shard"],
        Value::Sequence(words.map(Value::from).into())
    );
}
