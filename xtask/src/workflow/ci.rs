//! `ci.yml`: everything that a change has to pass, and what it would change in AWS.

use super::deployment::{Access, Deployment};
use super::model::{Concurrency, Entries, Job, MAIN, Permission, Triggers, Workflow};
use super::pins::Pins;
use super::step::Step;

/// The compiler, the version of the images' builder.
pub const RUST: &str = "1.95.0";
/// Installs it; the runner has rustup.
pub(super) const INSTALL_RUST: &str =
    "rustup toolchain install 1.95.0 --no-self-update --profile minimal --component clippy --component rustfmt";

/// What the tests need and GitHub's runner lacks. Ubuntu's debootstrap needs Debian's keys to make a Debian.
const PACKAGES: [&str; 6] =
    ["debian-archive-keyring", "debootstrap", "docker-registry", "fonts-dejavu-core", "postgresql", "strace"];

/// What a change has to pass, by name, as words after `cargo xtask`. `.ci/run` runs the same in the same order; the quick ones
/// come first.
const STEPS: [(&str, &str); 7] = [
    ("format", "lint format"),
    ("generated workflows", "ci-gen --check"),
    ("lint", "lint code"),
    ("lint the light xtask", "lint light"),
    ("document", "lint docs"),
    ("crates", "lint crates"),
    ("test", "test --all --require-all"),
];

/// Writes the plan below the pull request.
const COMMENT: &str = concat!(include_str!("scripts/block.js"), include_str!("scripts/comment.js"));

/// The pull request's own repository, and no update bot: a fork has no secrets, and neither has Dependabot.
const OURS: &str = "github.event_name == 'pull_request' \
    && github.event.pull_request.head.repo.full_name == github.repository \
    && github.event.pull_request.user.login != 'dependabot[bot]'";

/// The steps before anything of ours can run.
pub(super) fn prepared(pins: &Pins) -> Vec<Step> {
    vec![Step::checkout(pins), Step::install("Rust", INSTALL_RUST)]
}

/// The steps before a job has credentials for AWS, with `more` of the same kind, and the one that gives them where GitHub's
/// identity does.
pub(super) fn admitted(pins: &Pins, deployment: &Deployment, access: Access, more: Option<Step>) -> Vec<Step> {
    let compiled = prepared(pins).into_iter().chain(Step::compiles()).chain(more);
    compiled.chain(Step::login(pins, deployment, access)).collect()
}

pub(super) fn workflow(deployments: &[Deployment], pins: &Pins) -> Workflow {
    let mut jobs = vec![("check".to_owned(), check(pins))];
    // A change is planned for the deployment that it goes to first.
    if let Some(first) = deployments.first() {
        jobs.push(("plan".to_owned(), plan(first, pins)));
        jobs.push(("comment".to_owned(), comment(pins)));
    }
    Workflow {
        id: "ci",
        name: "ci",
        why: &["What a change has to pass, and on a pull request what it would change in AWS."],
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
    steps.extend([Step::install("what Ubuntu lacks", &apt), Step::cache(pins)]);
    steps.extend(STEPS.iter().map(|(name, words)| Step::xtask(name, words)));
    Job {
        name: "check".to_owned(),
        why: "Every test, also those that need Docker, Airflow, emulators and a browser.",
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
        why: "With the change's own code: it may look at AWS, and has no token that writes to the repository.",
        condition: Some(format!("{OURS} && vars.{} != ''", deployment.account_variable())),
        needs: Vec::new(),
        environment: Some(deployment.environment_of(Access::Plan)),
        permissions: reads(deployment),
        minutes: 30,
        outputs: Entries::default(),
        steps,
    }
}

/// What a job needs that runs our code and looks at AWS.
pub(super) fn reads(deployment: &Deployment) -> Vec<Permission> {
    let identity = matches!(deployment.login, super::Login::Oidc(_)).then_some(Permission::IDENTITY);
    [Permission::CONTENTS].into_iter().chain(identity).collect()
}

fn comment(pins: &Pins) -> Job {
    Job {
        name: "comment".to_owned(),
        why: "Writes to the pull request, and runs nothing of it.",
        condition: None,
        needs: vec!["plan".to_owned()],
        environment: None,
        permissions: vec![Permission::COMMENT],
        minutes: 5,
        outputs: Entries::default(),
        steps: vec![
            Step::fetch(pins, "plan", "."),
            Step::script(pins, "write it below the pull request", None, COMMENT),
        ],
    }
}
