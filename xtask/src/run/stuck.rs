//! Explains why a job stays RUNNABLE: a table maps the state of the job and its queue to an explanation and a fix. The
//! texts follow the AWS Batch User Guide, "Jobs stuck in a RUNNABLE status" and "INVALID compute environment".

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

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    pub message: String,
    pub fix: String,
}

/// Returns the text for `{reason}` if the row applies.
type Condition = fn(&Facts<'_>) -> Option<String>;

const DEPLOY: &str = "run `cargo xtask deploy`";
const ENABLE: &str = "run `cargo xtask deploy`, or enable it in the AWS Batch console";
const NETWORK: &str = "the private subnets need free addresses and a route to ECR, S3 and CloudWatch Logs (NAT gateway or \
                       endpoints), and the jobs' security group must allow port 443: see `cargo xtask status` and infra/network.yaml";

/// Condition, message and fix; the first row that applies is the explanation.
const ROWS: [(Condition, &str, &str); 18] = [
    (|facts| facts.queue.queue.is_none().then(String::new), "the queue does not exist", DEPLOY),
    (|facts| facts.queue(|queue| queue.state == "DISABLED"), "the queue `{queue}` is disabled{reason}", ENABLE),
    (
        |facts| facts.queue(|queue| queue.status != "VALID"),
        "the queue `{queue}` is {queue_status}{reason}",
        "wait if it is UPDATING; if it is INVALID, see the AWS Batch console",
    ),
    (
        |facts| facts.queue.environments.is_empty().then(String::new),
        "none of the compute environments in the queue `{queue}` exist",
        DEPLOY,
    ),
    (
        |facts| facts.environment(|one| one.state == "DISABLED"),
        "the compute environment `{environment}` is disabled{reason}",
        ENABLE,
    ),
    (
        |facts| facts.environment(|one| one.status == "INVALID"),
        "the compute environment `{environment}` is INVALID{reason}",
        "fix the role, subnet or security group named in the reason, then disable and re-enable the environment",
    ),
    (
        |facts| facts.environment(|_| true),
        "the compute environment `{environment}` is {environment_status}{reason}",
        "wait: the job starts when the environment is VALID",
    ),
    (
        |facts| facts.exceeds(0.0).then(String::new).or_else(|| facts.job("COMPUTE_ENVIRONMENT_MAX_RESOURCE")),
        "the job needs {vcpu} vCPU, but its compute environment has at most {max}, so the job will never start",
        "raise `batch.max_vcpu` or lower the job's `vcpu` in the settings, then run `cargo xtask deploy`",
    ),
    (
        |facts| facts.job("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"),
        "no compute environment in the queue has enough CPU or memory for the job ({reason})",
        "set the job's `vcpu` and `memory_mib` to a combination that Fargate supports, then run `cargo xtask deploy`",
    ),
    (
        |facts| facts.job("MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS"),
        "the Batch service role lacks permissions ({reason})",
        "restore the service-linked role AWSServiceRoleForBatch, or find the organization policy that denies it",
    ),
    (
        |facts| facts.job("MISCONFIGURATION:"),
        "Batch reported an invalid configuration ({reason})",
        "fix the problem that the reason describes, then run `cargo xtask deploy`",
    ),
    (
        |facts| facts.job("CAPACITY:"),
        "AWS currently lacks the required capacity in these zones ({reason})",
        "wait: Batch retries; or add another zone to the network",
    ),
    (
        |facts| facts.job("ACTION_REQUIRED"),
        "the queue's compute environments cannot be used ({reason})",
        "run `cargo xtask status` to find the broken part",
    ),
    (
        |facts| facts.containers(&["CannotPullContainer"]),
        "its image could not be pulled: {reason}",
        "check with `cargo xtask status` that the image is in ECR; `cargo xtask deploy` pushes it. \"i/o timeout\" means that \
         the subnets have no route to ECR",
    ),
    (
        |facts| facts.containers(&["ResourceInitializationError", "network interface"]),
        "its container did not get a network interface, or could not reach AWS: {reason}",
        NETWORK,
    ),
    (|facts| facts.containers(&["UNDETERMINED"]), "Batch could not determine the cause ({reason})", NETWORK),
    (
        |facts| facts.exceeds(facts.queue.used_vcpu).then(String::new),
        "other jobs are using {used} of {max} vCPU, and this job needs {vcpu}",
        "wait, or raise `batch.max_vcpu` in the settings",
    ),
    (
        |_| Some(String::new()),
        "Batch does not report a reason; on Fargate, a job starts in about 30 seconds",
        "after a few minutes, check the account's Fargate quota (initially 6 vCPU; Service Quotas, \"Fargate On-Demand \
         vCPU resource count\") and the free addresses in the subnets",
    ),
];

pub fn explain(job: &Job, queue: &QueueState) -> Explanation {
    let facts = Facts { job, queue };
    let mut applying = ROWS.iter().filter_map(|(condition, message, fix)| Some((condition(&facts)?, message, fix)));
    let (reason, message, fix) = applying.next().unwrap_or((String::new(), &"", &""));
    Explanation { message: facts.fill(message, &reason), fix: (*fix).to_owned() }
}

struct Facts<'a> {
    job: &'a Job,
    queue: &'a QueueState,
}

