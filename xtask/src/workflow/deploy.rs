//! `deploy.yml`: builds, checks and plans each push, waits for approval of the plan, and deploys exactly that plan.

use indexmap::IndexMap;

use super::ci::{Programs, cloud_job};
use super::deployment::{Access, Deployment};
use super::drift::issue;
use super::model::{Concurrency, Input, Job, MAIN, Permission, Triggers, Workflow};
use super::step::{ARCHIVE, PACKED, Step};
use super::{build, checks};

/// Shows the plan on the run page, and outputs its digest.
const DIGEST: &str = concat!(include_str!("scripts/block.js"), include_str!("scripts/digest.js"));

pub(super) fn workflow(deployments: &[Deployment]) -> Workflow {
    let names: Vec<String> = deployments.iter().map(|deployment| deployment.module.clone()).collect();
    let first = names.first().cloned().unwrap_or_default();
    let mut jobs = IndexMap::new();
    if let Some((tested, promoted)) = deployments.split_first() {
        let started = started(tested, true);
        // The checks run even if there is no account yet.
        let of = |job: Job| Job { condition: Some(started.clone()), ..job };
        jobs.extend([("build".to_owned(), of(build::call())), ("checks".to_owned(), of(checks::call()))]);
        let deploys = |started: &str, deployment: &Deployment| {
            format!("{started} && vars.{} != ''", deployment.account_variable())
        };
        // One archive is for all deployments.
        let attested = deployments.iter().any(|deployment| deployment.settings.auth.attestations);
        let mut needs = vec!["checks"];
        if attested {
            jobs.insert("attest".to_owned(), attest("build", &Programs::built(&[])));
            needs.push("attest");
        }
        let built = Programs { attested, ..Programs::built(&needs) };
        jobs.extend(phases(tested, built, &deploys(&started, tested)));
        let images = format!("{}-images", tested.module);
        if let Some(job) = jobs.get_mut(&images).filter(|_| !promoted.is_empty()) {
            job.outputs = [PACKED].into();
            job.steps.extend(Step::pack(Programs::DEPLOYED));
        }
        if attested && !promoted.is_empty() {
            let sha256 = format!("${{{{ needs.{images}.outputs.sha256 }}}}");
            let deployed = Programs { artifact: Programs::DEPLOYED, sha256, ..Programs::built(&[]) };
            jobs.insert(format!("{}-attest", tested.module), attest(&images, &deployed));
        }
        for deployment in promoted {
            let id = format!("{}-promoted", deployment.module);
            let started = deploys(&self::started(deployment, false), deployment);
            let output = |name: &str| format!("${{{{ needs.{id}.outputs.{name} }}}}");
            let programs = Programs {
                needs: vec![id.clone()],
                artifact: Programs::DEPLOYED,
                sha256: output("sha256"),
                run: Some(output("run")),
                attested,
            };
            jobs.insert(id.clone(), promotion(tested, deployment, &started));
            jobs.extend(phases(deployment, programs, &started));
        }
    }
    let notice = issue(&jobs, "A deployment failed");
    jobs.insert("notice".to_owned(), notice);
    let group = format!("deploy-${{{{ inputs.environment || '{first}' }}}}");
    let environment = Input {
        description: "The settings to deploy",
        required: true,
        r#type: "choice",
        default: first,
        options: names,
    };
    let mut inputs = IndexMap::from([("environment", environment)]);
    if deployments.iter().any(Deployment::approved_by_digest) {
        let digest = Input {
            description: "The digest of the approved plan, which an earlier run shows",
            required: false,
            r#type: "string",
            default: String::new(),
            options: Vec::new(),
        };
        inputs.insert("digest", digest);
    }
    Workflow {
        id: "deploy",
        why: &[
            "Deploys each push after its checks, one deployment at a time: creates the registry and buckets if missing, pushes images,",
            "and deploys a plan. No existing resource is changed before the plan is approved, and only the approved plan is deployed.",
            "The later deployments get what the first one got. Each deployment's jobs are written out, so that no expression",
            "determines a job's environment and thus its credentials.",
        ],
        on: Triggers { push: Some(MAIN), workflow_dispatch: Some([("inputs", inputs)].into()), ..Triggers::default() },
        concurrency: Some(Concurrency::queued(&group)),
        jobs,
    }
}

/// Returns the condition for a deployment: it was started, and on `main`, because a manual run can be started on any branch.
fn started(deployment: &Deployment, by_push: bool) -> String {
    let by_hand = format!("inputs.environment == '{}'", deployment.module);
    let started = if by_push { format!("(github.event_name == 'push' || {by_hand})") } else { by_hand };
    format!("github.ref == 'refs/heads/main' && {started}")
}

