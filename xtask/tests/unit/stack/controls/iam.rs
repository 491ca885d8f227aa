//! Rules for what roles may do, and who may assume them.

use super::policy::{PolicyKind, Statement, statements};
use super::{Rule, Stacks, of_type, resources};

const ROLE: &str = "AWS::IAM::Role";

/// Roles that a service assumes without a source, with the reason.
const NO_SOURCE: &[(&str, &str)] = &[
    ("network.CloseDefaultSecurityGroupRole", "Lambda sends no source when it assumes an execution role"),
    ("monitoring.ChatRole", "AWS documents no source that chat applications send; the role has no permissions"),
];

/// The external ID that Redshift passes instead of a source; it names the database user.
const EXTERNAL_ID: &str = "${AWS::Region}:${AWS::AccountId}:dbuser:serverless-${AWS::AccountId}-*";

/// Actions that do not support resources, with the reason (Service Authorization Reference).
const WITHOUT_RESOURCE: &[(&str, &str)] = &[
    ("ecr:GetAuthorizationToken", "the token is for the registry"),
    ("ec2:DescribeSecurityGroups", "reads have no resource in EC2"),
    ("s3:GetAccountPublicAccessBlock", "applies to the account; the same in MWAA's own policy"),
    ("logs:DescribeLogGroups", "a list; the same in MWAA's own policy"),
    ("cloudwatch:PutMetricData", "metrics have no resource; the same in MWAA's own policy"),
    ("batch:DescribeJobs", "takes no resource"),
    ("batch:ListJobs", "takes no resource"),
];

/// The same, but limited to the caller's own statements by a condition instead of a resource.
const OWN_STATEMENTS: [&str; 3] =
    ["redshift-data:DescribeStatement", "redshift-data:GetStatementResult", "redshift-data:CancelStatement"];

/// Resources that may end with `*` although they are not objects, log streams or revisions that belong to the platform.
const WIDE: &[(&str, &str)] = &[
    (
        "arn:${AWS::Partition}:sqs:${AWS::Region}:*:airflow-celery-*",
        "MWAA's queue, in an account that AWS does not document",
    ),
    (
        "arn:${AWS::Partition}:batch:${AWS::Region}:${AWS::AccountId}:job/*",
        "a job's name is its number, which comes with it",
    ),
    (
        "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:airflow-${AirflowEnvironmentName}-D*",
        "the group DAGProcessing of the environment",
    ),
    (
        "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:airflow-${AirflowEnvironmentName}-S*",
        "the group Scheduler of the environment",
    ),
    (
        "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:airflow-${AirflowEnvironmentName}-T*",
        "the group Task of the environment",
    ),
    (
        "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:airflow-${AirflowEnvironmentName}-W*",
        "the groups WebServer and Worker of the environment",
    ),
];

fn places<'s>(stacks: &'s Stacks, wrong: impl Fn(&Statement<'s>) -> bool) -> Vec<String> {
    statements(stacks).into_iter().filter(|statement| wrong(statement)).map(|statement| statement.place).collect()
}

