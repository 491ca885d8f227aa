//! `ci.yml`: checks every change, and plans every pull request.

use indexmap::IndexMap;

use super::deployment::{Access, Deployment};
use super::model::{Concurrency, Job, MAIN, Permission, Triggers, Workflow};
use super::step::Step;
use crate::settings::Method;

/// Installs the Rust version `model::RUST`; the runner already has rustup.
pub(super) const INSTALL_RUST: &str =
    "rustup toolchain install 1.95.0 --no-self-update --profile minimal --component clippy --component rustfmt";

/// The packages that the tests need and that GitHub's runner lacks. On Ubuntu, debootstrap needs Debian's keys.
const PACKAGES: [&str; 6] =
    ["debian-archive-keyring", "debootstrap", "docker-registry", "fonts-dejavu-core", "postgresql", "strace"];

/// The name of each check and its `cargo xtask` arguments, fastest first. `.ci/run` runs the same checks in the same order.
const STEPS: [(&str, &str); 7] = [
    ("format", "lint format"),
    ("generated workflows", "ci-gen --check"),
    ("lint", "lint code"),
    ("lint the light xtask", "lint light"),
    ("document", "lint docs"),
    ("crates", "lint crates"),
    ("test", "test --all --require-all"),
];

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

/// Returns a job with AWS credentials: it compiles the program, runs `before`, logs in, and runs the steps.
pub(super) fn cloud_job(deployment: &Deployment, access: Access, before: Option<Step>, steps: Vec<Step>) -> Job {
    let compiled = prepared().into_iter().chain(Step::compiles()).chain(before);
    let identity = (deployment.settings.auth.method == Method::Oidc).then_some(Permission::IDENTITY);
    Job {
        environment: Some(deployment.environment_of(access)),
        permissions: [Permission::CONTENTS].into_iter().chain(identity).collect(),
        steps: compiled.chain(Step::login(deployment, access)).chain(steps).collect(),
        ..Job::default()
    }
}

pub(super) fn workflow(deployments: &[Deployment]) -> Workflow {
    let mut jobs = IndexMap::from([("check".to_owned(), check())]);
    // The plan is for the deployment that a push updates.
    if let Some(first) = deployments.first() {
        jobs.insert("plan".to_owned(), plan(first));
        jobs.insert("comment".to_owned(), comment());
    }
    // On main, every commit gets its own result.
    let cancel = "${{ github.event_name == 'pull_request' }}";
    Workflow {
        id: "ci",
        why: &["Checks every change. For a pull request, also plans its changes in AWS."],
        on: Triggers { push: Some(MAIN), pull_request: Some(MAIN), ..Triggers::default() },
        concurrency: Concurrency::newest("ci-${{ github.ref }}", cancel),
        jobs,
    }
}

fn check() -> Job {
    let apt = PACKAGES.join(" ");
    let apt =
        format!("sudo apt-get update --quiet && sudo apt-get install --quiet --yes --no-install-recommends {apt}");
    let mut steps = prepared();
    steps.extend([Step::line("install packages", &apt), Step::cache()]);
    steps.extend(STEPS.iter().map(|(name, arguments)| Step::xtask(name, arguments)));
    Job {
        name: "check".to_owned(),
        why: "All tests, including those that need Docker, Airflow, emulators and a browser.",
        permissions: vec![Permission::CONTENTS],
        timeout_minutes: 90,
        steps,
        ..Job::default()
    }
}

fn plan(deployment: &Deployment) -> Job {
    let diff = Step::cloud("plan", deployment, "diff").into_file("plan.txt");
    Job {
        name: "plan".to_owned(),
        why: "Runs the pull request's code, so its role can only read from AWS and its token cannot write to the repository.",
        condition: Some(format!("{OURS} && vars.{} != ''", deployment.account_variable())),
        timeout_minutes: 30,
        ..cloud_job(deployment, Access::Plan, None, vec![diff, Step::keep("plan", "plan.txt")])
    }
}

fn comment() -> Job {
    Job {
        name: "comment".to_owned(),
        why: "Writes to the pull request without running its code.",
        needs: vec!["plan".to_owned()],
        permissions: vec![Permission::COMMENT],
        timeout_minutes: 5,
        steps: vec![Step::fetch("plan", "."), Step::script("comment on the pull request", None, COMMENT)],
        ..Job::default()
    }
}
