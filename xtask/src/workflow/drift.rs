//! `drift.yml`: nightly checks for drift of the stacks, new releases of pinned actions, and advisories for crates; the tests
//! that take too long for every change; and whether dbt 2 can parse the dbt project.

use indexmap::IndexMap;

use super::ci::{Programs, cloud_job, prepared};
use super::deployment::{Access, Deployment};
use super::model::{Concurrency, Job, Permission, Triggers, Workflow};
use super::step::Step;
use super::{build, checks};

pub(super) fn workflow(deployments: &[Deployment]) -> Workflow {
    let drifts = deployments.iter().map(|deployment| (format!("{}-drift", deployment.module), drift(deployment)));
    let mut jobs: IndexMap<String, Job> = std::iter::once(("build".to_owned(), build::call()))
        .chain(drifts)
        .chain([
            ("pins".to_owned(), pins()),
            ("advisories".to_owned(), advisories()),
            ("long".to_owned(), checks::long()),
        ])
        .collect();
    let notice = issue(&jobs, "Nightly checks failed");
    jobs.insert("notice".to_owned(), notice);
    // A separate issue: dbt 2 is not in use.
    let next: IndexMap<String, Job> = [("dbt-2".to_owned(), dbt_2())].into();
    let notice = Job { name: "dbt 2 notice".to_owned(), ..issue(&next, "dbt 2 cannot parse the project") };
    jobs.extend(next);
    jobs.insert("dbt-2-notice".to_owned(), notice);
    Workflow {
        id: "drift",
        why: &[
            "Every night, checks the deployed stacks for drift, pinned actions against their releases, and crates for advisories, and",
            "fuzzes for longer than a change does.",
            "One issue reports the findings. Another one reports that dbt 2 cannot parse the dbt project.",
        ],
        on: Triggers {
            // Not on the hour, when most schedules start.
            schedule: vec![[("cron", "23 3 * * *")].into()],
            workflow_dispatch: Some(IndexMap::new()),
            ..Triggers::default()
        },
        concurrency: Some(Concurrency::queued("drift")),
        jobs,
    }
}

fn drift(deployment: &Deployment) -> Job {
    let cloud = |name: &str, arguments: &str| Step::cloud(name, deployment, arguments);
    let steps = vec![cloud("status", "status"), cloud("drift", "status --drift").regardless()];
    Job {
        name: format!("{} drift", deployment.module),
        why: "Runs only for a deployment whose account variable is set.",
        condition: Some(format!("vars.{} != ''", deployment.account_variable())),
        timeout_minutes: Some(45),
        ..cloud_job(deployment, Access::Plan, &Programs::built(&[]), steps)
    }
}

/// Compiles nothing, because its token is in its steps' environment.
fn pins() -> Job {
    let programs = Programs::built(&[]);
    let mut steps = vec![Step::checkout()];
    steps.extend(Step::programs(&programs));
    let actions = Step::program("actions", "ci-gen --check --online").with_env("GH_TOKEN", "${{ github.token }}");
    steps.extend([actions, Step::program("images and compiler", "pins --online").regardless()]);
    Job {
        name: "pins".to_owned(),
        why: "Compares each action, and each pin that Dependabot does not see, with its newest release.",
        needs: programs.needs,
        permissions: vec![Permission::CONTENTS],
        timeout_minutes: Some(30),
        steps,
        ..Job::default()
    }
}

fn advisories() -> Job {
    let mut steps = prepared();
    steps.push(Step::xtask("crates", "lint advisories"));
    Job {
        name: "advisories".to_owned(),
        why: "Checks the crates for RustSec advisories.",
        permissions: vec![Permission::CONTENTS],
        timeout_minutes: Some(30),
        steps,
        ..Job::default()
    }
}

fn dbt_2() -> Job {
    let steps = prepared().into_iter().chain([Step::xtask("parse", "lint dbt-2")]).collect();
    Job {
        name: "dbt 2".to_owned(),
        why: "Parses the dbt project with the next major version. Fails if dbt 2 cannot be installed.",
        permissions: vec![Permission::CONTENTS],
        timeout_minutes: Some(30),
        steps,
        ..Job::default()
    }
}

/// Returns a job that runs after all others and maintains one issue per title.
pub(super) fn issue(jobs: &IndexMap<String, Job>, title: &str) -> Job {
    let step = Step::script("open, update or close the issue", None, include_str!("scripts/issue.js"));
    Job {
        name: "notice".to_owned(),
        why: "Maintains one issue: opens it at the first failure, updates it, and closes it after a success.",
        condition: Some("always()".to_owned()),
        needs: jobs.keys().cloned().collect(),
        permissions: vec![Permission::ISSUES, Permission::ACTIONS],
        timeout_minutes: Some(5),
        steps: vec![step.with_env("TITLE", title).with_env("RESULTS", "${{ toJSON(needs) }}")],
        ..Job::default()
    }
}