fn of(statement: &Statement<'_>, table: &[(&str, &str)]) -> bool {
    table.iter().any(|(role, _)| statement.place.starts_with(role))
}

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "a service assumes a role only for this account and a named source",
        broken: |stacks| {
            places(stacks, |statement| {
                let account = statement.condition("aws:SourceAccount").is_some_and(|id| id["Ref"] == "AWS::AccountId");
                let source = statement.condition("aws:SourceArn").is_some_and(|arn| {
                    arn.to_string().contains("${AWS::AccountId}") && arn.to_string().contains("${AWS::Region}")
                });
                let user = statement.condition("sts:ExternalId").is_some_and(|id| id.to_string().contains(EXTERNAL_ID));
                statement.kind == PolicyKind::Trust && !of(statement, NO_SOURCE) && !(account && source || user)
            })
        },
    },
    Rule {
        name: "only services assume roles",
        broken: |stacks| {
            places(stacks, |statement| {
                let principal = statement.body["Principal"].as_object();
                let service = principal.is_some_and(|who| who.len() == 1 && !statement.services().is_empty());
                statement.kind == PolicyKind::Trust && (!service || statement.actions() != ["sts:AssumeRole"])
            })
        },
    },
    Rule {
        name: "no wildcard actions and no inverted statements",
        broken: |stacks| {
            places(stacks, |statement| {
                let wide = statement.actions().iter().any(|action| action.contains('*'));
                let has = |key: &str| statement.body.get(key).is_some();
                // A denial of all resources but one is wide, as it should be.
                let inverted = has("NotAction") || has("NotPrincipal") || has("NotResource") && statement.allows();
                inverted || (statement.kind == PolicyKind::Identity && (wide || statement.actions().is_empty()))
            })
        },
    },
    Rule {
        name: "no wildcard resource, except for actions without resources",
        broken: |stacks| {
            places(stacks, |statement| {
                if statement.kind != PolicyKind::Identity
                    || !statement.resources().iter().any(|resource| resource == "*")
                {
                    return false;
                }
                let actions = statement.actions();
                let none = actions.iter().all(|action| WITHOUT_RESOURCE.iter().any(|(known, _)| known == action));
                let own = statement
                    .condition("redshift-data:statement-owner-iam-userid")
                    .is_some_and(|owner| owner == "${aws:userid}");
                !(none || own && actions.iter().all(|action| OWN_STATEMENTS.contains(&action.as_str())))
            })
        },
    },
    Rule {
        name: "a resource with a wildcard is below a resource of ours",
        broken: |stacks| {
            places(stacks, |statement| {
                let wide = |resource: &String| {
                    let text = resource.trim_start_matches(r#"{"Fn::Sub":""#).trim_end_matches("\"}");
                    let below =
                        ["${LakeBucketArn}/", "${AirflowBucketArn}/"].iter().any(|above| text.starts_with(above));
                    let revision = text.contains(":job-definition/${")
                        && ["JobName}:*", "JobName}-source-*"].iter().any(|end| text.ends_with(end));
                    let known = WIDE.iter().any(|(known, _)| *known == text);
                    text != "*" && text.contains('*') && !(below || revision || known)
                };
                statement.kind == PolicyKind::Identity && statement.resources().iter().any(wide)
            })
        },
    },
    Rule {
        name: "every exception is in use",
        broken: |stacks| {
            let all = statements(stacks);
            let identity = || all.iter().filter(|statement| statement.kind == PolicyKind::Identity);
            let role = |(role, _): &&(&str, &str)| !all.iter().any(|statement| statement.place.starts_with(role));
            let action = |(action, _): &&(&str, &str)| {
                !identity().any(|statement| {
                    statement.resources() == ["*"] && statement.actions().iter().any(|found| found == action)
                })
            };
            let wide = |(text, _): &&(&str, &str)| {
                !identity().any(|statement| statement.resources().iter().any(|found| found.contains(text)))
            };
            let roles = NO_SOURCE.iter().filter(role);
            let actions = WITHOUT_RESOURCE.iter().filter(action);
            roles.chain(actions).chain(WIDE.iter().filter(wide)).map(|(name, _)| (*name).to_owned()).collect()
        },
    },
    Rule {
        name: "a key is used by a role through one service of AWS, or granted to one",
        broken: |stacks| {
            places(stacks, |statement| {
                let actions = statement.actions();
                let kms = actions.iter().any(|action| action.starts_with("kms:"));
                let granted = statement.condition("kms:GrantIsForAWSResource").is_some_and(|is| is == "true");
                let sound = match actions.join(" ").as_str() {
                    "kms:CreateGrant" => granted,
                    // The name of the key itself, and nothing below it.
                    "kms:DescribeKey" => true,
                    _ => {
                        statement.condition("kms:ViaService").is_some() && !actions.contains(&"kms:CreateGrant".into())
                    }
                };
                statement.kind == PolicyKind::Identity && kms && !sound
            })
        },
    },
    Rule {
        name: "key policies allow only the account and AWS services for this account",
        broken: |stacks| {
            places(stacks, |statement| {
                let root = statement.body["Principal"]["AWS"].to_string().ends_with(":iam::${AWS::AccountId}:root\"}");
                let account = statement.condition("aws:SourceAccount").is_some_and(|id| id["Ref"] == "AWS::AccountId");
                let logs = statement
                    .condition("kms:EncryptionContext:aws:logs:arn")
                    .is_some_and(|arn| arn.to_string().contains(":${AWS::AccountId}:log-group:"));
                let service = !statement.services().is_empty()
                    && (account || logs)
                    && !statement.actions().contains(&"kms:*".to_owned());
                statement.kind == PolicyKind::Key && !(root || service)
            })
        },
    },
    Rule {
        name: "bucket and topic policies allow only AWS services, for this account",
        broken: |stacks| {
            places(stacks, |statement| {
                let service = !statement.services().is_empty() && statement.condition("aws:SourceArn").is_some();
                statement.kind == PolicyKind::Resource && statement.allows() && !service
            })
        },
    },
    Rule {
        name: "the role of a chat channel has no permissions",
        broken: |stacks| {
            let role = &stacks["monitoring"]["Resources"]["ChatRole"]["Properties"];
            let none = role.is_object() && role.get("Policies").is_none();
            if none { Vec::new() } else { vec!["monitoring.ChatRole".to_owned()] }
        },
    },
    Rule {
        name: "a role has the policies that its template shows, and no others",
        broken: |stacks| {
            let roles = of_type(stacks, ROLE).filter(|(_, body)| body["Properties"].get("ManagedPolicyArns").is_some());
            let others = resources(stacks).filter(|(_, kind, _)| kind.starts_with("AWS::IAM::") && *kind != ROLE);
            let all = roles.map(|(place, _)| place).chain(others.map(|(place, ..)| place));
            // The GitHub job roles have a separate rule.
            all.filter(|place| !place.starts_with("ci.")).collect()
        },
    },
];
