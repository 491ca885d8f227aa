//! `deploy.yml`: plans each push, waits for approval of the plan, and deploys exactly that plan.

use indexmap::IndexMap;

use super::ci::cloud_job;
use super::deployment::{Access, Deployment};
use super::drift::issue;
use super::model::{Choice, Concurrency, Job, MAIN, Triggers, Workflow};
use super::step::Step;

/// The image names, as in `cargo xtask build-images`.
pub(super) const IMAGES: [&str; 2] = [INGESTION, "dbt-image"];
/// The image whose programs cargo compiles.
pub(super) const INGESTION: &str = "ingestion-image";

/// Shows the plan on the run page, and outputs its digest.
const DIGEST: &str = concat!(include_str!("scripts/block.js"), include_str!("scripts/digest.js"));

pub(super) fn workflow(deployments: &[Deployment]) -> Workflow {
    let names: Vec<String> = deployments.iter().map(|deployment| deployment.module.clone()).collect();
    let first = names.first().cloned().unwrap_or_default();
    let phases = |(index, deployment)| phases(deployment, index == 0);
    let mut jobs: IndexMap<String, Job> = deployments.iter().enumerate().flat_map(phases).collect();
    let notice = issue(&jobs, "A deployment failed");
    jobs.insert("notice".to_owned(), notice);
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
        why: &[
            "Deploys each push, one deployment at a time: creates the registry and buckets if missing, builds images, and deploys a plan.",
            "No existing resource is changed before the plan is approved, and only the approved plan is deployed.",
            "No cache is used: published artefacts are built from the commit alone. Each deployment's jobs are written out,",
            "so that no expression determines a job's environment and thus its credentials.",
        ],
        on: Triggers {
            push: Some(MAIN),
            workflow_dispatch: Some([("inputs", [("environment", environment)].into())].into()),
            ..Triggers::default()
        },
        concurrency: Concurrency::queued(&group),
        jobs,
    }
}

/// Returns the jobs of one deployment.
fn phases(deployment: &Deployment, pushed: bool) -> Vec<(String, Job)> {
    let id = |phase: &str| format!("{}-{phase}", deployment.module);
    let name = |phase: &str| format!("{} {}", deployment.module, phase.replace('-', " "));
    let cloud = |name: &str, arguments: &str| Step::cloud(name, deployment, arguments);

    let by_hand = format!("inputs.environment == '{}'", deployment.module);
    let started = if pushed { format!("(github.event_name == 'push' || {by_hand})") } else { by_hand };
    let create = cloud("registry and buckets", "deploy --create-only --stack registry --stack storage --yes");
    let base = Job {
        name: name("base"),
        why: "Creates the registry and buckets if they are missing, because the images and the plan need them. Existing ones are part of the plan.",
        // A manual run can be started on any branch.
        condition: Some(format!("github.ref == 'refs/heads/main' && {started}")),
        timeout_minutes: 60,
        ..cloud_job(deployment, Access::Build, None, vec![create])
    };
    let image = |image: &str| {
        let arguments = format!("build-images --push --image {image}");
        // The ingestion image's programs are compiled before the job has credentials, like everything that cargo compiles.
        let build = || Step::local("compile and build", deployment, &arguments.replace(" --push", ""));
        let before = (image == INGESTION).then(build);
        Job {
            name: name(image),
            why: "Builds and pushes the image unless it is already in the registry.",
            needs: vec![id("base")],
            timeout_minutes: 60,
            ..cloud_job(deployment, Access::Build, before, vec![cloud("build and push", &arguments)])
        }
    };
    let steps = vec![
        cloud("plan", "diff --json").into_file("plan.json"),
        cloud("plan as text", "diff").into_file("plan.txt"),
        Step::keep(&format!("{} plan", deployment.module), "plan.json\nplan.txt"),
        Step::script("output the digest", Some("plan"), DIGEST),
    ];
    let plan = Job {
        name: name("plan"),
        why: "Shows the plan on the run page, and outputs its digest.",
        needs: IMAGES.map(id).into(),
        timeout_minutes: 30,
        outputs: [("digest", "${{ steps.plan.outputs.digest }}")].into(),
        ..cloud_job(deployment, Access::Plan, None, steps)
    };
    let digest = format!("${{{{ needs.{}.outputs.digest }}}}", id("plan"));
    let steps = vec![
        cloud("deploy the plan", "deploy --yes --expect $DIGEST").with_env("DIGEST", &digest),
        cloud("upload the DAGs", "sync-dags"),
        cloud("verify", "status"),
    ];
    let deploy = Job {
        name: name("deploy"),
        why: if deployment.reviewed() {
            "Waits for the environment's reviewers. Fails if the plan differs from the one that they approved."
        } else {
            "Fails if the plan differs from the one that was shown."
        },
        needs: vec![id("plan")],
        timeout_minutes: 120,
        ..cloud_job(deployment, Access::Deploy, None, steps)
    };
    let mut jobs = vec![(id("base"), base)];
    jobs.extend(IMAGES.map(|name| (id(name), image(name))));
    jobs.extend([(id("plan"), plan), (id("deploy"), deploy)]);
    jobs
}
