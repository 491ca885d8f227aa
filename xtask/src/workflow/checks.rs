//! `checks.yml`: the linters and all tests, in parallel jobs.

use super::ci::prepared;
use super::model::{Called, Job, Permission, Strategy, Triggers, Workflow};
use super::step::Step;

/// The path for the jobs that call this workflow.
const PATH: &str = "$/.github/workflows/checks.yml";

/// The packages that the tests need and that GitHub's runner lacks. On Ubuntu, debootstrap needs Debian's keys.
const PACKAGES: [&str; 6] =
    ["debian-archive-keyring", "debootstrap", "docker-registry", "fonts-dejavu-core", "postgresql", "strace"];

/// The name of each check and its `cargo xtask` arguments, fastest first. `.ci/run` runs the same checks in the same order,
/// before the tests.
const LINTS: [(&str, &str); 6] = [
    ("format", "lint format"),
    ("generated workflows", "ci-gen --check"),
    ("lint", "lint code"),
    ("lint the light xtask", "lint light"),
    ("document", "lint docs"),
    ("crates", "lint crates"),
];

/// The suites of the nightly job: fuzzing, and those that run only by name.
const LONG: [&str; 4] = ["fuzz", "dags versions", "sync speed", "image size"];

/// What a failed test leaves behind.
const REMAINS: &str = "target/test/logs\ntarget/test/results\njobs/fuzz/artifacts";

/// The parts of the tests that run on one machine each; every suite belongs to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shard {
    Airflow,
    Emulators,
    Images,
    Rehearsal,
    Rust,
    Tools,
}

impl Shard {
    pub const ALL: [Self; 6] = [Self::Airflow, Self::Emulators, Self::Images, Self::Rehearsal, Self::Rust, Self::Tools];

    pub fn word(self) -> &'static str {
        match self {
            Self::Airflow => "airflow",
            Self::Emulators => "emulators",
            Self::Images => "images",
            Self::Rehearsal => "rehearsal",
            Self::Rust => "rust",
            Self::Tools => "tools",
        }
    }
}

pub(super) fn workflow() -> Workflow {
    Workflow {
        id: "checks",
        why: &["Lints and tests a commit, without credentials."],
        on: Triggers { workflow_call: Some(Called::default()), ..Triggers::default() },
        concurrency: None,
        jobs: [("lint".to_owned(), lint()), ("test".to_owned(), test())].into(),
    }
}

/// Returns the job that calls this workflow.
pub(super) fn call() -> Job {
    Job::call("checks", "Lints and tests the commit.", PATH)
}

fn lint() -> Job {
    let mut steps = prepared();
    steps.push(Step::cache());
    steps.extend(LINTS.iter().map(|(name, arguments)| Step::xtask(name, arguments)));
    Job {
        name: "lint".to_owned(),
        why: "The checks of the sources.",
        permissions: vec![Permission::CONTENTS],
        timeout_minutes: Some(30),
        steps,
        ..Job::default()
    }
}

fn test() -> Job {
    let test = Step::xtask("test", "test --shard $SHARD --require-all").with_env("SHARD", "${{ matrix.shard }}");
    Job {
        name: "test (${{ matrix.shard }})".to_owned(),
        why: "All tests, including those that need Docker, Airflow, emulators and a browser.",
        strategy: Some(Strategy::each("shard", Shard::ALL.map(Shard::word).into())),
        timeout_minutes: Some(60),
        ..job(test, "remains of ${{ matrix.shard }}")
    }
}

/// Returns the job for the suites that take too long for every change.
pub(super) fn long() -> Job {
    let arguments = "test --only $SUITE --require-all --fuzz-seconds 1200";
    let test = Step::xtask("test", arguments).with_env("SUITE", "${{ matrix.suite }}");
    Job {
        name: "long (${{ matrix.suite }})".to_owned(),
        why: "Twenty minutes of fuzzing for each target, the DAGs on other versions of Python and Airflow, and the comparisons with other tools.",
        strategy: Some(Strategy::each("suite", LONG.into())),
        timeout_minutes: Some(90),
        ..job(test, "remains of ${{ matrix.suite }}")
    }
}

/// Returns a job that runs tests on a machine with everything that they need, and keeps what a failure leaves behind.
fn job(test: Step, remains: &str) -> Job {
    let install = format!("sudo apt-get install --quiet --yes --no-install-recommends {}", PACKAGES.join(" "));
    let mut steps = prepared();
    steps.extend([
        Step::line("update the list of packages", "sudo apt-get update --quiet"),
        Step::line("install packages", &install),
        Step::cache(),
        test,
        Step::remains(remains, REMAINS),
    ]);
    Job { permissions: vec![Permission::CONTENTS], steps, ..Job::default() }
}
