//! Rules for the permissions boundaries of the GitHub job roles and of the stacks' roles, and for the ways around them:
//! key tags and buckets.

use serde_json::{Value, json};

use super::github::{places, plain, roles};
use super::policy::{PolicyKind, Statement, statements};
use super::{Rule, Stacks, of_type};

/// Actions that give a role more permissions and support a condition on the boundary (Service Authorization Reference,
/// "AWS IAM").
const BEHIND: [&str; 5] = [
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
];

/// Actions on what does not exist yet, which has no name; the tag in the request limits them.
const NEW: [&str; 5] = [
    "kms:CreateKey",
    "kms:TagResource",
    "redshift-serverless:CreateNamespace",
    "redshift-serverless:CreateWorkgroup",
    "redshift-serverless:TagResource",
];

/// Services whose ARNs have no region, and whose statements name resources in the account.
const GLOBAL: [&str; 4] = [":billing::", ":budgets::", ":iam::", ":s3:::"];

/// The prefix of statements in the boundary of GitHub's roles.
const GITHUB: &str = "ci.GithubBoundary ";

/// Returns the ARN of the boundary of the stacks' roles, as the templates write it.
fn arn() -> Value {
    json!({"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/${BoundaryName}"})
}

/// Returns whether a statement contains an action, by name or by wildcard.
fn has(statement: &Statement<'_>, action: &str) -> bool {
    let matches = |found: &String| found.strip_suffix('*').map_or(found == action, |start| action.starts_with(start));
    statement.actions().iter().any(matches)
}

/// Returns whether a statement names what a role may use; the boundary of GitHub's roles only names services.
fn of_jobs(statement: &Statement<'_>) -> bool {
    let names = matches!(statement.kind, PolicyKind::Job | PolicyKind::Boundary);
    names && statement.allows() && !statement.place.starts_with(GITHUB)
}

/// Returns whether a statement in the boundary of GitHub's roles denies these actions for resources with these names in the account, in
/// any context.
fn denies(stacks: &Stacks, actions: &[&str], names: &[&str]) -> bool {
    statements(stacks).iter().any(|statement| {
        let resources = statement.resources();
        statement.place.starts_with(GITHUB)
            && !statement.allows()
            && statement.body.get("Condition").is_none()
            && actions.iter().all(|action| has(statement, action))
            && names.iter().all(|name| {
                resources.iter().any(|found| plain(found).rsplit(":${AWS::AccountId}:").next() == Some(name))
            })
    })
}

