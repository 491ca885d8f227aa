//! Who can assume which role of `infra/github/ci.yaml`: checks its trust policies against every identity token that
//! GitHub can issue, and against every job of the workflows, however it is started.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{jobs, parsed, steps};
use crate::settings::{Document, Method, Settings, Variables, resolve};
use crate::stack::{Source, Template, connect, settings as table};
use crate::workflow::deployment::{Access, Deployment};

const MAIN: &str = "refs/heads/main";
const EVENTS: [&str; 9] = [
    "push",
    "pull_request",
    "pull_request_target",
    "schedule",
    "workflow_dispatch",
    "workflow_run",
    "release",
    "merge_group",
    "issue_comment",
];
const REFS: [&str; 6] =
    [MAIN, "refs/heads/other", "refs/heads/main2", "refs/tags/main", "refs/tags/v1.0.0", "refs/pull/7/merge"];

/// Claims of an identity token.
#[derive(Clone, Debug)]
struct Identity {
    subject: String,
    reference: String,
}

/// Returns the identity of a job: an environment takes precedence over the event, and a pull request over the ref
/// (GitHub Docs, "OpenID Connect reference", example subject claims).
fn identity(repository: &str, event: &str, reference: &str, environment: Option<&str>) -> Identity {
    let what = match (environment, event) {
        (Some(name), _) => format!("environment:{}", name.replace(':', "%3A")),
        (None, "pull_request" | "pull_request_target") => "pull_request".to_owned(),
        (None, _) => format!("ref:{reference}"),
    };
    Identity { subject: format!("{repository}:{what}"), reference: reference.to_owned() }
}

/// A deployment that authenticates with GitHub's identity token, and the trust policies of its roles with resolved
/// parameters.
struct Account {
    deployment: Deployment,
    subject: String,
    trust: Vec<(Access, String, Value)>,
}

fn settings(module: &str, numbered: bool) -> Settings {
    let text = if module == "dev" {
        include_str!("../../../../infra/settings/dev.yaml")
    } else {
        include_str!("../../../../infra/settings/prod.yaml")
    };
    let mut found = resolve(module, Document { file: module, text }, None, &Variables::new()).expect("sound").settings;
    found.auth.method = Method::Oidc;
    found.auth.repository = Some("example-org/dpworld".to_owned());
    found.auth.environment = Some(module.to_owned());
    if numbered {
        (found.auth.owner_id, found.auth.repository_id) = (Some(7), Some(42));
    }
    found
}

fn account(module: &str, numbered: bool) -> Account {
    let settings = settings(module, numbered);
    let text = include_str!("../../../../infra/github/ci.yaml");
    let template = Template::parse("ci", Document { file: "ci.yaml", text }).expect("a sound template");
    let wiring =
        connect(std::slice::from_ref(&template), &table(&settings)).expect("it is wired by the settings alone");
    let filled = |text: &str| {
        wiring.stacks["ci"].iter().fold(text.to_owned(), |text, (name, source)| match source {
            Source::Setting(value) => text.replace(&format!("${{{name}}}"), value),
            other => panic!("{name} is {other}"),
        })
    };
    let roles = template.resources.values().filter(|body| body["Type"] == "AWS::IAM::Role");
    let trust = roles.map(|body| {
        let name = filled(body["Properties"]["RoleName"]["Fn::Sub"].as_str().expect("a name"));
        let access = Access::ALL.into_iter().find(|access| name.ends_with(&format!("-github-{}", access.word())));
        let policy = filled(&body["Properties"]["AssumeRolePolicyDocument"].to_string());
        (access.expect("a known role"), name, serde_json::from_str(&policy).expect("JSON"))
    });
    let trust = trust.collect();
    let subject = settings.auth.subject().expect("a repository");
    Account { deployment: Deployment { module: module.to_owned(), settings, partition: "aws" }, subject, trust }
}

/// Returns whether IAM would accept an identity under a trust policy. Only exact comparisons are supported; the test
/// fails for anything else.
fn admits(policy: &Value, identity: &Identity) -> bool {
    let statements = policy["Statement"].as_array().expect("statements");
    statements.iter().any(|statement| {
        assert_eq!(statement["Effect"], "Allow");
        assert_eq!(statement["Action"], "sts:AssumeRoleWithWebIdentity");
        assert_eq!(statement["Principal"], serde_json::json!({"Federated": {"Ref": "Provider"}}));
        let operators = statement["Condition"].as_object().expect("a condition");
        assert_eq!(operators.keys().collect::<Vec<_>>(), ["StringEquals"], "no pattern, no list");
        let claims = operators["StringEquals"].as_object().expect("claims");
        for must in ["aud", "sub"] {
            assert!(claims.contains_key(&format!("token.actions.githubusercontent.com:{must}")), "{must}");
        }
        claims.iter().all(|(claim, wanted)| {
            let wanted = wanted.as_str().or_else(|| wanted["Fn::Sub"].as_str()).expect("one text");
            assert!(!wanted.contains(['*', '?', '$']), "{wanted}");
            match claim.rsplit(':').next() {
                Some("aud") => wanted == "sts.amazonaws.com",
                Some("sub") => wanted == identity.subject,
                Some("ref") => wanted == identity.reference,
                _ => panic!("{claim}"),
            }
        })
    })
}

