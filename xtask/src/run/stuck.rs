//! Why a job stays RUNNABLE, which Batch tells in many places and words: one table, from Batch's own facts to what is the
//! matter and what mends it. Its words are those of the AWS Batch User Guide, "Jobs stuck in a RUNNABLE status" and
//! "INVALID compute environment".

use super::Job;

/// A queue or compute environment as Batch tells of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    /// Its name.
    pub name: String,
    /// `ENABLED` or `DISABLED`.
    pub state: String,
    /// `VALID` when it can be used.
    pub status: String,
    /// Why it is not, where Batch tells.
    pub reason: Option<String>,
    /// The most vCPU that run at once in it; of an environment alone.
    pub max_vcpu: Option<i32>,
}

/// What stands around a job that waits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Surroundings {
    /// The queue, if there is one of that name.
    pub queue: Option<Standing>,
    /// The compute environments that the queue names, those that are there.
    pub environments: Vec<Standing>,
    /// vCPU that other jobs of the queue hold.
    pub busy_vcpu: f64,
}

/// What is the matter, and what mends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// In one sentence.
    pub words: String,
    /// What to do.
    pub fix: String,
}

const DEPLOY: &str = "cargo xtask deploy";
const NETWORK: &str = "the private subnets need a way out (NAT, or endpoints for ECR, S3 and logs) and free addresses, and \
                       the jobs' security group port 443: `cargo xtask status`, infra/network.yaml";

/// The first row that fits.
///
/// | fact | is the matter |
/// |---|---|
/// | no queue, or it is disabled or not valid | the queue |
/// | no environment, or none that is enabled and valid | the environment, with Batch's reason |
/// | `MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE`, or the job wants more than the most vCPU | size |
/// | `MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT` | size |
/// | `MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS` | Batch's role |
/// | `MISCONFIGURATION:` and other words | what they say |
/// | `CAPACITY:` | AWS has none to give |
/// | a container ended with `CannotPullContainer` | the image, or the way to it |
/// | a container or the job says `ResourceInitializationError` or `network interface` | the network |
/// | `ACTION_REQUIRED`, `UNDETERMINED` | what they say |
/// | other jobs hold what it wants | its turn |
/// | none of these | Fargate's quota, or patience |
pub fn explain(job: &Job, around: &Surroundings) -> Why {
    place(around).or_else(|| told(job, around)).or_else(|| before(job)).unwrap_or_else(|| waits(job, around))
}

fn why(words: impl Into<String>, fix: impl Into<String>) -> Why {
    Why { words: words.into(), fix: fix.into() }
}

fn because(standing: &Standing) -> String {
    standing.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default()
}

/// Queue and environments.
fn place(around: &Surroundings) -> Option<Why> {
    let Some(queue) = &around.queue else { return Some(why("the queue is gone", DEPLOY)) };
    let name = &queue.name;
    if queue.state == "DISABLED" {
        return Some(why(
            format!("the queue `{name}` is disabled: it starts nothing"),
            format!("{DEPLOY}, or enable it in the console of Batch"),
        ));
    }
    if queue.status != "VALID" {
        return Some(why(
            format!("the queue `{name}` is {}{}", queue.status, because(queue)),
            "wait while it is UPDATING; INVALID: see it in the console of Batch",
        ));
    }
    let usable = |one: &&Standing| one.state == "ENABLED" && one.status == "VALID";
    if around.environments.iter().any(|one| usable(&one)) {
        return None;
    }
    let Some(one) = around.environments.first() else {
        return Some(why(format!("the queue `{name}` has no compute environment that exists"), DEPLOY));
    };
    let name = &one.name;
    Some(match (one.state.as_str(), one.status.as_str()) {
        ("DISABLED", _) => why(
            format!("the compute environment `{name}` is disabled: nothing starts in it{}", because(one)),
            format!("{DEPLOY}, or enable it in the console of Batch"),
        ),
        (_, "INVALID") => why(
            format!("the compute environment `{name}` is INVALID{}", because(one)),
            "the reason names a role, subnet or security group: mend it, then disable and enable the environment",
        ),
        (_, status) => why(
            format!("the compute environment `{name}` is {status}{}", because(one)),
            "wait: Batch is at work on it, and the job starts when it is VALID",
        ),
    })
}