fn unless(sound: bool, place: &str) -> Vec<String> {
    if sound { Vec::new() } else { vec![place.to_owned()] }
}

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "GitHub's roles have their permissions boundary",
        broken: |stacks| {
            let open =
                roles(stacks).filter(|(_, body)| body["Properties"]["PermissionsBoundary"]["Ref"] != "GithubBoundary");
            open.map(|(place, _)| place).collect()
        },
    },
    Rule {
        name: "every role of the stacks has the boundary, wherever the settings have one",
        broken: |stacks| {
            let expected = json!({"Fn::If": ["IsBounded", arn(), {"Ref": "AWS::NoValue"}]});
            let named = json!({"Fn::Not": [{"Fn::Equals": [{"Ref": "BoundaryName"}, ""]}]});
            let open = of_type(stacks, "AWS::IAM::Role").filter(|(place, body)| {
                let stack = place.split('.').next().unwrap_or_default();
                let condition = &stacks[stack]["Conditions"]["IsBounded"];
                stack != "ci" && (body["Properties"]["PermissionsBoundary"] != expected || *condition != named)
            });
            open.map(|(place, _)| place).collect()
        },
    },
    Rule {
        name: "a role is created or changed only behind the boundary",
        broken: |stacks| {
            places(stacks, |statement| {
                let behind = json!({"StringEquals": {"iam:PermissionsBoundary": arn()}});
                let job = statement.kind == PolicyKind::Job && statement.allows();
                job && BEHIND.iter().any(|action| has(statement, action)) && statement.body["Condition"] != behind
            })
        },
    },
    Rule {
        name: "GitHub's boundary requires that of the stacks of every role that is created or changed",
        broken: |stacks| {
            let required = |statement: &Statement<'_>| {
                statement.place.starts_with(GITHUB)
                    && !statement.allows()
                    && BEHIND.iter().all(|action| has(statement, action))
                    && statement.resources() == ["*"]
                    && statement.body["Condition"] == json!({"StringNotEquals": {"iam:PermissionsBoundary": arn()}})
            };
            let name =
                stacks["ci"]["Resources"]["Boundary"]["Properties"]["ManagedPolicyName"]["Ref"] == "BoundaryName";
            unless(name && statements(stacks).iter().any(required), "ci.Boundary")
        },
    },
    Rule {
        name: "behind GitHub's boundary neither a boundary, nor the roles of GitHub's jobs, nor their stack can be changed",
        broken: |stacks| {
            let itself = [
                "role/${ProjectName}-github-*",
                "policy/${BoundaryName}",
                "policy/${ProjectName}-github-*",
                "oidc-provider/*",
            ];
            let kept = denies(stacks, &["iam:CreatePolicyVersion", "iam:PutRolePolicy"], &itself)
                && denies(stacks, &["iam:DeleteRolePermissionsBoundary"], &["*"])
                && denies(stacks, &["cloudformation:CreateChangeSet"], &["stack/${StackPrefix}-ci/*"]);
            let services = statements(stacks).iter().any(|statement| {
                let passed = &statement.body["Condition"]["StringNotLike"]["iam:PassedToService"];
                statement.place.starts_with(GITHUB)
                    && !statement.allows()
                    && has(statement, "iam:PassRole")
                    && passed.is_array()
            });
            unless(kept && services, "ci.GithubBoundary")
        },
    },
    Rule {
        name: "the roles of the stacks change no role, stack or policy of a resource, and of networks only remove rules",
        broken: |stacks| {
            places(stacks, |statement| {
                let changes = |action: &String| {
                    let (service, name) = action.split_once(':').unwrap_or(("*", ""));
                    ["*", "cloudformation", "iam", "sts"].contains(&service)
                        || service == "ec2" && !name.starts_with("Describe") && !name.starts_with("RevokeSecurityGroup")
                        || name.contains("Policy")
                        || name.contains('*')
                            && !name.contains("Message")
                            && !name.starts_with("G")
                            && name != "ListBucket*"
                };
                statement.place.starts_with("ci.Boundary ") && statement.actions().iter().any(changes)
            })
        },
    },
    Rule {
        name: "a boundary names resources of the account or its region, of IAM roles alone, and no other identity",
        broken: |stacks| {
            places(stacks, |statement| {
                let region = |found: &String| found.contains(":${AWS::Region}:");
                let named = |found: &String| region(found) || GLOBAL.iter().any(|service| found.contains(service));
                let here = statement.condition("aws:RequestedRegion").is_some_and(|name| name["Ref"] == "AWS::Region");
                let new = statement.actions().iter().all(|action| NEW.contains(&action.as_str()));
                let identity = |action: &String| {
                    let iam = action.starts_with("iam:") && action.contains('*') && action != "iam:*Role*";
                    action == "*" || action.starts_with("sts:") || iam
                };
                // Amazon Q Developer in chat applications has endpoints in a few regions, and ARNs without one.
                let chat = statement.place.starts_with(GITHUB) && statement.actions() == ["chatbot:*"];
                let bound = statement.resources().iter().all(named) || here || new || chat;
                statement.kind == PolicyKind::Boundary
                    && statement.allows()
                    && (!bound || statement.actions().iter().any(identity))
            })
        },
    },
    Rule {
        name: "no policy is attached to the roles of GitHub's jobs, except that of the deploy role about networks",
        broken: |stacks| {
            let network = json!([{"Ref": "DeployNetwork"}]);
            let attached = roles(stacks).filter(|(place, body)| {
                let arns = &body["Properties"]["ManagedPolicyArns"];
                !(arns.is_null() || place == "ci.DeployRole" && *arns == network)
            });
            let policies: Vec<String> = of_type(stacks, "AWS::IAM::ManagedPolicy").map(|(place, _)| place).collect();
            let known = ["ci.Boundary", "ci.DeployNetwork", "ci.GithubBoundary"];
            let others = if policies == known { Vec::new() } else { policies };
            attached.map(|(place, _)| place).chain(others).collect()
        },
    },
    Rule {
        name: "a key is used by its tag, or for secrets, and tagged only by whom the tag lets in or by CloudFormation when it creates it",
        broken: |stacks| {
            places(stacks, |statement| {
                let project = |key: &str| {
                    statement.body["Condition"]["StringEquals"][format!("{key}/project")]["Ref"] == "ProjectName"
                };
                let condition = &statement.body["Condition"];
                let new = project("aws:RequestTag")
                    && condition["Null"]["aws:ResourceTag/project"] == "true"
                    && condition["ForAnyValue:StringEquals"]["aws:CalledVia"] == "cloudformation.amazonaws.com";
                let aliases = statement.resources().iter().all(|found| found.contains(":alias/${ProjectName}/"));
                let ecr = condition["StringEquals"]["kms:ViaService"]["Fn::Sub"] == "ecr.${AWS::Region}.amazonaws.com";
                let via = |service: &str| json!({"Fn::Sub": format!("{service}.${{AWS::Region}}.amazonaws.com")});
                let secrets = statement.place.starts_with("ci.Boundary ")
                    && condition["StringEquals"]["kms:ViaService"] == json!([via("secretsmanager"), via("ssm")]);
                let sound = |action: &String| match action.as_str() {
                    "kms:Decrypt" => secrets,
                    "kms:CreateKey" => project("aws:RequestTag"),
                    "kms:TagResource" => new,
                    "kms:RetireGrant" => ecr,
                    "kms:ListAliases" => true,
                    other => aliases && other.ends_with("Alias"),
                };
                of_jobs(statement)
                    && !project("aws:ResourceTag")
                    && !statement.actions().iter().filter(|action| action.starts_with("kms:")).all(sound)
            })
        },
    },
    Rule {
        name: "a grant on a key is for a service of AWS, and none is made before an approval",
        broken: |stacks| {
            places(stacks, |statement| {
                let service = statement.condition("kms:GrantIsForAWSResource").is_some_and(|is| is == "true");
                let deploy = statement.place.starts_with("ci.DeployRole");
                statement.kind == PolicyKind::Job && has(statement, "kms:CreateGrant") && !(service && deploy)
            })
        },
    },
    Rule {
        name: "buckets are named as a whole: another project's name may begin alike",
        broken: |stacks| {
            let whole = |found: &String| {
                let name = plain(found).trim_end_matches("/*").rsplit(":::").next().unwrap_or_default();
                name.starts_with("${") && name.ends_with("BucketName}")
            };
            places(stacks, |statement| {
                of_jobs(statement) && !statement.resources().iter().filter(|found| found.contains(":s3:::")).all(whole)
            })
        },
    },
];
