//! Each rule is broken by a change of the real workflows, and finds it in every place where it can be made.

use serde_yaml::{Mapping, Value};

use super::{broken, workflows};
use crate::workflow::rules::rules;
use crate::workflow::step::COMPILES;

/// Where a change is made.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// The workflow's own mapping.
    Top,
    /// Each job.
    Job,
    /// Each step.
    Step,
}

/// A change: the rule that finds it, where, and what it does; false where there is nothing to take away.
type Change = (&'static str, Place, fn(&mut Value) -> bool);

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).expect("YAML")
}

/// Takes a key away.
fn without(value: &mut Value, key: &str) -> bool {
    value.as_mapping_mut().is_some_and(|mapping| mapping.remove(key).is_some())
}

/// Puts a value in the place of another, or where none is.
fn put(value: &mut Value, key: &str, to: &str) -> bool {
    value.as_mapping_mut().is_some_and(|mapping| mapping.insert(key.into(), yaml(to)) != Some(yaml(to)))
}

fn uses(step: &Value, action: &str) -> bool {
    step.get("uses").and_then(Value::as_str).is_some_and(|uses| uses.starts_with(action))
}

fn runs(step: &Value, start: &str) -> bool {
    step.get("run").and_then(Value::as_str).is_some_and(|run| run.starts_with(start))
}

fn any(job: &Value, test: impl Fn(&Value) -> bool) -> bool {
    job["steps"].as_sequence().is_some_and(|steps| steps.iter().any(test))
}

fn add(job: &mut Value, step: &str) -> bool {
    let step = yaml(step);
    job["steps"].as_sequence_mut().is_some_and(|steps| {
        steps.push(step);
        true
    })
}

/// Changes what stands in a step's `with` or `env`.
fn within(step: &mut Value, section: &str, key: &str, to: Option<&str>) -> bool {
    let Some(section) = step.get_mut(section).filter(|section| section.get(key).is_some()) else { return false };
    match to {
        Some(to) => put(section, key, to),
        None => without(section, key),
    }
}

fn rerun(step: &mut Value, change: impl Fn(&str) -> String) -> bool {
    let Some(run) = step.get("run").and_then(Value::as_str).map(str::to_owned) else { return false };
    let changed = change(&run);
    step["run"] = Value::from(changed.clone());
    changed != run
}

/// Takes the steps away that run such a line.
fn drop_steps(job: &mut Value, line: &str) -> bool {
    let Some(steps) = job["steps"].as_sequence_mut() else { return false };
    let before = steps.len();
    steps.retain(|step| !runs(step, line));
    steps.len() < before
}

/// Whether a step runs a command with credentials in its environment.
fn has_credentials(step: &Value) -> bool {
    step.get("run").is_some() && step.get("env").is_some_and(|env| env.get("AWS_ACCESS_KEY_ID").is_some())
}

const ROLE: &str = "aws-actions/configure-aws-credentials";
const OURS: &str = "a line for the shell is one command of ours, compiles it, or installs a tool";
const APPROVED: &str = "nothing that exists is changed but by the plan that was approved, and the DAGs after it";
const COMPILED: &str = "what a job with credentials runs is compiled before it has them";
const SECRET: &str = "a secret is one of two, and reaches a command of ours in a job with an environment, nothing else";
const ASSUMED: &str = "a role is assumed by the job's identity, in one account, from an environment";
const DROPPED: &str = "a deployment is neither cancelled nor dropped";
const IDENTITY: &str = "a job asks for its identity if, and only if, it becomes a role";
const SHELL: &str = "the shell is bash, which then stops at the first error, also in a pipe";
const EXPRESSION: &str = "no expression is in a line for the shell or in a script";