/// What Batch says of the job itself, and its size.
fn told(job: &Job, around: &Surroundings) -> Option<Why> {
    let says = job.reason.as_deref().unwrap_or_default();
    let most = around.environments.iter().filter_map(|one| one.max_vcpu).max();
    let wants = job.vcpu.map_or("more".to_owned(), |vcpu| format!("{vcpu} vCPU"));
    let larger = job.vcpu.zip(most).is_some_and(|(vcpu, most)| vcpu > f64::from(most));
    if larger || says.contains("COMPUTE_ENVIRONMENT_MAX_RESOURCE") {
        let most = most.map_or("less".to_owned(), |most| most.to_string());
        return Some(why(
            format!("the job wants {wants}, and its compute environment gives {most} at most: it never starts"),
            format!("raise `batch.max_vcpu` or lower the job's `vcpu` in the settings, then {DEPLOY}"),
        ));
    }
    let rows = [
        (
            "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
            "no compute environment of the queue has as much CPU or memory as the job wants",
            "mend the job's `vcpu` and `memory_mib` in the settings (Fargate knows fixed pairs), then cargo xtask deploy",
        ),
        (
            "MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS",
            "Batch's own role may not do what it has to",
            "the service-linked role AWSServiceRoleForBatch is missing or restricted: restore it, or look for a policy of \
             the organisation that denies it",
        ),
        (
            "MISCONFIGURATION:",
            "something is set up in a way that Batch cannot use",
            "see the reason; then cargo xtask deploy",
        ),
        (
            "CAPACITY:",
            "AWS has no capacity of that kind to give in these zones for now",
            "wait: Batch tries again and again; or give the network another zone",
        ),
        ("ACTION_REQUIRED", "the queue's compute environments cannot be used", "cargo xtask status names what is red"),
    ];
    let (_, words, fix) = rows.into_iter().find(|(start, ..)| says.contains(start))?;
    Some(why(format!("{words} ({says})"), fix))
}

/// What became of the job's earlier containers: it waits to be tried again.
fn before(job: &Job) -> Option<Why> {
    let last = job.attempts.last().and_then(|attempt| attempt.reason.clone());
    let says = [last, job.container.reason.clone(), job.reason.clone()].into_iter().flatten().collect::<Vec<_>>();
    let find = |words: &[&str]| says.iter().find(|says| words.iter().any(|word| says.contains(word)));
    if let Some(says) = find(&["CannotPullContainer"]) {
        let fix = "is the image in ECR? `cargo xtask status` looks; `cargo xtask deploy` pushes it. \"i/o timeout\" means \
                   that the subnets have no way to ECR";
        return Some(why(format!("its image could not be pulled: {says}"), fix));
    }
    if let Some(says) = find(&["ResourceInitializationError", "network interface"]) {
        return Some(why(format!("its container got no network, or did not reach AWS: {says}"), NETWORK));
    }
    let says = find(&["UNDETERMINED"])?;
    Some(why(format!("Batch cannot tell itself ({says})"), NETWORK))
}

fn waits(job: &Job, around: &Surroundings) -> Why {
    let most = around.environments.iter().filter_map(|one| one.max_vcpu).max();
    if let (Some(vcpu), Some(most)) = (job.vcpu, most)
        && around.busy_vcpu + vcpu > f64::from(most)
    {
        let busy = around.busy_vcpu;
        return why(
            format!("other jobs hold {busy} of {most} vCPU, and it wants {vcpu}: it waits for its turn"),
            "wait, or raise `batch.max_vcpu` in the settings",
        );
    }
    why(
        "Batch gives no reason; on Fargate a job starts in about 30 seconds",
        "longer than some minutes: Fargate's quota of the account (6 vCPU at first; Service Quotas, \"Fargate On-Demand vCPU \
         resource count\"), or no free address in the subnets",
    )
}

#[cfg(test)]
#[path = "../../tests/unit/run/stuck.rs"]
mod tests;
