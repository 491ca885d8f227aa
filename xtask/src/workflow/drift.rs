//! `drift.yml`: nightly checks for drift of the stacks, new releases of pinned actions, and advisories for crates; and
//! whether dbt 2 can parse the dbt project.

use indexmap::IndexMap;

use super::ci::{cloud_job, prepared};
use super::deployment::{Access, Deployment};
use super::model::{Concurrency, Job, Permission, Triggers, Workflow};
use super::step::Step;

pub(super) fn workflow(deployments: &[Deployment]) -> Workflow {
    let drifts = deployments.iter().map(|deployment| (format!("{}-drift", deployment.module), drift(deployment)));
    let mut jobs: IndexMap<String, Job> = drifts.chain([("pins".to_owned(), online())]).collect();
    let notice = issue(&jobs, "Drift, or a wrong pin");
    jobs.insert("notice".to_owned(), notice);
    // A separate issue: dbt 2 is not in use.
    let next: IndexMap<String, Job> = [("dbt-2".to_owned(), dbt_2())].into();
    let notice = Job { name: "dbt 2 notice".to_owned(), ..issue(&next, "dbt 2 cannot parse the project") };
    jobs.extend(next);
    jobs.insert("dbt-2-notice".to_owned(), notice);
    Workflow {
        id: "drift",
        why: &[
            "Every night, checks the deployed stacks for drift, pinned actions against their releases, and crates for advisories.",
            "One issue reports the findings. Another one reports that dbt 2 cannot parse the dbt project.",
        ],
        on: Triggers {
            // Not on the hour, when most schedules start.
            schedule: vec![[("cron", "23 3 * * *")].into()],
            workflow_dispatch: Some(IndexMap::new()),
            ..Triggers::default()
        },
        concurrency: Concurrency::queued("drift"),
        jobs,
    }
}

fn drift(deployment: &Deployment) -> Job {
    let cloud = |name: &str, arguments: &str| Step::cloud(name, deployment, arguments);
    let steps = vec![cloud("status", "status"), cloud("drift", "status --drift")];
    Job {
        name: format!("{} drift", deployment.module),
        why: "Runs only for a deployment whose account variable is set.",
        condition: Some(format!("vars.{} != ''", deployment.account_variable())),
        timeout_minutes: 45,
        ..cloud_job(deployment, Access::Plan, None, steps)
    }
}

/// Returns the job of the checks over the network: pinned commits match their releases, no crate has an advisory.
fn online() -> Job {
    let mut steps = prepared();
    let [light, _] = Step::compiles();
    let actions = Step::xtask("actions", "ci-gen --check --online").with_env("GH_TOKEN", "${{ github.token }}");
    steps.extend([light, actions, Step::xtask("crates", "lint advisories")]);
    Job {
        name: "pins".to_owned(),
        why: "Compares each pin with its release on GitHub, and checks the crates for RustSec advisories.",
        permissions: vec![Permission::CONTENTS],
        timeout_minutes: 30,
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
        timeout_minutes: 30,
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
        permissions: vec![Permission::ISSUES],
        timeout_minutes: 5,
        steps: vec![step.with_env("TITLE", title).with_env("RESULTS", "${{ toJSON(needs) }}")],
        ..Job::default()
    }
}
