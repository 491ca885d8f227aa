//! The project rules that neither the types nor zizmor and actionlint enforce. Each rule is checked on the generated
//! workflows, and must find every change that breaks it.

use serde_yaml::{Mapping, Value};

use super::super::step::COMPILES;
use super::{jobs, run, steps, workflows};

/// Commands that change no existing resource, besides `deploy --create-only`.
const UNAPPROVED: [&str; 6] = ["build-images", "ci-gen", "diff", "lint", "status", "test"];
/// Commands that compile nothing once the program and the image program are compiled.
const COMPILED: [&str; 6] = ["build-images", "ci-gen", "deploy", "diff", "status", "sync-dags"];
const SECRETS: [&str; 2] = ["${{ secrets.AWS_ACCESS_KEY_ID }}", "${{ secrets.AWS_SECRET_ACCESS_KEY }}"];
/// Shell lines that install a tool.
const INSTALLS: [&str; 2] = ["rustup toolchain install ", "sudo apt-get update --quiet && sudo apt-get install "];
/// Write permissions; all others are read-only.
const WRITES: [&str; 3] = ["id-token", "issues", "pull-requests"];
const ROLE: &str = "aws-actions/configure-aws-credentials";

/// A rule, which returns whether a workflow breaks it.
type Rule = fn(&Value) -> bool;

fn text(value: Option<&Value>) -> String {
    let text = |value: &Value| {
        value.as_str().map_or_else(|| serde_yaml::to_string(value).unwrap_or_default().trim().to_owned(), str::to_owned)
    };
    value.map(text).unwrap_or_default()
}

fn members(value: Option<&Value>) -> Vec<(String, String)> {
    let mapping = value.and_then(Value::as_mapping).into_iter().flatten();
    mapping.map(|(key, value)| (text(Some(key)), text(Some(value)))).collect()
}

fn uses(step: &Value, action: &str) -> bool {
    step.get("uses").and_then(Value::as_str).is_some_and(|uses| uses.starts_with(action))
}

fn any_job(workflow: &Value, test: impl Fn(&Value) -> bool) -> bool {
    jobs(workflow).into_iter().any(|(_, job)| test(job))
}

fn any_step(workflow: &Value, test: impl Fn(&Value, &Value) -> bool) -> bool {
    any_job(workflow, |job| steps(job).iter().any(|step| test(job, step)))
}

fn permission(job: &Value, scope: &str) -> bool {
    job.get("permissions").and_then(|all| all.get(scope)?.as_str()) == Some("write")
}

fn secrets(value: Option<&Value>) -> Vec<String> {
    members(value).into_iter().map(|(_, value)| value).filter(|value| value.contains("secrets")).collect()
}

/// Returns the arguments of `cargo xtask`.
fn arguments(step: &Value) -> Option<&str> {
    run(step).strip_prefix("cargo xtask ")
}

fn is_one_of(list: &[&str], arguments: &str) -> bool {
    list.contains(&arguments.split(' ').next().unwrap_or_default())
}

fn deploys(workflow: &Value) -> bool {
    any_step(workflow, |_, step| run(step).starts_with("cargo xtask deploy "))
}

/// Returns whether a job changes an existing resource other than by the approved plan, or by `sync-dags` after it.
fn changes_without_approval(job: &Value) -> bool {
    let mut approved = false;
    steps(job).iter().filter_map(arguments).any(|arguments| {
        let applies = arguments.starts_with("deploy ") && arguments.contains(" --expect \"$DIGEST\"");
        approved |= applies;
        let follows = approved && arguments.starts_with("sync-dags ");
        !(applies || follows || arguments.starts_with("deploy --create-only ") || is_one_of(&UNAPPROVED, arguments))
    })
}