impl Facts<'_> {
    fn queue(&self, is: fn(&BatchResource) -> bool) -> Option<String> {
        self.queue.queue.as_ref().filter(|queue| is(queue)).map(BatchResource::reason)
    }

    /// Returns the reason of the first compute environment, unless any environment can be used.
    fn environment(&self, is: fn(&BatchResource) -> bool) -> Option<String> {
        let first = self.queue.environments.first().filter(|one| is(one))?;
        (!self.queue.environments.iter().any(BatchResource::is_open)).then(|| first.reason())
    }

    fn job(&self, code: &str) -> Option<String> {
        self.job.reason.clone().filter(|reason| reason.contains(code))
    }

    /// Returns the first matching reason of the last attempt, the container, or the job.
    fn containers(&self, codes: &[&str]) -> Option<String> {
        let last = self.job.attempts.last().and_then(|attempt| attempt.reason.as_ref());
        let mut reasons = [last, self.job.container.reason.as_ref(), self.job.reason.as_ref()].into_iter().flatten();
        reasons.find(|reason| codes.iter().any(|code| reason.contains(code))).cloned()
    }

    fn max_vcpu(&self) -> Option<i32> {
        self.queue.environments.iter().filter_map(|one| one.max_vcpu).max()
    }

    /// Whether the job needs more vCPUs than are free when other jobs use `used`.
    fn exceeds(&self, used: f64) -> bool {
        self.job.vcpu.zip(self.max_vcpu()).is_some_and(|(vcpu, max)| used + vcpu > f64::from(max))
    }

    fn fill(&self, message: &str, reason: &str) -> String {
        let of = |resource: Option<&BatchResource>, get: fn(&BatchResource) -> &String| resource.map(get).cloned();
        let (queue, environment) = (self.queue.queue.as_ref(), self.queue.environments.first());
        let values = [
            ("{queue}", of(queue, |queue| &queue.name)),
            ("{queue_status}", of(queue, |queue| &queue.status)),
            ("{environment}", of(environment, |one| &one.name)),
            ("{environment_status}", of(environment, |one| &one.status)),
            ("{vcpu}", self.job.vcpu.map(|vcpu| vcpu.to_string())),
            ("{max}", self.max_vcpu().map(|max| max.to_string())),
            ("{used}", Some(self.queue.used_vcpu.to_string())),
            ("{reason}", Some(reason.to_owned())),
        ];
        values.iter().fold(message.to_owned(), |text, (name, value)| {
            text.replace(name, value.as_deref().unwrap_or("an unknown number of"))
        })
    }
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
