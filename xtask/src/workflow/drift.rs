//! `drift.yml`: every night, whether AWS is still what was deployed, and whether what the workflows run is still what it was.

use super::ci::{admitted, prepared, reads};
use super::deployment::{Access, Deployment};
use super::model::{ByHand, Concurrency, Entries, Job, Permission, Time, Triggers, Workflow};
use super::pins::Pins;
use super::step::Step;

pub(super) fn workflow(deployments: &[Deployment], pins: &Pins) -> Workflow {
    let mut jobs: Vec<(String, Job)> = deployments
        .iter()
        .map(|deployment| (format!("{}-drift", deployment.module), drift(deployment, pins)))
        .collect();
    jobs.push(("pins".to_owned(), online(pins)));
    let all = jobs.iter().map(|(id, _)| id.clone()).collect();
    jobs.push(("notice".to_owned(), issue(pins, all, "Drift, or a pin that is not what it says")));
    Workflow {
        id: "drift",
        name: "drift",
        why: &[
            "Every night: is AWS what was deployed, are actions and crates what they were? One issue says what is not.",
        ],
        on: Triggers {
            // Not on the hour, when everybody's begin.
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
        why: "For a deployment whose account the repository knows.",
        condition: Some(format!("vars.{} != ''", deployment.account_variable())),
        needs: Vec::new(),
        environment: Some(deployment.environment_of(Access::Plan)),
        permissions: reads(deployment),
        minutes: 45,
        outputs: Entries::default(),
        steps,
    }
}

/// What only the network knows: whether a commit is the release that its comment says, and what was found wrong with it since.
fn online(pins: &Pins) -> Job {
    let mut steps = prepared(pins);
    let [light, _] = Step::compiles();
    steps.push(light);
    let token = "${{ github.token }}";
    steps.push(Step::xtask("actions", "ci-gen --check --online").with_env("GH_TOKEN", token));
    steps.push(Step::xtask("crates", "lint advisories"));
    Job {
        name: "pins".to_owned(),
        why: "Asks GitHub whether each pin is the release that it says, and RustSec about the crates.",
        condition: None,
        needs: Vec::new(),
        environment: None,
        permissions: vec![Permission::CONTENTS],
        minutes: 30,
        outputs: Entries::default(),
        steps,
    }
}

/// One issue for one kind of trouble.
pub(super) fn issue(pins: &Pins, needs: Vec<String>, title: &str) -> Job {
    let script = include_str!("scripts/issue.js");
    let step = Step::script(pins, "open, add to or close the issue", None, script);
    Job {
        name: "notice".to_owned(),
        why: "One issue, opened, added to, and closed when all is well.",
        condition: Some("always()".to_owned()),
        needs,
        environment: None,
        permissions: vec![Permission::ISSUES],
        minutes: 5,
        outputs: Entries::default(),
        steps: vec![step.with_env("TITLE", title).with_env("RESULTS", "${{ toJSON(needs) }}")],
    }
}