/// Returns whether a job compiles something while it has credentials, which every build script could then read.
fn compiles_with_credentials(job: &Value) -> bool {
    let has_credentials = |step: &Value| {
        uses(step, ROLE) || !secrets(step.get("env")).is_empty() || text(step.get("env")).contains("github.token")
    };
    let Some(first) = steps(job).iter().position(has_credentials) else { return false };
    let (before, after) = steps(job).split_at(first);
    let ran = |line: &str| before.iter().any(|step| run(step) == line);
    let [light, full] = COMPILES;
    let calls_aws = after.iter().any(|step| step.get("env").is_some_and(|env| env.get("AWS_ACCOUNT_ID").is_some()));
    let compiles = |step: &Value| {
        let image = run(step).contains(" --image ingestion-image ") && !ran(&run(step).replace(" --push", ""));
        let other =
            arguments(step).is_none_or(|arguments| !is_one_of(&COMPILED, arguments) && arguments != "lint advisories");
        !run(step).is_empty() && (other || image)
    };
    !ran(light) || (calls_aws && !ran(full)) || after.iter().any(compiles)
}

const RULES: [(&str, Rule); 11] = [
    ("tokens write only issues, pull requests and identities", |workflow| {
        any_job(workflow, |job| {
            let scopes = members(job.get("permissions"));
            scopes.iter().any(|(scope, level)| level != "read" && !WRITES.contains(&scope.as_str()))
        })
    }),
    ("a job that writes to the repository runs none of its code", |workflow| {
        any_job(workflow, |job| {
            let writes = ["issues", "pull-requests", "contents"].iter().any(|scope| permission(job, scope));
            writes && steps(job).iter().any(|step| uses(step, "actions/checkout") || step.get("run").is_some())
        })
    }),
    ("a job requests its identity if and only if it assumes a role", |workflow| {
        any_job(workflow, |job| steps(job).iter().any(|step| uses(step, ROLE)) != permission(job, "id-token"))
    }),
    ("a role belongs to one account and to an environment", |workflow| {
        any_step(workflow, |job, step| {
            let with = |name: &str| text(step.get("with").and_then(|with| with.get(name)));
            uses(step, ROLE)
                && (!with("role-to-assume").starts_with("arn:")
                    || !with("allowed-account-ids").starts_with("${{ vars.AWS_ACCOUNT_ID_")
                    || members(step.get("with")).iter().any(|(name, _)| name.contains("access-key"))
                    || job.get("environment").is_none())
        })
    }),
    ("no deployment is cancelled or dropped", |workflow| {
        let of = |name: &str| text(workflow["concurrency"].get(name));
        deploys(workflow) && (of("cancel-in-progress") != "false" || of("queue") != "max")
    }),
    ("only pull requests of this repository get an environment", |workflow| {
        let own = "github.event.pull_request.head.repo.full_name == github.repository";
        let foreign = |job: &Value| job.get("environment").is_some() && !text(job.get("if")).contains(own);
        workflow["on"].get("pull_request").is_some() && any_job(workflow, foreign)
    }),
    ("a deployment started by hand is of main", |workflow| {
        any_step(workflow, |job, step| {
            run(step).starts_with("cargo xtask deploy --create-only ")
                && !text(job.get("if")).starts_with("github.ref == 'refs/heads/main' && ")
        })
    }),
    ("a shell line is one command of this project, compiles it, or installs a tool", |workflow| {
        any_step(workflow, |_, step| {
            let run = run(step);
            let installs = INSTALLS.iter().any(|start| run.starts_with(start)) && run.matches("&&").count() < 2;
            let own = run.starts_with("cargo xtask ") && !run.contains(['&', '|', ';', '`', '(']);
            step.get("run").is_some() && (run.contains('\n') || !(own || installs || COMPILES.contains(&run)))
        })
    }),
    ("only the approved plan changes existing resources, and the DAGs after it", |workflow| {
        any_job(workflow, changes_without_approval)
            || any_step(workflow, |job, step| {
                let all = run(step).starts_with("cargo xtask deploy ") && !run(step).contains(" --create-only ");
                let digest = text(step.get("env").and_then(|env| env.get("DIGEST")));
                all && !(digest.starts_with("${{ needs.") && job.get("needs").is_some())
            })
    }),
    ("a job with credentials compiles everything before it has them", |workflow| {
        any_job(workflow, compiles_with_credentials)
    }),
    ("secrets reach only commands of this project, in a job with an environment", |workflow| {
        !secrets(workflow.get("env")).is_empty()
            || any_job(workflow, |job| !secrets(job.get("env")).is_empty())
            || any_step(workflow, |job, step| {
                let given = secrets(step.get("env"));
                let known = given.iter().all(|secret| SECRETS.contains(&secret.as_str()));
                let allowed = known && arguments(step).is_some() && job.get("environment").is_some();
                !secrets(step.get("with")).is_empty() || !(given.is_empty() || allowed)
            })
    }),
];

