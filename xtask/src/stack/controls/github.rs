//! The roles of GitHub's jobs: who may become them is in `workflow`'s tests, every identity of it; here is what they may do.

use serde_json::Value;

use super::policy::{Kind, Statement, statements};
use super::{Property, Rule, Stacks, of_type};

const ROLE: &str = "AWS::IAM::Role";
const FENCE: &str = "AWS::IAM::ManagedPolicy";

/// How an action begins that changes nothing.
const LOOKS: [&str; 5] = ["BatchGet", "Decrypt", "Describe", "Detect", "Get"];

fn places<'s>(stacks: &'s Stacks, wrong: impl Fn(&Statement<'s>) -> bool) -> Vec<String> {
    statements(stacks).into_iter().filter(|statement| wrong(statement)).map(|statement| statement.place).collect()
}

/// A role of GitHub's jobs.
fn roles(stacks: &Stacks) -> impl Iterator<Item = (String, &Value)> {
    of_type(stacks, ROLE).filter(|(place, _)| place.starts_with("ci."))
}

/// A text or a substitution, without what stands around it.
fn plain(resource: &str) -> &str {
    resource.trim_start_matches(r#"{"Fn::Sub":""#).trim_end_matches("\"}")
}

/// The statement of the fence with this name refuses these actions for all of these resources.
fn refuses(stacks: &Stacks, sid: &str, action: &str, ends: &[&str]) -> bool {
    statements(stacks).iter().any(|statement| {
        let resources = statement.resources();
        statement.kind == Kind::Fence
            && statement.body["Sid"] == sid
            && !statement.allows()
            && statement.actions().iter().any(|found| found == action)
            && ends.iter().all(|end| resources.iter().any(|found| plain(found).ends_with(end)))
    })
}

pub(super) const PROPERTIES: &[Property] = &[
    ("AWS::IAM::OIDCProvider", "/Properties/Url", "\"https://token.actions.githubusercontent.com\""),
    ("AWS::IAM::OIDCProvider", "/Properties/ClientIdList", r#"["sts.amazonaws.com"]"#),
    ("AWS::IAM::OIDCProvider", "/DeletionPolicy", "\"Retain\""),
];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "GitHub's jobs work behind the fence",
        broken: |stacks| {
            let open = roles(stacks).filter(|(_, body)| body["Properties"]["PermissionsBoundary"]["Ref"] != "Boundary");
            open.map(|(place, _)| place).collect()
        },
        by: &[
            ("ci", "/Resources/DeployRole/Properties/PermissionsBoundary", ""),
            ("ci", "/Resources/BuildRole/Properties/PermissionsBoundary", ""),
            (
                "ci",
                "/Resources/PlanRole/Properties/PermissionsBoundary",
                "\"arn:aws:iam::aws:policy/AdministratorAccess\"",
            ),
        ],
    },
    Rule {
        name: "a job of GitHub's becomes a role by audience and subject, each compared as a whole",
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
                statement.kind == Kind::Vouched
                    && !(only && whole && provider && same && claim("aud") == "sts.amazonaws.com")
            })
        },
        by: &[
            ("ci", "/Resources/DeployRole/Properties/AssumeRolePolicyDocument/Statement/0/Condition", ""),
            (
                "ci",
                "/Resources/PlanRole/Properties/AssumeRolePolicyDocument/Statement/0/Principal",
                r#"{"Federated": "*"}"#,
            ),
            (
                "ci",
                "/Resources/PlanRole/Properties/AssumeRolePolicyDocument/Statement/0/Condition/StringEquals/token.actions.githubusercontent.com:sub",
                r#"{"Fn::Sub": "${GithubSubject}:*"}"#,
            ),
            (
                "ci",
                "/Resources/BuildRole/Properties/AssumeRolePolicyDocument/Statement/0/Condition/StringEquals/token.actions.githubusercontent.com:aud",
                "",
            ),
            (
                "ci",
                "/Resources/BuildRole/Properties/AssumeRolePolicyDocument/Statement/0/Condition/StringLike",
                r#"{"a": "*"}"#,
            ),
        ],
    },
    Rule {
        name: "who changes anything is a job of main",
        broken: |stacks| {
            places(stacks, |statement| {
                let reference = statement.condition("token.actions.githubusercontent.com:ref");
                let looks = statement.place.starts_with("ci.PlanRole");
                statement.kind == Kind::Vouched && !looks && reference.is_none_or(|found| found != "refs/heads/main")
            })
        },
        by: &[
            (
                "ci",
                "/Resources/DeployRole/Properties/AssumeRolePolicyDocument/Statement/0/Condition/StringEquals/token.actions.githubusercontent.com:ref",
                "",
            ),
            (
                "ci",
                "/Resources/BuildRole/Properties/AssumeRolePolicyDocument/Statement/0/Condition/StringEquals/token.actions.githubusercontent.com:ref",
                "\"refs/heads/*\"",
            ),
        ],
    },
    Rule {
        name: "the fence keeps to the region, and neither it nor people and keys can be changed from within",
        broken: |stacks| {
            let itself = ["role/${ProjectName}-github-*", "policy/${ProjectName}-github-*", "oidc-provider/*"];
            let kept = refuses(stacks, "NotTheFence", "iam:*", &itself)
                && refuses(stacks, "NotThisStack", "cloudformation:*", &["stack/${StackPrefix}-ci/*"])
                && ["iam:CreateUser", "iam:CreateAccessKey", "iam:DeleteRolePermissionsBoundary"]
                    .iter()
                    .all(|action| refuses(stacks, "NeitherPeopleNorKeys", action, &["*"]));
            let elsewhere = places(stacks, |statement| {
                let region =
                    statement.condition("aws:RequestedRegion").is_some_and(|region| region["Ref"] == "AWS::Region");
                let without = statement.actions() == ["budgets:*", "iam:*"];
                statement.kind == Kind::Fence && statement.allows() && !(region || without)
            });
            let all = places(stacks, |statement| statement.actions().iter().any(|action| action == "*"));
            let open = (!kept).then(|| "the fence".to_owned());
            elsewhere.into_iter().chain(all).chain(open).collect()
        },
        by: &[
            ("ci", "/Resources/Boundary/Properties/PolicyDocument/Statement/0/Condition", ""),
            ("ci", "/Resources/Boundary/Properties/PolicyDocument/Statement/1/Action", r#"["iam:*", "s3:*"]"#),
            ("ci", "/Resources/Boundary/Properties/PolicyDocument/Statement/2", ""),
            ("ci", "/Resources/Boundary/Properties/PolicyDocument/Statement/2/Resource/0", ""),
            ("ci", "/Resources/Boundary/Properties/PolicyDocument/Statement/3/Effect", "\"Allow\""),
            ("ci", "/Resources/Boundary/Properties/PolicyDocument/Statement/4/Action/3", ""),
            ("ci", "/Resources/DeployRole/Properties/Policies/0/PolicyDocument/Statement/0/Action", "\"*\""),
        ],
    },
    Rule {
        name: "the fence is one policy, and nothing else is attached but what AWS keeps for looking",
        broken: |stacks| {
            let views = ["policy/SecurityAudit", "policy/job-function/ViewOnlyAccess"];
            let attached = roles(stacks).filter(|(place, body)| {
                let list = super::texts(&body["Properties"]["ManagedPolicyArns"]);
                let known = |arn: &String| views.iter().any(|view| plain(arn).ends_with(view));
                !list.iter().all(known) || (place != "ci.PlanRole" && !list.is_empty())
            });
            let fences: Vec<String> = of_type(stacks, FENCE).map(|(place, _)| place).collect();
            let others = if fences == ["ci.Boundary"] { Vec::new() } else { fences };
            attached.map(|(place, _)| place).chain(others).collect()
        },
        by: &[
            (
                "ci",
                "/Resources/PlanRole/Properties/ManagedPolicyArns/0",
                "\"arn:aws:iam::aws:policy/AdministratorAccess\"",
            ),
            ("ci", "/Resources/BuildRole/Properties/ManagedPolicyArns", r#"["arn:aws:iam::aws:policy/SecurityAudit"]"#),
            ("ci", "/Resources/Other", r#"{"Type": "AWS::IAM::ManagedPolicy", "Properties": {}}"#),
        ],
    },
    Rule {
        name: "a job of GitHub's changes roles by name, one action at a time, and gives them to named services",
        broken: |stacks| {
            places(stacks, |statement| {
                let ours = ["role/${ProjectName}-", "role/${StackPrefix}-", "role/aws-service-role/"];
                let actions = statement.actions();
                let iam = actions.iter().any(|action| action.starts_with("iam:"));
                let named = actions.iter().all(|action| !action.contains('*'))
                    && statement.resources().iter().all(|found| ours.iter().any(|name| found.contains(name)));
                let gives = actions.iter().any(|action| action == "iam:PassRole");
                let services = statement.condition("iam:PassedToService").is_some_and(Value::is_array);
                statement.kind == Kind::Job && iam && (!named || (gives && !services))
            })
        },
        by: &[
            ("ci", "/Resources/DeployRole/Properties/Policies/1/PolicyDocument/Statement/3/Action", "\"iam:*\""),
            ("ci", "/Resources/DeployRole/Properties/Policies/1/PolicyDocument/Statement/3/Resource", "\"*\""),
            ("ci", "/Resources/DeployRole/Properties/Policies/1/PolicyDocument/Statement/4/Condition", ""),
        ],
    },
    Rule {
        name: "a plan looks, and reads no object but the DAGs'",
        broken: |stacks| {
            places(stacks, |statement| {
                let looks = |action: &String| {
                    let word = action.split(':').nth(1).unwrap_or_default();
                    LOOKS.iter().any(|start| word.starts_with(start)) && !word.contains('*')
                };
                let objects = statement.actions().iter().any(|action| action.starts_with("s3:GetObject"));
                let dags =
                    statement.resources().iter().all(|found| plain(found).ends_with(":::${ProjectName}-airflow*/*"));
                let job = statement.kind == Kind::Job && statement.place.starts_with("ci.PlanRole");
                job && (!statement.actions().iter().all(looks) || (objects && !dags))
            })
        },
        by: &[
            (
                "ci",
                "/Resources/PlanRole/Properties/Policies/0/PolicyDocument/Statement/0/Action/0",
                "\"cloudformation:CreateStack\"",
            ),
            ("ci", "/Resources/PlanRole/Properties/Policies/0/PolicyDocument/Statement/2/Action/0", "\"s3:PutObject\""),
            (
                "ci",
                "/Resources/PlanRole/Properties/Policies/0/PolicyDocument/Statement/2/Resource",
                "\"arn:aws:s3:::*/*\"",
            ),
        ],
    },
    Rule {
        name: "before an approval, two stacks are changed, and no object, role or pipeline",
        broken: |stacks| {
            places(stacks, |statement| {
                let services = ["cloudformation:", "ecr:", "kms:", "s3:"];
                let known = |action: &String| services.iter().any(|service| action.starts_with(service));
                let two = ["stack/${StackPrefix}-registry/*", "stack/${StackPrefix}-storage/*"];
                let changes = statement.actions().iter().any(|action| action.starts_with("cloudformation:Create"));
                let only = statement.resources().iter().all(|found| two.iter().any(|end| plain(found).ends_with(end)));
                let objects =
                    statement.resources().iter().any(|found| found.contains(":s3:::") && plain(found).ends_with("/*"));
                let job = statement.kind == Kind::Job && statement.place.starts_with("ci.BuildRole");
                job && (!statement.actions().iter().all(known) || (changes && !only) || objects)
            })
        },
        by: &[
            (
                "ci",
                "/Resources/BuildRole/Properties/Policies/0/PolicyDocument/Statement/0/Resource/0",
                r#"{"Fn::Sub": "arn:aws:cloudformation:${AWS::Region}:${AWS::AccountId}:stack/${StackPrefix}-*/*"}"#,
            ),
            ("ci", "/Resources/BuildRole/Properties/Policies/1/PolicyDocument/Statement/0/Action", "\"iam:PassRole\""),
            (
                "ci",
                "/Resources/BuildRole/Properties/Policies/1/PolicyDocument/Statement/2/Resource",
                r#"{"Fn::Sub": "arn:aws:s3:::${ProjectName}-*/*"}"#,
            ),
        ],
    },
];
