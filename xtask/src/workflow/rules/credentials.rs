//! Rules over the order of a job's steps: what is done without credentials, and what is done without an approval.

use serde_yaml::Value;

use super::super::step::COMPILES;
use super::{Rule, action, jobs, secrets, steps, text_of};

/// The commands that change nothing that exists; `deploy` is one of them with `--create-only`.
const UNAPPROVED: [&str; 6] = ["build-images", "ci-gen", "diff", "lint", "status", "test"];
/// The commands that compile nothing, once the program itself and the ingestion image's programs are compiled.
const COMPILED: [&str; 6] = ["build-images", "ci-gen", "deploy", "diff", "status", "sync-dags"];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "nothing that exists is changed but by the plan that was approved, and the DAGs after it",
        broken: |subject| each(subject, unapproved),
    },
    Rule {
        name: "what a job with credentials runs is compiled before it has them",
        broken: |subject| each(subject, compiled),
    },
];

/// The words of a step after `cargo xtask`.
fn words(step: &Value) -> Option<String> {
    step.get("run").map(text_of)?.strip_prefix("cargo xtask ").map(str::to_owned)
}

fn is_one_of(list: &[&str], words: &str) -> bool {
    list.contains(&words.split(' ').next().unwrap_or_default())
}

/// The jobs with what is wrong in each.
fn each(subject: &super::Subject<'_>, wrong: impl Fn(&[Value]) -> Option<String>) -> Vec<String> {
    let of = |(id, job): (String, &Value)| wrong(steps(job)).map(|what| format!("{id}, {what}"));
    jobs(subject).into_iter().filter_map(of).collect()
}

/// The first command that changes what exists and is not part of what was approved.
fn unapproved(steps: &[Value]) -> Option<String> {
    let mut approved = false;
    steps.iter().filter_map(words).find(|words| {
        let applies = words.starts_with("deploy ") && words.contains(" --expect \"$DIGEST\"");
        approved |= applies;
        let follows = approved && words.starts_with("sync-dags ");
        !(applies || follows || words.starts_with("deploy --create-only ") || is_one_of(&UNAPPROVED, words))
    })
}

/// What is compiled after a job has credentials: they are in the environment of every build script from then on.
fn compiled(steps: &[Value]) -> Option<String> {
    let tokens = |step: &Value| {
        let given = step.get("env").map(text_of).unwrap_or_default();
        action(step) == "aws-actions/configure-aws-credentials"
            || !secrets(step.get("env")).is_empty()
            || given.contains("github.token")
    };
    let first = steps.iter().position(tokens)?;
    let (before, after) = steps.split_at(first);
    let ran = |line: &str| before.iter().any(|step| step.get("run").is_some_and(|run| text_of(run) == line));
    let [light, full] = COMPILES;
    let reaches_aws = after.iter().any(|step| step.get("env").is_some_and(|env| env.get("AWS_ACCOUNT_ID").is_some()));
    let missing = [(true, light), (reaches_aws, full)].into_iter().find(|(needed, line)| *needed && !ran(line));
    if let Some((_, line)) = missing {
        return Some(format!("`{line}`"));
    }
    let late = |step: &Value| {
        let run = step.get("run").map(text_of).unwrap_or_default();
        let image = run.contains(" --image ingestion-image ") && !ran(&run.replace(" --push", ""));
        let command = words(step).is_none_or(|words| !is_one_of(&COMPILED, &words) && words != "lint advisories");
        (!run.is_empty() && command || image).then_some(run)
    };
    after.iter().find_map(late)
}