/// A change in one place; returns false if it does not apply.
enum Change {
    Top(fn(&mut Value) -> bool),
    Job(fn(&mut Value) -> bool),
    Step(fn(&mut Value) -> bool),
}
use Change::{Job, Step, Top};

fn without(value: &mut Value, key: &str) -> bool {
    value.as_mapping_mut().is_some_and(|mapping| mapping.remove(key).is_some())
}

/// Sets a key to this YAML.
fn put(value: &mut Value, key: &str, to: &str) -> bool {
    let to: Value = serde_yaml::from_str(to).expect("YAML");
    value.as_mapping_mut().is_some_and(|mapping| mapping.insert(key.into(), to.clone()) != Some(to))
}

/// Sets or removes a key in a step's `with` or `env`.
fn within(step: &mut Value, section: &str, key: &str, to: Option<&str>) -> bool {
    let Some(section) = step.get_mut(section).filter(|section| section.get(key).is_some()) else { return false };
    match to {
        Some(to) => put(section, key, to),
        None => without(section, key),
    }
}

fn rerun(step: &mut Value, from: &str, to: &str) -> bool {
    let changed = run(step).replace(from, to);
    let differs = changed != run(step);
    differs && put(step, "run", &format!("{changed:?}"))
}

fn any(job: &Value, test: impl Fn(&Value) -> bool) -> bool {
    steps(job).iter().any(test)
}

fn drop_steps(job: &mut Value, line: &str) -> bool {
    let Some(list) = job["steps"].as_sequence_mut() else { return false };
    let before = list.len();
    list.retain(|step| !run(step).starts_with(line));
    list.len() < before
}

fn has_key(step: &Value) -> bool {
    step.get("run").is_some() && step.get("env").is_some_and(|env| env.get("AWS_ACCESS_KEY_ID").is_some())
}

