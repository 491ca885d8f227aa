//! Rules for every template: parameters, outputs, tags, logs, secrets.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Rule, Stacks, of_type, resources, texts};
use crate::stack::sources::{IMAGES, OBJECTS};

/// Types whose resources support no tags or, like key aliases, incur no costs.
const UNTAGGED: [&str; 11] = [
    "AWS::EC2::Route",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::IAM::ManagedPolicy",
    "AWS::KMS::Alias",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "Custom::ClosedSecurityGroup",
];

/// The constraints of a parameter; CloudFormation checks AWS-specific types, and lists of them, against the account.
const CONSTRAINTS: [&str; 6] = ["AllowedPattern", "AllowedValues", "MinValue", "MaxValue", "MinLength", "MaxLength"];

fn parts<'s>(stacks: &'s Stacks, section: &'static str) -> impl Iterator<Item = (&'static str, &'s String, &'s Value)> {
    stacks.iter().flat_map(move |(stack, template)| {
        template[section].as_object().into_iter().flatten().map(move |(name, body)| (*stack, name, body))
    })
}

/// Returns whether a resource's tags, in a list of pairs or a mapping, contain the project.
fn tagged(properties: &Value) -> bool {
    let project = |value: &Value| value["Ref"] == "ProjectName";
    match properties.get("Tags").or_else(|| properties.get("ResourceTags")) {
        Some(Value::Array(pairs)) => pairs.iter().any(|pair| pair["Key"] == "project" && project(&pair["Value"])),
        Some(tags) => project(&tags["project"]),
        None => false,
    }
}

fn is_secret(key: &str, value: &Value) -> bool {
    let word =
        ["password", "secret", "token", "apikey", "privatekey"].iter().any(|word| key.to_lowercase().contains(word));
    // Claims of GitHub's tokens are no secrets.
    word && value.is_string() && !key.starts_with("token.actions.githubusercontent.com:")
}

fn secrets(place: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, item) in members {
                if is_secret(key, item) {
                    found.push(format!("{place}: {key}"));
                }
                secrets(place, item, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| secrets(place, item, found)),
        _ => {}
    }
}

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "every parameter and output has a description",
        broken: |stacks| {
            let all = parts(stacks, "Parameters").chain(parts(stacks, "Outputs"));
            let silent = all.filter(|(_, _, body)| body["Description"].as_str().is_none_or(str::is_empty));
            silent.map(|(stack, name, _)| format!("{stack}.{name}")).collect()
        },
    },
    Rule {
        name: "every parameter is constrained",
        broken: |stacks| {
            let open = parts(stacks, "Parameters").filter(|(_, _, body)| {
                let typed = body["Type"].as_str().is_some_and(|kind| kind.contains("AWS::"));
                !typed && !CONSTRAINTS.iter().any(|name| body.get(name).is_some())
            });
            open.map(|(stack, name, _)| format!("{stack}.{name}")).collect()
        },
    },
    Rule {
        name: "a parameter that CloudFormation does not show has a digest, with which plans compare it",
        broken: |stacks| {
            let hidden = parts(stacks, "Parameters").filter(|(_, _, body)| body.get("NoEcho").is_some());
            let alone =
                hidden.filter(|(stack, name, _)| stacks[stack]["Parameters"].get(format!("{name}Digest")).is_none());
            alone.map(|(stack, name, _)| format!("{stack}.{name}")).collect()
        },
    },
    Rule {
        name: "every value of the settings' table, every image and every object is some stack's parameter",
        broken: |stacks| {
            let settings = crate::settings::resolve(
                "dev",
                crate::settings::Document { file: "dev", text: include_str!("../../../../../infra/settings/dev.yaml") },
                None,
                &BTreeMap::new(),
            );
            let settings = settings.expect("sound settings").settings;
            let table = crate::stack::settings(&settings);
            let names = table.keys().copied().chain(IMAGES.iter().chain(&OBJECTS).map(|(name, _)| *name));
            names
                .filter(|name| !parts(stacks, "Parameters").any(|(_, found, _)| found == name))
                .map(str::to_owned)
                .collect()
        },
    },
    Rule {
        name: "an output's name is unique over all stacks, and its value leads to a resource",
        broken: |stacks| {
            let mut first: BTreeMap<&str, &str> = BTreeMap::new();
            let mut found = Vec::new();
            for (stack, name, body) in parts(stacks, "Outputs") {
                let twice = first.insert(name, stack).is_some();
                let text = body["Value"].to_string();
                if twice || !(text.contains("\"Ref\"") || text.contains("Fn::GetAtt")) {
                    found.push(format!("{stack}.{name}"));
                }
            }
            found
        },
    },
    Rule {
        name: "taggable resources have the project tag",
        broken: |stacks| {
            let taken =
                resources(stacks).filter(|(_, kind, body)| !UNTAGGED.contains(kind) && !tagged(&body["Properties"]));
            taken.map(|(place, ..)| place).collect()
        },
    },
    Rule {
        name: "every log group has a retention and a customer managed key",
        broken: |stacks| {
            let open = of_type(stacks, "AWS::Logs::LogGroup").filter(|(_, body)| {
                let properties = &body["Properties"];
                let days = texts(&properties["RetentionInDays"]).join("");
                let key = texts(&properties["KmsKeyId"]).join("");
                !days.contains("LogDays") || !(key.contains("LogKeyArn") || key.contains("AirflowKeyArn"))
            });
            open.map(|(place, _)| place).collect()
        },
    },
    Rule {
        name: "no secret in a template",
        broken: |stacks| {
            let mut found = Vec::new();
            for (place, _, body) in resources(stacks) {
                secrets(&place, &body["Properties"], &mut found);
            }
            found
        },
    },
];
