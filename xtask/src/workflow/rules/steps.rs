//! Rules over the steps: actions, lines for the shell, credentials.

use serde_yaml::Value;

use super::super::{pins, step::COMPILES};
use super::{Rule, action, jobs, jobs_that, members, secrets, steps, steps_that, text_of, whole};

/// The secrets that there are.
const SECRETS: [&str; 2] = ["${{ secrets.AWS_ACCESS_KEY_ID }}", "${{ secrets.AWS_SECRET_ACCESS_KEY }}"];
/// How a line begins that installs a tool.
const INSTALLS: [&str; 2] = ["rustup toolchain install ", "sudo apt-get update --quiet && sudo apt-get install "];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "a role is assumed by the job's identity, in one account, from an environment",
        broken: |subject| {
            steps_that(subject, |job, step| {
                let with =
                    |name: &str| step.get("with").and_then(|with| with.get(name)).map(text_of).unwrap_or_default();
                action(step) == "aws-actions/configure-aws-credentials"
                    && (!with("role-to-assume").starts_with("arn:")
                        || !with("allowed-account-ids").starts_with("${{ vars.AWS_ACCOUNT_ID_")
                        || !members(step.get("with")).iter().all(|(name, _)| !name.contains("access-key"))
                        || job.get("environment").is_none())
            })
        },
    },
    Rule {
        name: "jobs and steps have names",
        broken: |subject| {
            let unnamed = jobs_that(subject, |job| job.get("name").is_none());
            unnamed.into_iter().chain(steps_that(subject, |_, step| step.get("name").is_none())).collect()
        },
    },
    Rule {
        name: "an action is a commit with its release beside it",
        broken: |subject| pins::read([(subject.path, subject.text)]).1,
    },
    Rule {
        name: "sources come without the token that fetched them",
        broken: |subject| {
            steps_that(subject, |_, step| {
                let kept = step.get("with").and_then(|with| with.get("persist-credentials")).map(text_of);
                action(step) == "actions/checkout" && kept.as_deref() != Some("false")
            })
        },
    },
    Rule {
        name: "the shell is bash, which then stops at the first error, also in a pipe",
        broken: |subject| {
            let shell = subject.value.get("defaults").and_then(|defaults| defaults.get("run")?.get("shell")?.as_str());
            let other = steps_that(subject, |_, step| step.get("shell").is_some());
            whole(shell != Some("bash")).into_iter().chain(other).collect()
        },
    },
    Rule {
        name: "no expression is in a line for the shell or in a script",
        broken: |subject| {
            steps_that(subject, |_, step| {
                let script = step.get("with").and_then(|with| with.get("script"));
                [step.get("run"), script].into_iter().flatten().any(|text| text_of(text).contains("${{"))
            })
        },
    },
    Rule {
        name: "a line for the shell is one command of ours, compiles it, or installs a tool",
        broken: |subject| {
            steps_that(subject, |_, step| {
                let Some(run) = step.get("run").map(text_of) else { return false };
                let installs = INSTALLS.iter().any(|start| run.starts_with(start)) && run.matches("&&").count() < 2;
                let installs = installs || COMPILES.contains(&run.as_str());
                let ours = run.starts_with("cargo xtask ") && !run.contains(['&', '|', ';', '`', '(']);
                run.contains('\n') || !(ours || installs)
            })
        },
    },
    Rule {
        name: "nothing is cached where something is published",
        broken: |subject| {
            let publishes = |step: &Value| {
                let run = step.get("run").map(text_of).unwrap_or_default();
                run.contains(" --push") || run.starts_with("cargo xtask deploy ")
            };
            let any = jobs(subject).iter().any(|(_, job)| steps(job).iter().any(publishes));
            let cached = steps_that(subject, |_, step| action(step).contains("cache"));
            if any { cached } else { Vec::new() }
        },
    },
    Rule {
        name: "only what is approved is deployed",
        broken: |subject| {
            steps_that(subject, |job, step| {
                let run = step.get("run").map(text_of).unwrap_or_default();
                let whole = run.starts_with("cargo xtask deploy ") && !run.contains(" --create-only ");
                let digest = step.get("env").and_then(|env| env.get("DIGEST")).map(text_of).unwrap_or_default();
                let expects = run.contains("--expect \"$DIGEST\"") && digest.starts_with("${{ needs.");
                whole && !(expects && job.get("needs").is_some())
            })
        },
    },
    Rule {
        name: "a secret is one of two, and reaches a command of ours in a job with an environment, nothing else",
        broken: |subject| {
            let at_top = secrets(subject.value.get("env")).into_iter();
            let of_jobs = jobs_that(subject, |job| !secrets(job.get("env")).is_empty());
            let of_steps = steps_that(subject, |job, step| {
                let told = secrets(step.get("env"));
                let ours = step.get("run").is_some_and(|run| text_of(run).starts_with("cargo xtask "));
                let wrong = told.iter().any(|text| !SECRETS.contains(&text.as_str()));
                !secrets(step.get("with")).is_empty()
                    || !told.is_empty() && (wrong || !ours || job.get("environment").is_none())
            });
            at_top.chain(of_jobs).chain(of_steps).collect()
        },
    },
];
