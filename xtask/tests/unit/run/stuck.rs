use super::super::job::Attempt;
use super::*;

fn text(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn job(reason: &str) -> Job {
    Job { status: "RUNNABLE".to_owned(), vcpu: Some(0.5), reason: text(reason), ..Job::default() }
}

fn after(reason: &str) -> Job {
    Job { attempts: vec![Attempt { reason: text(reason), ..Attempt::default() }], ..job("") }
}

fn resource(name: &str, state: &str, status: &str, reason: &str) -> BatchResource {
    let (state, status) = (state.to_owned(), status.to_owned());
    BatchResource { name: name.to_owned(), state, status, reason: text(reason), max_vcpu: None }
}

fn healthy() -> QueueState {
    let environment =
        BatchResource { max_vcpu: Some(4), ..resource("env", "ENABLED", "VALID", "ComputeEnvironment Healthy") };
    let queue = Some(resource("queue", "ENABLED", "VALID", "JobQueue Healthy"));
    QueueState { queue, environments: vec![environment], used_vcpu: 0.0 }
}

/// Checks for parts of the message and of the fix.
#[track_caller]
fn assert_explained(job: &Job, queue: &QueueState, message: &str, fix: &str) {
    let found = explain(job, queue);
    let (text, after) = found.split_once(message).unwrap_or_else(|| panic!("no `{message}`: {found}"));
    assert!(after.contains(fix) && !text.contains(['{', '}']) && !after.contains(['{', '}']), "{found}");
}

#[test]
fn the_queue_and_its_compute_environments_come_first() {
    for (queue, message, fix) in [
        (None, "the queue does not exist", "deploy"),
        (Some(resource("q", "DISABLED", "VALID", "")), "`q` is disabled", "enable"),
        (Some(resource("q", "ENABLED", "INVALID", "why")), "INVALID: why", "console"),
        (Some(resource("q", "ENABLED", "UPDATING", "")), "UPDATING", "wait"),
    ] {
        assert_explained(&job(""), &QueueState { queue, ..healthy() }, message, fix);
    }
    let invalid = resource("e", "ENABLED", "INVALID", "CLIENT_ERROR - The subnet ID 'subnet-1' does not exist");
    for (environments, message, fix) in [
        (vec![], "none of the compute environments", "deploy"),
        (vec![resource("e", "DISABLED", "VALID", "")], "`e` is disabled", "enable"),
        (vec![invalid.clone()], "INVALID: CLIENT_ERROR - The subnet ID", "subnet"),
        (vec![resource("e", "ENABLED", "UPDATING", "")], "is UPDATING", "wait"),
        // One usable environment is enough.
        ([vec![invalid], healthy().environments].concat(), "does not report a reason", "quota"),
    ] {
        assert_explained(&job(""), &QueueState { environments, ..healthy() }, message, fix);
    }
}

#[test]
fn then_the_job_and_its_containers() {
    let max = "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE(s) associated with the job queue cannot meet the CPU \
               requirement of the job.";
    let network = "ResourceInitializationError: unable to pull secrets or registry auth: i/o timeout";
    for (job, message, fix) in [
        (job(max), "needs 0.5 vCPU, but its compute environment has at most 4", "max_vcpu"),
        (Job { vcpu: Some(8.0), ..job("") }, "needs 8 vCPU, but its compute environment has at most 4", "max_vcpu"),
        (job("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - too high"), "enough CPU or memory", "memory_mib"),
        (job("MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS - no"), "service role", "AWSServiceRoleForBatch"),
        (job("MISCONFIGURATION:SOMETHING_NEW - no"), "SOMETHING_NEW", "reason"),
        (job("CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - none"), "lacks the required capacity", "another zone"),
        (job("ACTION_REQUIRED - CE(s) associated with the job queue are invalid."), "cannot be used", "status"),
        (job("UNDETERMINED - Batch job is blocked, root cause is undetermined."), "not determine", "subnets"),
        (after("CannotPullContainerError: not found"), "could not be pulled: CannotPull", "ECR"),
        (after(network), "did not get a network interface", "NAT"),
        (
            job("Timeout waiting for network interface provisioning to complete."),
            "did not get a network interface",
            "addresses",
        ),
        (job(""), "does not report a reason", "6 vCPU"),
    ] {
        assert_explained(&job, &healthy(), message, fix);
    }
    assert_explained(&job(""), &QueueState { used_vcpu: 4.0, ..healthy() }, "are using 4 of 4 vCPU", "wait");
}