const CHANGES: &[Change] = &[
    ("nothing is permitted at the top", Place::Top, |top| without(top, "permissions")),
    ("nothing is permitted at the top", Place::Top, |top| put(top, "permissions", "write-all")),
    ("nothing is permitted at the top", Place::Top, |top| put(top, "permissions", "{contents: read}")),
    ("a job says what it may do", Place::Job, |job| without(job, "permissions")),
    ("a job says what it may do", Place::Job, |job| put(job, "permissions", "read-all")),
    ("a job writes nothing but what is in the table", Place::Job, |job| {
        put(&mut job["permissions"], "contents", "write")
    }),
    ("a job writes nothing but what is in the table", Place::Job, |job| {
        put(&mut job["permissions"], "packages", "write")
    }),
    ("a permission has its reason beside it", Place::Job, |job| put(&mut job["permissions"], "checks", "read")),
    ("whoever writes to the repository runs nothing of it", Place::Job, |job| {
        any(job, |step| uses(step, "actions/checkout")) && put(&mut job["permissions"], "issues", "write")
    }),
    (IDENTITY, Place::Job, |job| without(&mut job["permissions"], "id-token")),
    (IDENTITY, Place::Job, |job| {
        !any(job, |step| uses(step, ROLE)) && put(&mut job["permissions"], "id-token", "write")
    }),
    (ASSUMED, Place::Step, |step| uses(step, ROLE) && within(step, "with", "role-to-assume", None)),
    (ASSUMED, Place::Step, |step| uses(step, ROLE) && within(step, "with", "allowed-account-ids", None)),
    (ASSUMED, Place::Step, |step| uses(step, ROLE) && put(&mut step["with"], "aws-access-key-id", "x")),
    (ASSUMED, Place::Job, |job| any(job, |step| uses(step, ROLE)) && without(job, "environment")),
    ("a job ends within two hours, whatever happens", Place::Job, |job| without(job, "timeout-minutes")),
    ("a job ends within two hours, whatever happens", Place::Job, |job| put(job, "timeout-minutes", "360")),
    ("a runner is GitHub's own, by its version", Place::Job, |job| put(job, "runs-on", "ubuntu-latest")),
    ("a runner is GitHub's own, by its version", Place::Job, |job| put(job, "runs-on", "[self-hosted]")),
    ("jobs and steps have names", Place::Job, |job| without(job, "name")),
    ("jobs and steps have names", Place::Step, |step| without(step, "name")),
    ("sources come without the token that fetched them", Place::Step, |step| {
        uses(step, "actions/checkout") && without(step, "with")
    }),
    ("sources come without the token that fetched them", Place::Step, |step| {
        within(step, "with", "persist-credentials", Some("true"))
    }),
    (SHELL, Place::Top, |top| without(top, "defaults")),
    (SHELL, Place::Step, |step| step.get("run").is_some() && put(step, "shell", "sh")),
    (EXPRESSION, Place::Step, |step| rerun(step, |run| format!("{run} ${{{{ github.head_ref }}}}"))),
    (EXPRESSION, Place::Step, |step| within(step, "with", "script", Some("'${{ github.event.issue.title }}'"))),
    (OURS, Place::Step, |step| rerun(step, |run| format!("{run}\nset +e"))),
    (OURS, Place::Step, |step| rerun(step, |run| format!("{run} && curl -s x && sh x"))),
    (OURS, Place::Step, |step| rerun(step, |_| "make".to_owned())),
    ("runs that exclude each other are in a group", Place::Top, |top| without(top, "concurrency")),
    (DROPPED, Place::Top, |top| deploys(top) && without(&mut top["concurrency"], "queue")),
    (DROPPED, Place::Top, |top| deploys(top) && put(&mut top["concurrency"], "cancel-in-progress", "true")),
    ("nothing is cached where something is published", Place::Top, |top| {
        deploys(top)
            && add(&mut top["jobs"]["dev-plan"], &format!("{{name: a, uses: actions/cache@{}}}", "0".repeat(40)))
    }),
    ("only what is approved is deployed", Place::Step, |step| {
        rerun(step, |run| run.replace(" --expect \"$DIGEST\"", ""))
    }),
    ("only what is approved is deployed", Place::Step, |step| within(step, "env", "DIGEST", Some("'1234'"))),
    ("only what is approved is deployed", Place::Job, |job| {
        any(job, |step| runs(step, "cargo xtask deploy --yes")) && without(job, "needs")
    }),
    ("no trigger runs a stranger's change with a token of ours", Place::Top, |top| {
        put(&mut top["on"], "pull_request_target", "{branches: [main]}")
    }),
    ("on a pull request, only one of this repository comes near AWS", Place::Top, |top| {
        top["on"].get("pull_request").is_some() && without(&mut top["jobs"]["plan"], "if")
    }),
    ("a deployment that somebody starts by hand is of main", Place::Job, |job| {
        any(job, |step| runs(step, "cargo xtask deploy --create-only")) && put(job, "if", "always()")
    }),
    (APPROVED, Place::Step, |step| rerun(step, |run| run.replace("deploy --create-only ", "deploy "))),
    (APPROVED, Place::Step, |step| rerun(step, |run| run.replace(" diff ", " sync-dags "))),
    (APPROVED, Place::Step, |step| rerun(step, |run| run.replace(" status ", " recover "))),
    (APPROVED, Place::Step, |step| rerun(step, |run| run.replace(" --expect \"$DIGEST\"", ""))),
    (COMPILED, Place::Step, |step| has_credentials(step) && rerun(step, |_| COMPILES[0].to_owned())),
    (COMPILED, Place::Step, |step| has_credentials(step) && rerun(step, |_| "cargo xtask test --all".to_owned())),
    (COMPILED, Place::Step, |step| rerun(step, |run| run.replace(" --locked", ""))),
    (COMPILED, Place::Job, |job| any(job, has_credentials) && drop_steps(job, COMPILES[0])),
    (COMPILED, Place::Job, |job| any(job, has_credentials) && drop_steps(job, COMPILES[1])),
    (COMPILED, Place::Job, |job| drop_steps(job, "cargo xtask build-images --image ingestion-image")),
    (COMPILED, Place::Job, |job| {
        // The login comes first.
        let steps = job["steps"].as_sequence_mut().expect("steps");
        let Some(login) = steps.iter().position(|step| uses(step, ROLE)) else { return false };
        steps[..=login].rotate_right(1);
        true
    }),
    (SECRET, Place::Top, |top| put(&mut top["env"], "KEY", "'${{ secrets.AWS_ACCESS_KEY_ID }}'")),
    (SECRET, Place::Job, |job| put(job, "env", "{KEY: '${{ secrets.AWS_ACCESS_KEY_ID }}'}")),
    (SECRET, Place::Step, |step| within(step, "env", "AWS_ACCESS_KEY_ID", Some("'${{ secrets.OTHER }}'"))),
    (SECRET, Place::Step, |step| uses(step, "actions/") && put(step, "env", "{K: '${{ secrets.AWS_ACCESS_KEY_ID }}'}")),
    (SECRET, Place::Job, |job| {
        any(job, |step| step.get("env").is_some_and(|env| env.get("AWS_ACCESS_KEY_ID").is_some()))
            && without(job, "environment")
    }),
];

