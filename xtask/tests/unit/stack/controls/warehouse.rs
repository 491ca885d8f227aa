//! Rules for Redshift Serverless, its COPY role, and the roles that are its users.

use serde_json::{Value, json};

use super::policy::{PolicyKind, statements};
use super::{Rule, of_type, texts};

const ROLE: &str = "AWS::IAM::Role";

fn namespace(stacks: &super::Stacks) -> &Value {
    &stacks["warehouse"]["Resources"]["Namespace"]["Properties"]
}

fn unless(sound: bool, place: &str) -> Vec<String> {
    if sound { Vec::new() } else { vec![place.to_owned()] }
}

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "Redshift requires TLS and logs user activity",
        broken: |stacks| {
            let parameters = &stacks["warehouse"]["Resources"]["Workgroup"]["Properties"]["ConfigParameters"];
            let on = |name: &str| {
                let mut parameters = parameters.as_array().into_iter().flatten();
                parameters.any(|pair| pair["ParameterKey"] == name && pair["ParameterValue"] == "true")
            };
            unless(on("require_ssl") && on("enable_user_activity_logging"), "warehouse.Workgroup")
        },
    },
    Rule {
        name: "each log of Redshift has a log group of the stack, created before the namespace",
        broken: |stacks| {
            let logs = [("Connection", "connectionlog"), ("User", "userlog"), ("UserActivity", "useractivitylog")];
            let sound = |(name, log): (&str, &str)| {
                let condition = format!("Exports{name}Log");
                let group = &stacks["warehouse"]["Resources"][format!("{name}LogGroup")];
                let exported = namespace(stacks)["LogExports"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .any(|export| export["Fn::If"] == serde_json::json!([condition, log, {"Ref": "AWS::NoValue"}]));
                exported
                    && group.get("Condition").is_none()
                    && texts(&stacks["warehouse"]["Resources"]["Namespace"]["DependsOn"])
                        .contains(&format!("{name}LogGroup"))
                    && texts(&group["Properties"]["LogGroupName"])
                        .join("")
                        .contains(&format!("${{NamespaceName}}/{log}"))
            };
            logs.into_iter().filter(|log| !sound(*log)).map(|(name, _)| format!("warehouse.{name}LogGroup")).collect()
        },
    },
    Rule {
        name: "the COPY role only reads the load prefixes, lists the lake and decrypts",
        broken: |stacks| {
            let found = statements(stacks).into_iter();
            let found =
                found.filter(|part| part.place.starts_with("warehouse.CopyRole") && part.kind == PolicyKind::Identity);
            let reads = |text: &String| {
                [
                    r#"{"Fn::Sub":"${LakeBucketArn}/processed/*"}"#,
                    r#"{"Fn::Sub":"${LakeBucketArn}/stage/*/manifests/*"}"#,
                ]
                .contains(&text.as_str())
            };
            let sound = |part: &super::policy::Statement<'_>| match part.actions().join(" ").as_str() {
                "s3:GetObject" => part.resources().iter().all(reads),
                "s3:GetBucketLocation s3:ListBucket" => part.resources() == [r#"{"Ref":"LakeBucketArn"}"#],
                "kms:Decrypt" => part.resources() == [r#"{"Ref":"LakeKeyArn"}"#],
                _ => false,
            };
            found.filter(|part| !sound(part)).map(|part| part.place).collect()
        },
    },
    Rule {
        name: "the role of COPY is the namespace's own and its default",
        broken: |stacks| {
            let role = r#"{"Fn::GetAtt":["CopyRole","Arn"]}"#;
            let own = |name: &str| texts(&namespace(stacks)[name]) == [role];
            unless(own("IamRoles") && own("DefaultIamRoleArn"), "warehouse.Namespace")
        },
    },
    Rule {
        name: "exactly the roles that are warehouse users have the settings' names",
        broken: |stacks| {
            let known = ["compute.IngestionRole", "compute.DbtRole", "orchestration.AirflowRole"];
            let sound = |place: &str, body: &Value| {
                let expected = known.contains(&place).then(|| {
                    let name = place.split_once('.').map_or(place, |(_, name)| name);
                    json!({ "Ref": format!("{name}Name") })
                });
                // The workflows find their roles by name.
                place.starts_with("ci.") || body["Properties"].get("RoleName") == expected.as_ref()
            };
            let wrong = of_type(stacks, ROLE).filter(|(place, body)| !sound(place, body)).map(|(place, _)| place);
            let gone = known.iter().filter(|role| !of_type(stacks, ROLE).any(|(place, _)| place == **role));
            wrong.chain(gone.map(|role| (*role).to_owned())).collect()
        },
    },
    Rule {
        name: "roles that use the Data API may create grants on the warehouse's key",
        broken: |stacks| {
            let all = statements(stacks);
            let may = |role: &str, action: &str, on: &str| {
                let on = format!(r#"{{"Ref":"{on}"}}"#);
                all.iter().any(|part| {
                    part.place.starts_with(&format!("{role} "))
                        && part.allows()
                        && part.actions().iter().any(|found| found == action)
                        && part.resources() == [on.as_str()]
                })
            };
            let roles = of_type(stacks, ROLE).map(|(place, _)| place);
            let senders = roles.filter(|role| may(role, "redshift-data:ExecuteStatement", "WorkgroupArn"));
            let lacks = |role: &String| {
                ["kms:CreateGrant", "kms:DescribeKey"].iter().any(|action| !may(role, action, "WarehouseKeyArn"))
            };
            senders.filter(lacks).collect()
        },
    },
];