/// The repositories that could try to assume a role: ours in both forms, and similar names.
const REPOSITORIES: [&str; 9] = [
    "repo:example-org/dpworld",
    "repo:example-org@7/dpworld@42",
    "repo:example-org@8/dpworld@42",
    "repo:example-org@7/dpworld@43",
    "repo:example-org@70/dpworld@42",
    "repo:example-org/dpworld2",
    "repo:example-org/dpworl",
    "repo:example-or/dpworld",
    "repo:somebody/dpworld",
];

#[test]
fn a_role_is_for_its_environment_of_the_repository_in_the_form_that_the_settings_say() {
    let mut count = 0;
    for (module, numbered) in [("dev", false), ("dev", true), ("prod", false), ("prod", true)] {
        let account = account(module, numbered);
        assert_eq!(account.trust.len(), Access::ALL.len());
        let mut names: Vec<Option<String>> = vec![None];
        for name in ["dev", "prod", "Prod", "PROD", "staging", "", "prod:x", "production"] {
            names.extend(["", "-build", "-plan", "-deploy"].map(|end| Some(format!("{name}{end}"))));
        }
        for (access, name, policy) in &account.trust {
            assert_eq!(*name, account.deployment.role(*access));
            for repository in REPOSITORIES {
                for event in EVENTS {
                    for reference in REFS {
                        for environment in &names {
                            let who = identity(repository, event, reference, environment.as_deref());
                            let intended = repository == account.subject
                                && *environment == Some(account.deployment.environment_of(*access))
                                && (*access == Access::Plan || reference == MAIN);
                            assert_eq!(admits(policy, &who), intended, "{name}: {who:?} by {event}");
                            count += 1;
                        }
                    }
                }
            }
        }
    }
    assert!(count > 100_000, "{count} identities");
}

/// How a workflow may be started: the event and the ref.
fn starts(on: &serde_yaml::Value) -> Vec<(&'static str, &'static str)> {
    let has = |event: &str| on.get(event).is_some();
    let all = EVENTS.into_iter().filter(|event| has(event));
    all.flat_map(|event| match event {
        "push" | "schedule" => vec![(event, MAIN)],
        "pull_request" => vec![(event, "refs/pull/7/merge")],
        // By hand on any branch or tag.
        _ => {
            REFS.iter().filter(|reference| !reference.contains("/pull/")).map(|reference| (event, *reference)).collect()
        }
    })
    .collect()
}

#[test]
fn exactly_the_jobs_that_say_so_become_a_role() {
    for numbered in [false, true] {
        let accounts = ["dev", "prod"].map(|module| account(module, numbered));
        let deployments = accounts.each_ref().map(|account| account.deployment.clone());
        assert!(deployments.iter().all(|deployment| deployment.settings.auth.method == Method::Oidc));
        let mut seen = BTreeSet::new();
        for workflow in parsed(&deployments) {
            if workflow.value.get("jobs").is_none() {
                continue;
            }
            for (id, job) in jobs(&workflow.value) {
                let asked = steps(job).iter().find_map(|step| step.get("with")?.get("role-to-assume")?.as_str());
                let environment = job.get("environment").and_then(serde_yaml::Value::as_str);
                for (event, reference) in starts(&workflow.value["on"]) {
                    for account in &accounts {
                        let who = identity(&account.subject, event, reference, environment);
                        for (access, name, policy) in &account.trust {
                            let says = asked == Some(account.deployment.role_arn(*access).as_str());
                            // By hand on another branch than main, whatever the job asks for.
                            let intended = says && (*access == Access::Plan || reference == MAIN);
                            assert_eq!(
                                admits(policy, &who),
                                intended,
                                "{} {id} by {event} of {reference}: {name}",
                                workflow.file.path
                            );
                            if intended {
                                seen.insert(format!(
                                    "{} {id}: {} {access:?}",
                                    workflow.file.path, account.deployment.module
                                ));
                            }
                        }
                    }
                }
            }
        }
        let both = |module: &str| {
            [
                format!(".github/workflows/deploy.yml {module}-base: {module} Build"),
                format!(".github/workflows/deploy.yml {module}-deploy: {module} Deploy"),
                format!(".github/workflows/deploy.yml {module}-images: {module} Build"),
                format!(".github/workflows/deploy.yml {module}-plan: {module} Plan"),
                format!(".github/workflows/drift.yml {module}-drift: {module} Plan"),
            ]
        };
        let mut wanted: BTreeSet<String> = [both("dev"), both("prod")].concat().into_iter().collect();
        wanted.insert(".github/workflows/ci.yml plan: dev Plan".to_owned());
        assert_eq!(seen, wanted);
    }
}

#[test]
fn with_keys_no_job_asks_for_an_identity() {
    let keys = ["dev", "prod"].map(|module| {
        let mut deployment = account(module, false).deployment;
        deployment.settings.auth.method = Method::Keys;
        deployment
    });
    // The identity of `release.yml` signs attestations, and is no role's.
    for workflow in parsed(&keys) {
        let signs = workflow.file.path.ends_with("/release.yml");
        assert!(
            (signs || !workflow.file.text.contains("id-token")) && !workflow.file.text.contains("role-to-assume"),
            "{}",
            workflow.file.path
        );
    }
}
