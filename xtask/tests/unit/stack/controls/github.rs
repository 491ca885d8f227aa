//! Rules for what the GitHub job roles may do. The tests in `workflow` check which identities may assume them.

use serde_json::Value;

use super::policy::{PolicyKind, Statement, statements};
use super::{Rule, Stacks, of_type};

const ROLE: &str = "AWS::IAM::Role";

/// Prefixes of actions that change nothing.
const READS: [&str; 7] = ["BatchDescribe", "Decrypt", "Describe", "Detect", "Get", "List", "View"];

pub(super) fn places<'s>(stacks: &'s Stacks, wrong: impl Fn(&Statement<'s>) -> bool) -> Vec<String> {
    statements(stacks).into_iter().filter(|statement| wrong(statement)).map(|statement| statement.place).collect()
}

/// Returns the GitHub job roles.
pub(super) fn roles(stacks: &Stacks) -> impl Iterator<Item = (String, &Value)> {
    of_type(stacks, ROLE).filter(|(place, _)| place.starts_with("ci."))
}

/// Returns the text of a string or of a substitution, without the JSON around it.
pub(super) fn plain(resource: &str) -> &str {
    resource.trim_start_matches(r#"{"Fn::Sub":""#).trim_end_matches("\"}")
}

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "a GitHub job assumes a role by exact audience and subject",
        broken: |stacks| {
            places(stacks, |statement| {
                let equals = &statement.body["Condition"]["StringEquals"];
                let only = statement.body["Condition"].as_object().is_some_and(|operators| operators.len() == 1);
                let claim = |name: &str| &equals[format!("token.actions.githubusercontent.com:{name}")];
                let subject = claim("sub")["Fn::Sub"].as_str().unwrap_or_default();
                let whole =
                    subject.starts_with("${GithubSubject}:environment:${GithubEnvironment}") && !subject.contains('*');
                let provider = statement.body["Principal"] == serde_json::json!({"Federated": {"Ref": "Provider"}});
                let same = statement.actions() == ["sts:AssumeRoleWithWebIdentity"];
                statement.kind == PolicyKind::Federated
                    && !(only && whole && provider && same && claim("aud") == "sts.amazonaws.com")
            })
        },
    },
    Rule {
        name: "roles with write access need the branch main",
        broken: |stacks| {
            places(stacks, |statement| {
                let reference = statement.condition("token.actions.githubusercontent.com:ref");
                let looks = statement.place.starts_with("ci.PlanRole");
                statement.kind == PolicyKind::Federated
                    && !looks
                    && reference.is_none_or(|found| found != "refs/heads/main")
            })
        },
    },
    Rule {
        name: "a job of GitHub Actions changes roles by name, one action at a time, and passes them to named services",
        broken: |stacks| {
            places(stacks, |statement| {
                let allowed = [
                    ":role/${IngestionRoleName}",
                    ":role/${DbtRoleName}",
                    ":role/${AirflowRoleName}",
                    ":role/${StackPrefix}-*",
                    ":role/${StackPrefix}-compute-*",
                    ":role/${StackPrefix}-monitoring-*",
                    ":role/${StackPrefix}-network-*",
                    ":role/${StackPrefix}-source-*",
                    ":role/${StackPrefix}-warehouse-*",
                    ":role/aws-service-role/*",
                ];
                let actions = statement.actions();
                let iam = actions.iter().any(|action| action.starts_with("iam:"));
                let named = actions.iter().all(|action| !action.contains('*'))
                    && statement
                        .resources()
                        .iter()
                        .all(|found| allowed.iter().any(|name| plain(found).ends_with(name)));
                let gives = actions.iter().any(|action| action == "iam:PassRole");
                let services = statement.condition("iam:PassedToService").is_some_and(Value::is_array);
                statement.kind == PolicyKind::Job && iam && (!named || (gives && !services))
            })
        },
    },
    Rule {
        name: "the plan role only reads configuration and DAGs",
        broken: |stacks| {
            places(stacks, |statement| {
                let looks = |action: &String| {
                    let word = action.split(':').nth(1).unwrap_or_default();
                    READS.iter().any(|start| word.starts_with(start)) && !word.contains('*')
                };
                let objects = statement.actions().iter().any(|action| action.starts_with("s3:GetObject"));
                let dags =
                    statement.resources().iter().all(|found| plain(found).ends_with(":::${AirflowBucketName}/*"));
                let job = statement.kind == PolicyKind::Job && statement.place.starts_with("ci.PlanRole");
                job && (!statement.actions().iter().all(looks) || (objects && !dags))
            })
        },
    },
    Rule {
        name: "the build role changes two stacks, and no object, role or pipeline",
        broken: |stacks| {
            places(stacks, |statement| {
                let services = ["cloudformation:", "ecr:", "kms:", "s3:"];
                let known = |action: &String| services.iter().any(|service| action.starts_with(service));
                let two = ["stack/${StackPrefix}-registry/*", "stack/${StackPrefix}-storage/*"];
                let changes = statement.actions().iter().any(|action| action.starts_with("cloudformation:Create"));
                let only = statement.resources().iter().all(|found| two.iter().any(|end| plain(found).ends_with(end)));
                let objects =
                    statement.resources().iter().any(|found| found.contains(":s3:::") && plain(found).ends_with("/*"));
                let job = statement.kind == PolicyKind::Job && statement.place.starts_with("ci.BuildRole");
                job && (!statement.actions().iter().all(known) || (changes && !only) || objects)
            })
        },
    },
];
