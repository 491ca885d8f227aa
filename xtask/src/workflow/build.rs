//! `build.yml`: compiles the program and builds the images once, in a job without credentials. The jobs with credentials
//! download the result, so no build script of a dependency runs in them.

use indexmap::IndexMap;

use super::ci::{Programs, prepared};
use super::deployment::Deployment;
use super::model::{Called, Job, Permission, Triggers, Workflow};
use super::step::{COMPILE, PACKED, Step};

/// The path for the jobs that call this workflow.
pub(super) const PATH: &str = "$/.github/workflows/build.yml";
/// The SHA-256 of the archive, in a workflow whose job `build` calls this one.
pub(super) const SHA256: &str = "${{ needs.build.outputs.sha256 }}";

/// The shell lines that compile the program and put it into the folder of the archive.
pub(super) const LINES: [&str; 2] =
    ["cargo build --locked --package xtask --features cloud", "install -D target/debug/xtask programs/xtask"];

pub(super) fn workflow(deployments: &[Deployment]) -> Workflow {
    let value = IndexMap::from([("value", "${{ jobs.build.outputs.sha256 }}")]);
    Workflow {
        id: "build",
        why: &[
            "Compiles the program and builds the images, without credentials and without a cache: from the commit alone.",
            "Its output is the SHA-256 of the archive, which the jobs with credentials verify.",
        ],
        on: Triggers { workflow_call: Some(Called { outputs: [("sha256", value)].into() }), ..Triggers::default() },
        concurrency: None,
        jobs: [("build".to_owned(), build(deployments))].into(),
    }
}

/// Returns the job that calls this workflow.
pub(super) fn call() -> Job {
    Job::call("build", "Builds everything that the other jobs download.", PATH)
}

fn build(deployments: &[Deployment]) -> Job {
    let [compile, install] = LINES;
    let mut steps = prepared();
    steps.extend([Step::line("compile xtask", compile), Step::line("add xtask", install)]);
    // The images of all deployments are the same.
    if let Some(first) = deployments.first() {
        let arguments = format!("build-images --save programs/images.tar --env {}", first.module);
        steps.push(Step::program("build the images", &arguments).with_env(COMPILE.0, COMPILE.1));
    }
    steps.extend(Step::pack(Programs::BUILT));
    Job {
        name: "build".to_owned(),
        why: "Build scripts of dependencies run here, where there is nothing to steal.",
        permissions: vec![Permission::CONTENTS],
        timeout_minutes: Some(60),
        outputs: [PACKED].into(),
        steps,
        ..Job::default()
    }
}
