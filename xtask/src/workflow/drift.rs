//! `drift.yml`: compares AWS with the deployed stacks, and actions and crates with their releases, every night.

use super::ci::{admitted, prepared, reads};
use super::deployment::{Access, Deployment};
use super::entries::Entries;
use super::model::{ByHand, Concurrency, Job, Permission, Time, Triggers, Workflow};
use super::pins::Pins;
use super::step::Step;

pub(super) fn workflow(deployments: &[Deployment], pins: &Pins) -> Workflow {
    let mut jobs: Vec<(String, Job)> = deployments
        .iter()
        .map(|deployment| (format!("{}-drift", deployment.module), drift(deployment, pins)))
        .collect();
    jobs.push(("pins".to_owned(), online(pins)));
    let all = jobs.iter().map(|(id, _)| id.clone()).collect();
    jobs.push(("notice".to_owned(), issue(pins, all, "Drift, or a wrong pin")));
    Workflow {
        id: "drift",
        name: "drift",
        why: &[
            "Compares AWS with the deployed stacks, and actions and crates with their releases, every night. One issue reports",
            "the differences.",
        ],
        on: Triggers {
            // Not on the hour, when most schedules start.
            schedule: vec![Time { cron: "23 3 * * *" }],
            workflow_dispatch: Some(ByHand { inputs: Entries::default() }),
            ..Triggers::default()
        },
        concurrency: Concurrency::queued("drift"),
        jobs: Entries(jobs),
    }
}

fn drift(deployment: &Deployment, pins: &Pins) -> Job {
    let mut steps = admitted(pins, deployment, Access::Plan, None);
    steps.push(Step::cloud("status", deployment, "status"));
    steps.push(Step::cloud("drift", deployment, "status --drift"));
    Job {
        name: format!("{} drift", deployment.module),
        why: "Only for a deployment with an account variable.",
        condition: Some(format!("vars.{} != ''", deployment.account_variable())),
        needs: Vec::new(),
        environment: Some(deployment.environment_of(Access::Plan)),
        permissions: reads(deployment),
        minutes: 45,
        outputs: Entries::default(),
        steps,
    }
}

/// The checks that need the network: each pinned commit is the release in its comment, and no crate has an advisory.
fn online(pins: &Pins) -> Job {
    let mut steps = prepared(pins);
    let [light, _] = Step::compiles();
    steps.push(light);
    let token = "${{ github.token }}";
    steps.push(Step::xtask("actions", "ci-gen --check --online").with_env("GH_TOKEN", token));
    steps.push(Step::xtask("crates", "lint advisories"));
    Job {
        name: "pins".to_owned(),
        why: "Compares each pin with its release on GitHub, and the crates with the advisories of RustSec.",
        condition: None,
        needs: Vec::new(),
        environment: None,
        permissions: vec![Permission::CONTENTS],
        minutes: 30,
        outputs: Entries::default(),
        steps,
    }
}

/// One issue for each title.
pub(super) fn issue(pins: &Pins, needs: Vec<String>, title: &str) -> Job {
    let script = include_str!("scripts/issue.js");
    let step = Step::script(pins, "open, update or close the issue", None, script);
    Job {
        name: "notice".to_owned(),
        why: "One issue: opened at the first failure, updated, and closed after a success.",
        condition: Some("always()".to_owned()),
        needs,
        environment: None,
        permissions: vec![Permission::ISSUES],
        minutes: 5,
        outputs: Entries::default(),
        steps: vec![step.with_env("TITLE", title).with_env("RESULTS", "${{ toJSON(needs) }}")],
    }
}
