//! Rules for the VPC, its endpoints and every security group.

use serde_json::Value;

use super::policy::{PolicyKind, statements};
use super::{Rule, Stacks, of_type, resources, texts};

/// The actions that MWAA containers, which belong to another account, need on an endpoint, by statement.
const CONTAINERS: [(&str, &[&str]); 5] = [
    ("network.EcrApiInterfaceEndpoint Pull", &PULLS),
    ("network.EcrDkrInterfaceEndpoint Pull", &PULLS),
    (
        "network.KmsInterfaceEndpoint UseKey",
        &[
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:Encrypt",
            "kms:GenerateDataKey",
            "kms:GenerateDataKeyWithoutPlaintext",
            "kms:ReEncryptFrom",
            "kms:ReEncryptTo",
        ],
    ),
    ("network.LogsInterfaceEndpoint WriteLog", &["logs:CreateLogStream", "logs:PutLogEvents"]),
    (
        "network.SecretsmanagerInterfaceEndpoint ReadSecret",
        &["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
    ),
];

/// The ECR actions that are needed to pull an image.
const PULLS: [&str; 4] =
    ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetAuthorizationToken", "ecr:GetDownloadUrlForLayer"];

/// Returns every rule of every security group, defined inside or outside the group, and whether it is an ingress rule.
fn group_rules(stacks: &Stacks) -> Vec<(String, bool, &Value)> {
    let mut found = Vec::new();
    for (place, kind, body) in resources(stacks) {
        let properties = &body["Properties"];
        match kind {
            "AWS::EC2::SecurityGroup" => {
                for (name, lets_in) in [("SecurityGroupIngress", true), ("SecurityGroupEgress", false)] {
                    let rules = properties[name].as_array().into_iter().flatten();
                    found.extend(rules.map(|rule| (format!("{place} {name}"), lets_in, rule)));
                }
            }
            "AWS::EC2::SecurityGroupIngress" => found.push((place, true, properties)),
            "AWS::EC2::SecurityGroupEgress" => found.push((place, false, properties)),
            _ => {}
        }
    }
    found
}

fn places<'s>(rules: impl Iterator<Item = (String, bool, &'s Value)>) -> Vec<String> {
    rules.map(|(place, ..)| place).collect()
}

