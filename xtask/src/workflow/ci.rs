//! `ci.yml`: the checks of a change, and the plan of a pull request.

use super::deployment::{Access, Deployment};
use super::entries::Entries;
use super::model::{Concurrency, Job, MAIN, Permission, Triggers, Workflow};
use super::pins::Pins;
use super::step::Step;

/// Installs the compiler `model::RUST`; the runner has rustup.
pub(super) const INSTALL_RUST: &str =
    "rustup toolchain install 1.95.0 --no-self-update --profile minimal --component clippy --component rustfmt";

/// The packages that the tests need and GitHub's runner lacks. On Ubuntu, debootstrap needs Debian's keys.
const PACKAGES: [&str; 6] =
    ["debian-archive-keyring", "debootstrap", "docker-registry", "fonts-dejavu-core", "postgresql", "strace"];

/// The checks by name, with their arguments of `cargo xtask`. `.ci/run` runs the same, in the same order; fast ones first.
const STEPS: [(&str, &str); 7] = [
    ("format", "lint format"),
    ("generated workflows", "ci-gen --check"),
    ("lint", "lint code"),
    ("lint the light xtask", "lint light"),
    ("document", "lint docs"),
    ("crates", "lint crates"),
    ("test", "test --all --require-all"),
];

/// Comments the plan on the pull request.
const COMMENT: &str = concat!(include_str!("scripts/block.js"), include_str!("scripts/comment.js"));

/// A pull request from this repository and not by Dependabot: forks and Dependabot have no secrets.
const OURS: &str = "github.event_name == 'pull_request' \
    && github.event.pull_request.head.repo.full_name == github.repository \
    && github.event.pull_request.user.login != 'dependabot[bot]'";

/// The first steps of every job.
pub(super) fn prepared(pins: &Pins) -> Vec<Step> {
    vec![Step::checkout(pins), Step::install("Rust", INSTALL_RUST)]
}

/// The steps before a job has AWS credentials, `more` of these, and the login if the deployment uses GitHub's identity token.
pub(super) fn admitted(pins: &Pins, deployment: &Deployment, access: Access, more: Option<Step>) -> Vec<Step> {
    let compiled = prepared(pins).into_iter().chain(Step::compiles()).chain(more);
    compiled.chain(Step::login(pins, deployment, access)).collect()
}

pub(super) fn workflow(deployments: &[Deployment], pins: &Pins) -> Workflow {
    let mut jobs = vec![("check".to_owned(), check(pins))];
    // The plan is for the deployment that a push updates.
    if let Some(first) = deployments.first() {
        jobs.push(("plan".to_owned(), plan(first, pins)));
        jobs.push(("comment".to_owned(), comment(pins)));
    }
    Workflow {
        id: "ci",
        name: "ci",
        why: &["The checks of a change; on a pull request also the plan of its changes in AWS."],
        on: Triggers { push: Some(MAIN), pull_request: Some(MAIN), ..Triggers::default() },
        concurrency: Concurrency::newest(
            "ci-${{ github.ref }}",
            // On main every commit has its own result.
            "${{ github.event_name == 'pull_request' }}",
        ),
        jobs: Entries(jobs),
    }
}

fn check(pins: &Pins) -> Job {
    let apt = PACKAGES.join(" ");
    let apt =
        format!("sudo apt-get update --quiet && sudo apt-get install --quiet --yes --no-install-recommends {apt}");
    let mut steps = prepared(pins);
    steps.extend([Step::install("install packages", &apt), Step::cache(pins)]);
    steps.extend(STEPS.iter().map(|(name, words)| Step::xtask(name, words)));
    Job {
        name: "check".to_owned(),
        why: "All tests, including those that need Docker, Airflow, emulators and a browser.",
        condition: None,
        needs: Vec::new(),
        environment: None,
        permissions: vec![Permission::CONTENTS],
        minutes: 90,
        outputs: Entries::default(),
        steps,
    }
}

fn plan(deployment: &Deployment, pins: &Pins) -> Job {
    let mut steps = admitted(pins, deployment, Access::Plan, None);
    steps.push(Step::cloud("plan", deployment, "diff").into_file("plan.txt"));
    steps.push(Step::keep(pins, "plan", "plan.txt"));
    Job {
        name: "plan".to_owned(),
        why: "Runs the code of the pull request: its role may only read AWS, and its token cannot write to the repository.",
        condition: Some(format!("{OURS} && vars.{} != ''", deployment.account_variable())),
        needs: Vec::new(),
        environment: Some(deployment.environment_of(Access::Plan)),
        permissions: reads(deployment),
        minutes: 30,
        outputs: Entries::default(),
        steps,
    }
}

/// The permissions of a job that runs this project's code against AWS.
pub(super) fn reads(deployment: &Deployment) -> Vec<Permission> {
    let identity = matches!(deployment.login, super::Login::Oidc(_)).then_some(Permission::IDENTITY);
    [Permission::CONTENTS].into_iter().chain(identity).collect()
}

fn comment(pins: &Pins) -> Job {
    Job {
        name: "comment".to_owned(),
        why: "Writes to the pull request without running its code.",
        condition: None,
        needs: vec!["plan".to_owned()],
        environment: None,
        permissions: vec![Permission::COMMENT],
        minutes: 5,
        outputs: Entries::default(),
        steps: vec![Step::fetch(pins, "plan", "."), Step::script(pins, "comment on the pull request", None, COMMENT)],
    }
}
