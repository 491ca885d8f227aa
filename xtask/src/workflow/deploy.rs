//! `deploy.yml`: a push is planned, the plan is approved, and exactly that plan is deployed.

use super::ci::{admitted, reads};
use super::deployment::{Access, Deployment};
use super::drift::issue;
use super::entries::Entries;
use super::model::{ByHand, Choice, Concurrency, Job, MAIN, Triggers, Workflow};
use super::pins::Pins;
use super::step::Step;

/// The images by their names in `cargo xtask build-images`.
pub(super) const IMAGES: [&str; 2] = [INGESTION, "dbt-image"];
/// The image whose program cargo compiles.
pub(super) const INGESTION: &str = "ingestion-image";

/// Shows the plan on the run's page, and outputs its digest.
const DIGEST: &str = concat!(include_str!("scripts/block.js"), include_str!("scripts/digest.js"));

pub(super) fn workflow(deployments: &[Deployment], pins: &Pins) -> Workflow {
    let names: Vec<String> = deployments.iter().map(|deployment| deployment.module.clone()).collect();
    let first = names.first().cloned().unwrap_or_default();
    let mut jobs: Vec<(String, Job)> = Vec::new();
    for (index, deployment) in deployments.iter().enumerate() {
        jobs.extend(phases(deployment, index == 0, pins));
    }
    let all = jobs.iter().map(|(id, _)| id.clone()).collect();
    jobs.push(("notice".to_owned(), issue(pins, all, "A deployment failed")));
    let group = format!("deploy-${{{{ inputs.environment || '{first}' }}}}");
    let environment = Choice {
        description: "The settings to deploy",
        required: true,
        r#type: "choice",
        default: first,
        options: names,
    };
    Workflow {
        id: "deploy",
        name: "deploy",
        why: &[
            "Deploys a push, one deployment after the other: missing registry and buckets, images, a plan, and exactly that plan.",
            "No existing resource is changed before the plan is approved.",
            "Without a cache: published artefacts are built from the commit alone. The jobs of each deployment are written out,",
            "so that no expression decides on a job's environment, and with it on its credentials.",
        ],
        on: Triggers {
            push: Some(MAIN),
            workflow_dispatch: Some(ByHand { inputs: Entries::of([("environment", environment)]) }),
            ..Triggers::default()
        },
        concurrency: Concurrency::queued(&group),
        jobs: Entries(jobs),
    }
}

/// The jobs of one deployment.
fn phases(deployment: &Deployment, pushed: bool, pins: &Pins) -> Vec<(String, Job)> {
    let id = |phase: &str| format!("{}-{phase}", deployment.module);
    let job = |phase: &str, why, access, needs: Vec<String>, minutes, before: Option<Step>, steps: Vec<Step>| {
        let before = admitted(pins, deployment, access, before).into_iter();
        let job = Job {
            name: format!("{} {}", deployment.module, phase.replace('-', " ")),
            why,
            condition: None,
            needs,
            environment: Some(deployment.environment_of(access)),
            permissions: reads(deployment),
            minutes,
            outputs: Entries::default(),
            steps: before.chain(steps).collect(),
        };
        (id(phase), job)
    };
    let cloud = |name: &str, words: &str| Step::cloud(name, deployment, words);

    let mut base = job(
        "base",
        "Creates a missing registry and missing buckets, which images and plan need. Existing ones are part of the plan.",
        Access::Build,
        Vec::new(),
        60,
        None,
        vec![cloud("registry and buckets", "deploy --create-only --stack registry --stack storage --yes")],
    );
    let by_hand = format!("inputs.environment == '{}'", deployment.module);
    let asked = if pushed { format!("(github.event_name == 'push' || {by_hand})") } else { by_hand };
    // It can be started by hand on any branch.
    base.1.condition = Some(format!("github.ref == 'refs/heads/main' && {asked}"));
    let images = IMAGES.map(|image| {
        let words = format!("build-images --push --image {image}");
        let why = "Builds and pushes the image unless the registry has it.";
        // The ingestion image's programs are compiled before the job has credentials, like everything that cargo compiles.
        let build = || Step::local("compile and build", deployment, &words.replace(" --push", ""));
        let before = (image == INGESTION).then(build);
        job(image, why, Access::Build, vec![id("base")], 60, before, vec![cloud("build and push", &words)])
    });
    let mut plan = job(
        "plan",
        "Shows the plan on the run's page, and outputs its digest.",
        Access::Plan,
        IMAGES.map(id).into(),
        30,
        None,
        vec![
            cloud("plan", "diff --json").into_file("plan.json"),
            cloud("plan as text", "diff").into_file("plan.txt"),
            Step::keep(pins, &format!("{} plan", deployment.module), "plan.json\nplan.txt"),
            Step::script(pins, "output the digest", Some("plan"), DIGEST),
        ],
    );
    plan.1.outputs = Entries::of([("digest", "${{ steps.plan.outputs.digest }}")]);
    let digest = format!("${{{{ needs.{}.outputs.digest }}}}", id("plan"));
    let deploy = job(
        "deploy",
        if deployment.reviewed {
            "Waits for the environment's reviewers. Refuses any plan other than the one they approved."
        } else {
            "Refuses any plan other than the shown one."
        },
        Access::Deploy,
        vec![id("plan")],
        120,
        None,
        vec![
            cloud("deploy the plan", "deploy --yes --expect $DIGEST").with_env("DIGEST", &digest),
            cloud("upload the DAGs", "sync-dags"),
            cloud("verify", "status"),
        ],
    );
    [vec![base], images.into(), vec![plan, deploy]].concat()
}