fn deploys(top: &Value) -> bool {
    top["jobs"].get("dev-deploy").is_some()
}

/// Every copy of a workflow in which a change was made in one place.
fn spoilt(value: &Value, place: Place, change: fn(&mut Value) -> bool) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let mut attempt = |at: String, reach: &dyn Fn(&mut Value) -> Option<&mut Value>| {
        let mut copy = value.clone();
        if reach(&mut copy).is_some_and(change) {
            found.push((at, copy));
        }
    };
    if matches!(place, Place::Top) {
        attempt("top".to_owned(), &|top| Some(top));
        return found;
    }
    let none = Mapping::new();
    for id in value["jobs"].as_mapping().unwrap_or(&none).keys() {
        let steps = value["jobs"][id]["steps"].as_sequence().map_or(0, Vec::len);
        match place {
            Place::Step => {
                for index in 0..steps {
                    attempt(format!("{id:?} {index}"), &|top| top["jobs"][id]["steps"].get_mut(index));
                }
            }
            _ => attempt(format!("{id:?}"), &|top| top["jobs"].get_mut(id)),
        }
    }
    found
}

#[test]
fn the_workflows_keep_every_rule() {
    for file in workflows() {
        assert_eq!(broken(&file.path, &file.text, &file.value), Vec::<&str>::new(), "{}", file.path);
    }
}

#[test]
fn every_rule_finds_what_breaks_it_wherever_it_is_broken() {
    let files = workflows();
    let mut count = 0;
    for (rule, place, change) in CHANGES {
        let mut places = 0;
        for file in &files {
            for (at, value) in spoilt(&file.value, *place, *change) {
                let found = broken(&file.path, &file.text, &value);
                assert!(found.contains(rule), "`{rule}` does not see it in {}, {at}; {found:?} do", file.path);
                places += 1;
            }
        }
        assert!(places > 0, "nothing was changed for `{rule}`");
        count += places;
    }
    assert!(count > 300, "{count} changes");
}

#[test]
fn rules_over_the_text_find_what_breaks_them() {
    let change = |rule: &str, from: &str, to: &str| {
        let mut places = 0;
        for file in workflows() {
            for (at, _) in file.text.match_indices(from) {
                let text = format!("{}{to}{}", &file.text[..at], &file.text[at + from.len()..]);
                assert!(broken(&file.path, &text, &file.value).contains(&rule), "{}: {from} at {at}", file.path);
                places += 1;
            }
        }
        assert!(places > 0, "nothing was changed for `{rule}`");
    };
    change("it says that it is generated", "# Generated by", "# Written by");
    change("a permission has its reason beside it", " # checks the sources out", "");
    change("a permission has its reason beside it", " # becomes its role in AWS", " # ");
    let pinned = "an action is a commit with its release beside it";
    change(pinned, " # v7.0.1", "");
    change(pinned, " # v7.0.1", " # v7");
    change(pinned, "3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1");
    change(pinned, "6323deb102c322ba6fcbdcafc7e3dddab59af2b6", "63fed3e2fecf6f7b51dc6f043341b79ef82a9ae7");
}

#[test]
fn no_rule_is_without_a_change_that_breaks_it() {
    let texts = ["it says that it is generated", "an action is a commit with its release beside it"];
    let changed: Vec<&str> = CHANGES.iter().map(|(rule, _, _)| *rule).chain(texts).collect();
    let untouched: Vec<&str> = rules().map(|rule| rule.name).filter(|name| !changed.contains(name)).collect();
    assert_eq!(untouched, Vec::<&str>::new());
    assert!(changed.iter().all(|name| rules().any(|rule| rule.name == *name)), "a change of no rule");
}