/// Returns the job that signs the archive, without running code of this repository: a build script could sign something else.
fn attest(packed: &str, programs: &Programs) -> Job {
    let sign = Step::attest("sign the programs", [("subject-path", ARCHIVE)]);
    let steps = Step::archive(programs).into_iter().chain([sign]);
    Job {
        name: if packed == "build" { "attest".to_owned() } else { format!("attest {packed}") },
        why: "Signs the archive, in a job that runs nothing of it.",
        needs: vec![packed.to_owned()],
        permissions: vec![Permission::SIGN, Permission::ATTEST],
        timeout_minutes: Some(5),
        steps: steps.collect(),
        ..Job::default()
    }
}

/// Returns the job that finds what the first deployment got for the same commit.
fn promotion(tested: &Deployment, deployment: &Deployment, started: &str) -> Job {
    let script = Step::script("find the tested programs", Some("tested"), include_str!("scripts/promoted.js"));
    Job {
        name: format!("{} promoted", deployment.module),
        why: "Fails unless this commit was built, checked and deployed to the first environment.",
        condition: Some(started.to_owned()),
        permissions: vec![Permission::ACTIONS],
        timeout_minutes: Some(5),
        outputs: [("run", "${{ steps.tested.outputs.run }}"), ("sha256", "${{ steps.tested.outputs.sha256 }}")].into(),
        steps: vec![script.with_env("FIRST", &format!("{} deploy", tested.module))],
        ..Job::default()
    }
}

/// Returns the job that checks that somebody must approve the deployment.
fn approval(deployment: &Deployment, started: &str) -> Job {
    let script = Step::script("look for reviewers", None, include_str!("scripts/approval.js"));
    Job {
        name: format!("{} approval", deployment.module),
        why: "Fails if the environment has no required reviewers: nothing is created or changed then.",
        condition: Some(started.to_owned()),
        permissions: vec![Permission::ACTIONS],
        timeout_minutes: Some(5),
        steps: vec![script.with_env("ENVIRONMENT", &deployment.environment_of(Access::Deploy))],
        ..Job::default()
    }
}

/// Returns the jobs of one deployment.
fn phases(deployment: &Deployment, mut programs: Programs, started: &str) -> Vec<(String, Job)> {
    let id = |phase: &str| format!("{}-{phase}", deployment.module);
    let name = |phase: &str| format!("{} {phase}", deployment.module);
    let approval = deployment.reviewed().then(|| (id("approval"), approval(deployment, started)));
    programs.needs.extend(approval.iter().map(|(id, _)| id.clone()));
    let cloud = |name: &str, arguments: &str| Step::cloud(name, deployment, arguments);
    // Each job needs those that determine its programs, and the one before it.
    let job = |access, before: Option<&str>, steps| {
        let job = cloud_job(deployment, access, &programs, steps);
        Job { needs: job.needs.iter().cloned().chain(before.map(id)).collect(), ..job }
    };

    let create = cloud("registry and buckets", "deploy --create-only --stack registry --stack storage --yes");
    let base = Job {
        name: name("base"),
        why: "Creates the registry and buckets if they are missing, because the images and the plan need them. Existing ones are part of the plan.",
        condition: Some(started.to_owned()),
        timeout_minutes: Some(60),
        ..job(Access::Build, None, vec![create])
    };
    let push = match programs.run {
        None => cloud("push", "build-images --push --from programs/images.tar --save programs/images.tar --json")
            .into_file("programs/images.json"),
        Some(_) => cloud("push", "build-images --push --from programs/images.tar --expect programs/images.json"),
    };
    let images = Job {
        name: name("images"),
        why: "Pushes the images that the registry does not have.",
        timeout_minutes: Some(60),
        ..job(Access::Build, Some("base"), vec![push])
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
        timeout_minutes: Some(30),
        outputs: [("digest", "${{ steps.plan.outputs.digest }}")].into(),
        ..job(Access::Plan, Some("images"), steps)
    };
    let digest = match deployment.approved_by_digest() {
        true => "${{ inputs.digest }}".to_owned(),
        false => format!("${{{{ needs.{}.outputs.digest }}}}", id("plan")),
    };
    // An approval can take days.
    let current =
        deployment.is_production().then(|| Step::script("compare with main", None, include_str!("scripts/main.js")));
    let steps = current.into_iter().chain([
        cloud("deploy the plan", "deploy --yes --expect $DIGEST").with_env("DIGEST", &digest),
        cloud("upload the DAGs", "sync-dags"),
        cloud("verify", "status"),
    ]);
    let deploy = Job {
        name: name("deploy"),
        why: if deployment.reviewed() {
            "Waits for the environment's reviewers. Fails if the plan differs from the one that they approved, or if main has moved on."
        } else if deployment.approved_by_digest() {
            "Runs if the plan's digest is an input. Fails if the plan has another digest, or if main has moved on."
        } else {
            "Fails if the plan differs from the one that was shown."
        },
        condition: deployment.approved_by_digest().then(|| "inputs.digest != ''".to_owned()),
        timeout_minutes: Some(120),
        ..job(Access::Deploy, Some("plan"), steps.collect())
    };
    let phases = [("base", base), ("images", images), ("plan", plan), ("deploy", deploy)];
    approval.into_iter().chain(phases.map(|(name, job)| (id(name), job))).collect()
}
