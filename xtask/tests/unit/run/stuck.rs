use super::super::Attempt;
use super::*;

fn job(reason: &str) -> Job {
    let reason = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
    Job { status: "RUNNABLE".to_owned(), vcpu: Some(0.5), reason, ..Job::default() }
}

fn standing(name: &str, state: &str, status: &str, reason: &str) -> Standing {
    let reason = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
    Standing { name: name.to_owned(), state: state.to_owned(), status: status.to_owned(), reason, max_vcpu: None }
}

fn well() -> Surroundings {
    let environment =
        Standing { max_vcpu: Some(4), ..standing("env", "ENABLED", "VALID", "ComputeEnvironment Healthy") };
    let queue = Some(standing("queue", "ENABLED", "VALID", "JobQueue Healthy"));
    Surroundings { queue, environments: vec![environment], busy_vcpu: 0.0 }
}

fn after(reason: &str) -> Job {
    let attempt = Attempt { reason: Some(reason.to_owned()), ..Attempt::default() };
    Job { attempts: vec![attempt], ..job("") }
}

/// What is found, and what mends it, by a word of each.
fn told(job: &Job, around: &Surroundings, words: &str, fix: &str) {
    let found = explain(job, around);
    assert!(found.words.contains(words) && found.fix.contains(fix), "{found:?}");
}

#[test]
fn the_queue_comes_first() {
    let with = |queue| Surroundings { queue, ..well() };
    told(&job(""), &with(None), "the queue is gone", "deploy");
    told(&job(""), &with(Some(standing("q", "DISABLED", "VALID", ""))), "`q` is disabled", "enable");
    told(&job(""), &with(Some(standing("q", "ENABLED", "INVALID", "why"))), "INVALID: why", "console");
    told(&job(""), &with(Some(standing("q", "ENABLED", "UPDATING", ""))), "UPDATING", "wait");
}

#[test]
fn then_its_compute_environments() {
    let with = |environments| Surroundings { environments, ..well() };
    told(&job(""), &with(Vec::new()), "no compute environment that exists", "deploy");
    told(&job(""), &with(vec![standing("e", "DISABLED", "VALID", "")]), "`e` is disabled", "enable");
    let invalid = standing("e", "ENABLED", "INVALID", "CLIENT_ERROR - The subnet ID 'subnet-1' does not exist");
    told(&job(""), &with(vec![invalid.clone()]), "INVALID: CLIENT_ERROR - The subnet ID", "subnet");
    told(&job(""), &with(vec![standing("e", "ENABLED", "UPDATING", "")]), "is UPDATING", "wait");
    // One that can be used is enough.
    let mut both = well();
    both.environments.insert(0, invalid);
    told(&job(""), &both, "no reason", "quota");
}

#[test]
fn then_what_batch_says_of_the_job() {
    for (reason, words, fix) in [
        (
            "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE(s) associated with the job queue cannot meet the \
             CPU requirement of the job.",
            "wants 0.5 vCPU, and its compute environment gives 4",
            "max_vcpu",
        ),
        ("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - too high", "as much CPU or memory", "memory_mib"),
        ("MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS - no", "own role", "AWSServiceRoleForBatch"),
        ("MISCONFIGURATION:SOMETHING_NEW - no", "SOMETHING_NEW", "reason"),
        ("CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - none", "no capacity", "another zone"),
        ("ACTION_REQUIRED - CE(s) associated with the job queue are invalid.", "cannot be used", "status"),
        ("UNDETERMINED - Batch job is blocked, root cause is undetermined.", "cannot tell", "subnets"),
    ] {
        told(&job(reason), &well(), words, fix);
    }
}

#[test]
fn a_job_that_is_larger_than_its_environment_is_seen_before_batch_says_so() {
    let large = Job { vcpu: Some(8.0), ..job("") };
    told(&large, &well(), "wants 8 vCPU, and its compute environment gives 4 at most", "max_vcpu");
}

#[test]
fn then_what_became_of_its_earlier_containers() {
    let pull = "CannotPullContainerError: pull image manifest has been retried 7 time(s): not found";
    told(&after(pull), &well(), "could not be pulled: CannotPull", "ECR");
    let network = "ResourceInitializationError: unable to pull secrets or registry auth: i/o timeout";
    told(&after(network), &well(), "no network", "NAT");
    told(&job("Timeout waiting for network interface provisioning to complete."), &well(), "no network", "addresses");
}

#[test]
fn at_last_it_waits() {
    let busy = Surroundings { busy_vcpu: 4.0, ..well() };
    told(&job(""), &busy, "hold 4 of 4 vCPU", "wait");
    told(&job(""), &well(), "no reason", "6 vCPU");
}
