//! Rules over a workflow as a whole and over its jobs.

use serde_yaml::Value;

use super::super::HEADER;
use super::{Rule, action, has, jobs, jobs_that, members, permission, steps, steps_that, text_of, whole};

/// Who may have which permission to write; anything may be read that has a reason.
const WRITES: [(&str, &str); 3] = [("id-token", "write"), ("issues", "write"), ("pull-requests", "write")];
/// A job that runs longer hangs.
const LONGEST: u64 = 120;
/// Triggers that run a stranger's change with this repository's token.
const DANGEROUS: [&str; 3] = ["pull_request_target", "workflow_run", "issue_comment"];

pub(super) const RULES: &[Rule] = &[
    Rule { name: "it says that it is generated", broken: |subject| whole(!subject.text.starts_with(HEADER)) },
    Rule {
        name: "nothing is permitted at the top",
        broken: |subject| {
            let none = subject.value.get("permissions").and_then(Value::as_mapping).is_some_and(|all| all.is_empty());
            whole(!none)
        },
    },
    Rule {
        name: "a job says what it may do",
        broken: |subject| jobs_that(subject, |job| job.get("permissions").and_then(Value::as_mapping).is_none()),
    },
    Rule {
        name: "a job writes nothing but what is in the table",
        broken: |subject| {
            jobs_that(subject, |job| {
                members(job.get("permissions")).iter().any(|(scope, level)| {
                    let level = text_of(level);
                    level != "read" && !WRITES.contains(&(scope.as_str(), level.as_str()))
                })
            })
        },
    },
    Rule {
        name: "a permission has its reason beside it",
        broken: |subject| {
            let scopes = jobs(subject).into_iter().map(|(_, job)| members(job.get("permissions")).len()).sum::<usize>();
            let reasons = subject.text.lines().filter(|line| {
                let (before, reason) = line.split_once(" # ").unwrap_or((line, ""));
                !reason.trim().is_empty() && (before.ends_with(": read") || before.ends_with(": write"))
            });
            whole(reasons.count() != scopes)
        },
    },
    Rule {
        name: "whoever writes to the repository runs nothing of it",
        broken: |subject| {
            jobs_that(subject, |job| {
                let writes =
                    ["issues", "pull-requests", "contents"].iter().any(|scope| permission(job, scope) == Some("write"));
                writes && steps(job).iter().any(|step| action(step) == "actions/checkout" || step.get("run").is_some())
            })
        },
    },
    Rule {
        name: "a job asks for its identity if, and only if, it becomes a role",
        broken: |subject| {
            jobs_that(subject, |job| {
                has(job, "aws-actions/configure-aws-credentials") != (permission(job, "id-token") == Some("write"))
            })
        },
    },
    Rule {
        name: "a job ends within two hours, whatever happens",
        broken: |subject| {
            jobs_that(subject, |job| {
                job.get("timeout-minutes")
                    .and_then(Value::as_u64)
                    .is_none_or(|minutes| minutes == 0 || minutes > LONGEST)
            })
        },
    },
    Rule {
        name: "a runner is GitHub's own, by its version",
        broken: |subject| {
            jobs_that(subject, |job| {
                let runner = job.get("runs-on").map(text_of).unwrap_or_default();
                !runner.strip_prefix("ubuntu-").is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()))
            })
        },
    },
    Rule {
        name: "runs that exclude each other are in a group",
        broken: |subject| {
            let group = subject.value.get("concurrency").and_then(|concurrency| concurrency.get("group")).map(text_of);
            whole(group.is_none_or(|group| group.is_empty()))
        },
    },
    Rule {
        name: "a deployment is neither cancelled nor dropped",
        broken: |subject| {
            let of = |name: &str| subject.value.get("concurrency").and_then(|found| found.get(name)).map(text_of);
            let deploys = steps_that(subject, |_, step| {
                step.get("run").is_some_and(|run| text_of(run).starts_with("cargo xtask deploy "))
            });
            let kept = of("cancel-in-progress").as_deref() == Some("false") && of("queue").as_deref() == Some("max");
            whole(!deploys.is_empty() && !kept)
        },
    },
    Rule {
        name: "no trigger runs a stranger's change with a token of ours",
        broken: |subject| {
            let triggers = members(subject.value.get("on"));
            triggers.into_iter().map(|(name, _)| name).filter(|name| DANGEROUS.contains(&name.as_str())).collect()
        },
    },
    Rule {
        name: "on a pull request, only one of this repository comes near AWS",
        broken: |subject| {
            let pull = members(subject.value.get("on")).iter().any(|(name, _)| name == "pull_request");
            jobs_that(subject, |job| {
                let condition = job.get("if").map(text_of).unwrap_or_default();
                let own = condition.contains("github.event.pull_request.head.repo.full_name == github.repository");
                pull && job.get("environment").is_some() && !own
            })
        },
    },
    Rule {
        name: "a deployment that somebody starts by hand is of main",
        broken: |subject| {
            jobs_that(subject, |job| {
                let deploys = steps(job).iter().any(|step| {
                    step.get("run").is_some_and(|run| text_of(run).starts_with("cargo xtask deploy --create-only "))
                });
                let condition = job.get("if").map(text_of).unwrap_or_default();
                deploys && !condition.starts_with("github.ref == 'refs/heads/main' && ")
            })
        },
    },
];