/// Returns whether EC2 accepts a description: 1 to 255 of these characters, without quotes (API Reference,
/// AuthorizeSecurityGroupIngress).
fn is_description(value: &Value) -> bool {
    let takes = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
    value.as_str().is_some_and(|text| (1..=255).contains(&text.len()) && text.chars().all(takes))
}

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "every security group and rule has a description that EC2 accepts",
        broken: |stacks| {
            let groups = of_type(stacks, "AWS::EC2::SecurityGroup");
            let groups = groups.filter(|(_, body)| !is_description(&body["Properties"]["GroupDescription"]));
            let rules = group_rules(stacks).into_iter().filter(|(_, _, rule)| !is_description(&rule["Description"]));
            groups.map(|(place, _)| place).chain(places(rules)).collect()
        },
    },
    Rule {
        name: "no ingress from outside the VPC",
        broken: |stacks| {
            let is_allowed = |rule: &Value| {
                rule["SourceSecurityGroupId"].is_object() || texts(&rule["CidrIp"]) == [r#"{"Ref":"VpcCidr"}"#]
            };
            places(group_rules(stacks).into_iter().filter(|(_, lets_in, rule)| *lets_in && !is_allowed(rule)))
        },
    },
    Rule {
        name: "egress to anywhere is TLS only",
        broken: |stacks| {
            let everywhere = |rule: &Value| texts(&rule["CidrIp"]) == ["0.0.0.0/0"];
            let tls = |rule: &Value| rule["FromPort"] == 443 && rule["ToPort"] == 443 && rule["IpProtocol"] == "tcp";
            let wide = |rule: &Value| everywhere(rule) && !tls(rule);
            places(group_rules(stacks).into_iter().filter(|(_, lets_in, rule)| !lets_in && wide(rule)))
        },
    },
    Rule {
        name: "Airflow's group accepts only itself",
        broken: |stacks| {
            let own = r#"{"Ref":"AirflowSecurityGroup"}"#;
            let of_airflow = |rule: &Value| texts(&rule["GroupId"]) == [own];
            let rules: Vec<_> = group_rules(stacks)
                .into_iter()
                .filter(|(place, lets_in, rule)| {
                    *lets_in && (of_airflow(rule) || place.starts_with("orchestration.AirflowSecurityGroup"))
                })
                .collect();
            let sound =
                rules.len() == 1 && rules.iter().all(|(_, _, rule)| texts(&rule["SourceSecurityGroupId"]) == [own]);
            if sound { Vec::new() } else { vec!["orchestration.AirflowSecurityGroup".to_owned()] }
        },
    },
    Rule {
        name: "an endpoint allows this account's principals, and for others only the actions of MWAA's containers",
        broken: |stacks| {
            let found = statements(stacks).into_iter().filter(|statement| statement.kind == PolicyKind::Endpoint);
            let sound = |statement: &super::policy::Statement<'_>| {
                let same_account =
                    statement.condition("aws:PrincipalAccount").is_some_and(|id| id["Ref"] == "AWS::AccountId");
                let layers = statement.actions() == ["s3:GetObject"]
                    && statement.resources().iter().all(|text| text.contains("starport-layer-bucket/*"));
                let container = CONTAINERS.iter().any(|(place, actions)| {
                    statement.place == *place && statement.actions().iter().all(|one| actions.contains(&one.as_str()))
                });
                same_account || layers || container
            };
            found.filter(|statement| !sound(statement)).map(|statement| statement.place).collect()
        },
    },
    Rule {
        name: "MWAA's containers can use the endpoints that they need at start",
        broken: |stacks| {
            let found = statements(stacks);
            let through = |place: &str, expected: &[&str]| {
                found.iter().any(|statement| {
                    statement.place == place
                        && statement.allows()
                        && statement.body["Principal"] == "*"
                        && statement.resources() == ["*"]
                        && statement.body.get("Condition").is_none()
                        && statement.actions() == expected
                })
            };
            let lacking = CONTAINERS.iter().filter(|(place, expected)| !through(place, expected));
            lacking.map(|(place, _)| (*place).to_owned()).collect()
        },
    },
    Rule {
        name: "every private subnet reaches our buckets, and only those, by the S3 gateway endpoint",
        broken: |stacks| {
            let endpoint = &stacks["network"]["Resources"]["S3Endpoint"]["Properties"];
            let routes = ["A", "B", "C"].map(|zone| format!(r#"{{"Ref":"PrivateRoutes{zone}"}}"#));
            let sound = endpoint["VpcEndpointType"] == "Gateway"
                && texts(&endpoint["RouteTableIds"]) == routes
                && texts(&endpoint["PolicyDocument"]["Statement"][0]["Resource"])
                    .iter()
                    .all(|text| text.contains("LakeBucketArn") || text.contains("AirflowBucketArn"));
            if sound { Vec::new() } else { vec!["network.S3Endpoint".to_owned()] }
        },
    },
    Rule {
        name: "an interface endpoint has private DNS, a subnet per zone and the endpoints' group",
        broken: |stacks| {
            let interface = |body: &Value| body["Properties"]["VpcEndpointType"] == "Interface";
            let sound = |properties: &Value| {
                properties["PrivateDnsEnabled"] == true
                    && properties["SubnetIds"].as_array().is_some_and(|subnets| subnets.len() == 3)
                    && texts(&properties["SecurityGroupIds"]) == [r#"{"Ref":"EndpointSecurityGroup"}"#]
            };
            of_type(stacks, "AWS::EC2::VPCEndpoint")
                .filter(|(_, body)| interface(body) && !sound(&body["Properties"]))
                .map(|(place, _)| place)
                .collect()
        },
    },
];