/// Changes by the index of the rule that must find them.
const CHANGES: &[(usize, Change)] = &[
    (0, Job(|job| put(&mut job["permissions"], "contents", "write"))),
    (0, Job(|job| put(&mut job["permissions"], "packages", "write"))),
    (1, Job(|job| any(job, |step| uses(step, "actions/checkout")) && put(&mut job["permissions"], "issues", "write"))),
    (2, Job(|job| without(&mut job["permissions"], "id-token"))),
    (2, Job(|job| !any(job, |step| uses(step, ROLE)) && put(&mut job["permissions"], "id-token", "write"))),
    (3, Step(|step| uses(step, ROLE) && within(step, "with", "role-to-assume", None))),
    (3, Step(|step| uses(step, ROLE) && within(step, "with", "allowed-account-ids", None))),
    (3, Step(|step| uses(step, ROLE) && put(&mut step["with"], "aws-access-key-id", "x"))),
    (3, Job(|job| any(job, |step| uses(step, ROLE)) && without(job, "environment"))),
    (4, Top(|top| deploys(top) && without(&mut top["concurrency"], "queue"))),
    (4, Top(|top| deploys(top) && put(&mut top["concurrency"], "cancel-in-progress", "true"))),
    (5, Top(|top| top["on"].get("pull_request").is_some() && without(&mut top["jobs"]["plan"], "if"))),
    (
        6,
        Job(|job| {
            any(job, |step| run(step).starts_with("cargo xtask deploy --create-only")) && put(job, "if", "always()")
        }),
    ),
    (7, Step(|step| step.get("run").is_some() && put(step, "run", "make"))),
    (7, Step(|step| rerun(step, "cargo xtask ", "curl -s x | sh && cargo xtask "))),
    (8, Step(|step| rerun(step, "deploy --create-only ", "deploy "))),
    (8, Step(|step| rerun(step, " diff ", " sync-dags "))),
    (8, Step(|step| rerun(step, " status ", " recover "))),
    (8, Step(|step| rerun(step, " --expect \"$DIGEST\"", ""))),
    (8, Step(|step| within(step, "env", "DIGEST", Some("'1234'")))),
    (8, Job(|job| any(job, |step| run(step).starts_with("cargo xtask deploy --yes")) && without(job, "needs"))),
    (9, Step(|step| has_key(step) && put(step, "run", COMPILES[0]))),
    (9, Step(|step| has_key(step) && put(step, "run", "cargo xtask test --all"))),
    (9, Step(|step| rerun(step, " --locked", ""))),
    (9, Job(|job| any(job, has_key) && drop_steps(job, COMPILES[0]))),
    (9, Job(|job| any(job, has_key) && drop_steps(job, COMPILES[1]))),
    (9, Job(|job| drop_steps(job, "cargo xtask build-images --image ingestion-image"))),
    (
        9,
        Job(|job| {
            // The login comes first.
            let list = job["steps"].as_sequence_mut().expect("steps");
            let login = list.iter().position(|step| uses(step, ROLE));
            login.is_some_and(|login| {
                list[..=login].rotate_right(1);
                true
            })
        }),
    ),
    (10, Top(|top| put(&mut top["env"], "KEY", "'${{ secrets.AWS_ACCESS_KEY_ID }}'"))),
    (10, Job(|job| put(job, "env", "{KEY: '${{ secrets.AWS_ACCESS_KEY_ID }}'}"))),
    (10, Step(|step| within(step, "env", "AWS_ACCESS_KEY_ID", Some("'${{ secrets.OTHER }}'")))),
    (10, Step(|step| uses(step, "actions/") && put(step, "env", "{K: '${{ secrets.AWS_ACCESS_KEY_ID }}'}"))),
    (10, Job(|job| any(job, has_key) && without(job, "environment"))),
];

/// Returns copies of a workflow, each with the change in one place.
fn changed(workflow: &Value, change: &Change) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let mut attempt =
        |place: String, change: fn(&mut Value) -> bool, find: &dyn Fn(&mut Value) -> Option<&mut Value>| {
            let mut copy = workflow.clone();
            if find(&mut copy).is_some_and(change) {
                found.push((place, copy));
            }
        };
    let ids = workflow["jobs"].as_mapping().map_or_else(Vec::new, |jobs: &Mapping| jobs.keys().cloned().collect());
    match change {
        Top(change) => attempt("top".to_owned(), *change, &|top| Some(top)),
        Job(change) => {
            ids.iter().for_each(|id| attempt(format!("{id:?}"), *change, &|top| top["jobs"].get_mut(id)));
        }
        Step(change) => {
            for id in &ids {
                for index in 0..steps(&workflow["jobs"][id]).len() {
                    attempt(format!("{id:?} {index}"), *change, &|top| top["jobs"][id]["steps"].get_mut(index));
                }
            }
        }
    }
    found
}

#[test]
fn the_workflows_follow_every_rule() {
    for workflow in workflows() {
        for (name, breaks) in RULES {
            assert!(!breaks(&workflow.value), "{}: {name}", workflow.file.path);
        }
    }
}

#[test]
fn each_rule_finds_every_change_that_breaks_it() {
    let (workflows, mut seen) = (workflows(), vec![0; RULES.len()]);
    for (rule, change) in CHANGES {
        let (name, breaks) = RULES[*rule];
        let mut places = 0;
        for workflow in &workflows {
            for (place, value) in changed(&workflow.value, change) {
                assert!(breaks(&value), "`{name}` misses a change in {}, {place}", workflow.file.path);
                places += 1;
            }
        }
        assert!(places > 0, "a change for `{name}` applies nowhere");
        seen[*rule] += places;
    }
    assert!(seen.iter().all(|places| *places > 0) && seen.iter().sum::<i32>() > 250, "{seen:?}");
}
