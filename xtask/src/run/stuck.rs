//! Explains why a job stays RUNNABLE: the first rule for the state of its queue, or else for its own state, has an
//! explanation and a fix. The texts follow the AWS Batch User Guide, "Jobs stuck in a RUNNABLE status" and "INVALID
//! compute environment".

use super::job::Job;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct BatchResource {
    pub name: String,
    pub state: String,
    /// `VALID` when it can run jobs.
    pub status: String,
    pub reason: Option<String>,
    pub max_vcpu: Option<i32>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueueState {
    pub queue: Option<BatchResource>,
    pub environments: Vec<BatchResource>,
    /// Number of vCPUs that other jobs in the queue use.
    pub used_vcpu: f64,
}

const DEPLOY: &str = "run `cargo xtask deploy`";
const ENABLE: &str = "run `cargo xtask deploy`, or enable it in the AWS Batch console";
const NETWORK: &str = "the private subnets need free addresses and a route to ECR, S3 and CloudWatch Logs (NAT gateway or \
                       endpoints), and the jobs' security group must allow port 443: see `cargo xtask status` and infra/network.yaml";

/// A part of a job's reason, and the message and the fix; the first row that applies is the explanation.
const REASONS: [(&str, &str, &str); 5] = [
    (
        "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
        "no compute environment in the queue has enough CPU or memory for the job",
        "set the job's `vcpu` and `memory_mib` to a combination that Fargate supports, then run `cargo xtask deploy`",
    ),
    (
        "MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS",
        "the Batch service role lacks permissions",
        "restore the service-linked role AWSServiceRoleForBatch, or find the organization policy that denies it",
    ),
    (
        "MISCONFIGURATION:",
        "Batch reported an invalid configuration",
        "fix the problem that the reason describes, then run `cargo xtask deploy`",
    ),
    (
        "CAPACITY:",
        "AWS currently lacks the required capacity in these zones",
        "wait: Batch retries; or add another zone to the network",
    ),
    (
        "ACTION_REQUIRED",
        "the queue's compute environments cannot be used",
        "run `cargo xtask status` to find the broken part",
    ),
];

/// Returns the explanation, then the fix.
pub fn explain(job: &Job, queue: &QueueState) -> String {
    let (message, fix) = of_queue(queue).unwrap_or_else(|| of_job(job, queue));
    format!("{message}; {fix}")
}

/// Returns why the queue cannot run any job.
fn of_queue(QueueState { queue, environments, .. }: &QueueState) -> Option<(String, &'static str)> {
    let Some(queue) = queue else { return Some(("the queue does not exist".to_owned(), DEPLOY)) };
    let (name, status, reason) = (&queue.name, &queue.status, queue.reason());
    if queue.state == "DISABLED" {
        return Some((format!("the queue `{name}` is disabled{reason}"), ENABLE));
    }
    if status != "VALID" {
        let fix = "wait if it is UPDATING; if it is INVALID, see the AWS Batch console";
        return Some((format!("the queue `{name}` is {status}{reason}"), fix));
    }
    let Some(first) = environments.first() else {
        return Some((format!("none of the compute environments in the queue `{name}` exist"), DEPLOY));
    };
    if environments.iter().any(BatchResource::is_open) {
        return None;
    }
    let (state, fix) = match (first.state.as_str(), first.status.as_str()) {
        ("DISABLED", _) => ("disabled", ENABLE),
        (_, "INVALID") => (
            "INVALID",
            "fix the role, subnet or security group named in the reason, then disable and re-enable the environment",
        ),
        (_, status) => (status, "wait: the job starts when the environment is VALID"),
    };
    Some((format!("the compute environment `{}` is {state}{}", first.name, first.reason()), fix))
}

/// Returns why a queue that can run jobs does not run this one.
fn of_job(job: &Job, queue: &QueueState) -> (String, &'static str) {
    let (reason, used) = (job.reason.as_deref().unwrap_or_default(), queue.used_vcpu);
    let max = queue.environments.iter().filter_map(|one| one.max_vcpu).max();
    let exceeds = |used: f64| job.vcpu.zip(max).is_some_and(|(vcpu, max)| used + vcpu > f64::from(max));
    let shown = |number: Option<f64>| number.map_or("an unknown number of".to_owned(), |number| number.to_string());
    let (vcpu, max) = (shown(job.vcpu), shown(max.map(f64::from)));
    if exceeds(0.0) || reason.contains("COMPUTE_ENVIRONMENT_MAX_RESOURCE") {
        let limit = format!("its compute environment has at most {max}, so the job will never start");
        let fix = "raise `batch.max_vcpu` or lower the job's `vcpu` in the settings, then run `cargo xtask deploy`";
        return (format!("the job needs {vcpu} vCPU, but {limit}"), fix);
    }
    if let Some((_, message, fix)) = REASONS.iter().find(|(code, ..)| reason.contains(code)) {
        return (format!("{message} ({reason})"), *fix);
    }
    // The reasons of the last attempt, the container, and the job.
    let last = job.attempts.last().and_then(|attempt| attempt.reason.as_deref());
    let reasons = [last, job.container.reason.as_deref(), Some(reason)];
    let found = |codes: &[&str]| {
        let contains = |reason: &&str| codes.iter().any(|code| reason.contains(code));
        reasons.into_iter().flatten().find(contains)
    };
    if let Some(reason) = found(&["CannotPullContainer"]) {
        let fix = "check with `cargo xtask status` that the image is in ECR; `cargo xtask deploy` pushes it. \"i/o timeout\" \
                   means that the subnets have no route to ECR";
        return (format!("its image could not be pulled: {reason}"), fix);
    }
    if let Some(reason) = found(&["ResourceInitializationError", "network interface"]) {
        return (format!("its container did not get a network interface, or could not reach AWS: {reason}"), NETWORK);
    }
    if let Some(reason) = found(&["UNDETERMINED"]) {
        return (format!("Batch could not determine the cause ({reason})"), NETWORK);
    }
    if exceeds(used) {
        let message = format!("other jobs are using {used} of {max} vCPU, and this job needs {vcpu}");
        return (message, "wait, or raise `batch.max_vcpu` in the settings");
    }
    let message = "Batch does not report a reason; on Fargate, a job starts in about 30 seconds".to_owned();
    let fix = "after a few minutes, check the account's Fargate quota (initially 6 vCPU; Service Quotas, \"Fargate On-Demand \
               vCPU resource count\") and the free addresses in the subnets";
    (message, fix)
}

impl BatchResource {
    pub fn is_open(&self) -> bool {
        self.state == "ENABLED" && self.status == "VALID"
    }

    fn reason(&self) -> String {
        self.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default()
    }
}

#[cfg(test)]
#[path = "../../tests/unit/run/stuck.rs"]
mod tests;
