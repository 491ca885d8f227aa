//! `ci.yml`: builds and checks every change, and plans every pull request.

use indexmap::IndexMap;

use super::deployment::{Access, Deployment};
use super::model::{Concurrency, Job, MAIN, Permission, Triggers, Workflow};
use super::step::Step;
use super::{build, checks};
use crate::settings::Method;

/// Installs the Rust version `model::RUST`; the runner already has rustup.
pub(super) const INSTALL_RUST: &str =
    "rustup toolchain install 1.95.0 --no-self-update --profile minimal --component clippy --component rustfmt";

/// Posts the plan as a comment on the pull request.
const COMMENT: &str = concat!(include_str!("scripts/block.js"), include_str!("scripts/comment.js"));

/// True for a pull request from this repository, but not by Dependabot: it and forks cannot read secrets.
const OURS: &str = "github.event_name == 'pull_request' \
    && github.event.pull_request.head.repo.full_name == github.repository \
    && github.event.pull_request.user.login != 'dependabot[bot]'";

/// Returns the first steps of every job.
pub(super) fn prepared() -> Vec<Step> {
    vec![Step::checkout(), Step::line("Rust", INSTALL_RUST)]
}

/// Returns a job with AWS credentials: it downloads the program, logs in, and runs the steps. It compiles nothing.
pub(super) fn cloud_job(deployment: &Deployment, access: Access, programs: &Programs, steps: Vec<Step>) -> Job {
    let ready = prepared().into_iter().chain(Step::programs(programs));
    let identity = (deployment.settings.auth.method == Method::Oidc).then_some(Permission::IDENTITY);
    let other_run = programs.run.as_ref().map(|_| Permission::ACTIONS);
    let signed = programs.attested.then_some(Permission::ATTESTED);
    Job {
        needs: programs.needs.clone(),
        environment: Some(deployment.environment_of(access)),
        permissions: [Permission::CONTENTS].into_iter().chain(other_run).chain(signed).chain(identity).collect(),
        steps: ready.chain(Step::login(deployment, access)).chain(steps).collect(),
        ..Job::default()
    }
}

/// Where a job gets the program and the images from.
pub(super) struct Programs {
    /// The jobs that determine the other values.
    pub needs: Vec<String>,
    /// The first part of the artifact's name.
    pub artifact: &'static str,
    /// An expression for the SHA-256 of the archive.
    pub sha256: String,
    /// An expression for the run that built it, if it is not this one.
    pub run: Option<String>,
    /// Whether GitHub has signed it.
    pub attested: bool,
}

impl Programs {
    /// What the `build` workflow built.
    pub const BUILT: &str = "programs";
    /// What the first deployment got: the same, with the images of its registry, which may be of an earlier run.
    pub const DEPLOYED: &str = "deployed";

    /// Those of the job `build` of the same run; `needs` has other jobs that must have succeeded.
    pub fn built(needs: &[&str]) -> Self {
        let needs = ["build"].iter().chain(needs).map(|name| (*name).to_owned()).collect();
        Self { needs, artifact: Self::BUILT, sha256: build::SHA256.to_owned(), run: None, attested: false }
    }
}

pub(super) fn workflow(deployments: &[Deployment]) -> Workflow {
    let mut jobs = IndexMap::from([("build".to_owned(), build::call()), ("checks".to_owned(), checks::call())]);
    jobs.insert(REQUIRED.to_owned(), required(&jobs));
    // The plan is for the deployment that a push updates.
    if let Some(first) = deployments.first() {
        jobs.insert("plan".to_owned(), plan(first));
        jobs.insert("comment".to_owned(), comment());
    }
    // In a merge queue, every commit gets its own result.
    let cancel = "${{ github.event_name == 'pull_request' }}";
    Workflow {
        id: "ci",
        why: &[
            "Builds and checks every change before it is merged. For a pull request, also plans its changes in AWS.",
        ],
        on: Triggers { pull_request: Some(MAIN), merge_group: Some(MAIN), ..Triggers::default() },
        concurrency: Some(Concurrency::newest("ci-${{ github.ref }}", cancel)),
        jobs,
    }
}

/// The identifier of the job whose name the ruleset of `main` requires.
const REQUIRED: &str = "required";

/// Returns the name of the check that the ruleset of `main` requires.
pub fn required_check(deployments: &[Deployment]) -> Option<String> {
    workflow(deployments).jobs.get(REQUIRED).map(|job| job.name.clone())
}

/// Returns the check that the ruleset of `main` requires. A skipped or cancelled job is not a success.
fn required(jobs: &IndexMap<String, Job>) -> Job {
    let step = Step::script("check the results", None, include_str!("scripts/required.js"));
    Job {
        name: REQUIRED.to_owned(),
        why: "The one check that a pull request needs: all others must have succeeded.",
        condition: Some("always()".to_owned()),
        needs: jobs.keys().cloned().collect(),
        timeout_minutes: Some(5),
        steps: vec![step.with_env("RESULTS", "${{ toJSON(needs) }}")],
        ..Job::default()
    }
}

fn plan(deployment: &Deployment) -> Job {
    let diff = Step::cloud("plan", deployment, "diff").into_file("plan.txt");
    Job {
        name: "plan".to_owned(),
        why: "Runs the pull request's code, so its role can only read from AWS and its token cannot write to the repository.",
        condition: Some(format!("{OURS} && vars.{} != ''", deployment.account_variable())),
        timeout_minutes: Some(30),
        ..cloud_job(deployment, Access::Plan, &Programs::built(&[]), vec![diff, Step::keep("plan", "plan.txt")])
    }
}

fn comment() -> Job {
    Job {
        name: "comment".to_owned(),
        why: "Writes to the pull request without running its code.",
        needs: vec!["plan".to_owned()],
        permissions: vec![Permission::COMMENT],
        timeout_minutes: Some(5),
        steps: vec![Step::fetch("plan", "."), Step::script("comment on the pull request", None, COMMENT)],
        ..Job::default()
    }
}
