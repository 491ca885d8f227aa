//! Rules for AWS Batch on Fargate.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::policy::{PolicyKind, Statement, statements};
use super::{Rule, Stacks, of_type, texts};

const JOB: &str = "AWS::Batch::JobDefinition";
/// Where the secrets of a source are.
const SECRET: &str = "arn:${AWS::Partition}:${SecretService}:${AWS::Region}:${AWS::AccountId}:${SecretResource}";

fn container(body: &Value) -> &Value {
    &body["Properties"]["ContainerProperties"]
}

fn jobs(stacks: &Stacks, sound: impl Fn(&Value) -> bool) -> Vec<String> {
    of_type(stacks, JOB).filter(|(_, body)| !sound(container(body))).map(|(place, _)| place).collect()
}

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "an image is named by its digest",
        broken: |stacks| {
            let by_digest = |text: &str| text.contains("RepositoryUri}@${") && text.contains("ImageDigest}\"");
            let all = [
                ("compute", "IngestionImageDigest"),
                ("compute", "DbtImageDigest"),
                ("source", "IngestionImageDigest"),
            ];
            let pattern = |(stack, name): &(&str, &str)| &stacks[*stack]["Parameters"][*name]["AllowedPattern"];
            let digests = all.into_iter().filter(|place| *pattern(place) != "sha256:[0-9a-f]{64}");
            let digests = digests.map(|(stack, name)| format!("{stack}.{name}"));
            jobs(stacks, |job| by_digest(&texts(&job["Image"]).join(""))).into_iter().chain(digests).collect()
        },
    },
    Rule {
        name: "each job has an execution role and a job role of its own",
        broken: |stacks| {
            let roles = |body: &Value| {
                [texts(&container(body)["JobRoleArn"]), texts(&container(body)["ExecutionRoleArn"])].concat()
            };
            let all: Vec<String> = of_type(stacks, JOB).flat_map(|(_, body)| roles(body)).collect();
            let different: BTreeSet<&String> = all.iter().collect();
            // The jobs of a source with secrets have the job role of the ingestion, and an execution role of their own.
            let sound = all.len() == 6 && different.len() == 6;
            if sound { Vec::new() } else { vec![format!("compute: {}", all.join(" "))] }
        },
    },
    Rule {
        name: "a job's environment has no secrets, except those of its source",
        broken: |stacks| {
            let known = [
                "AWS_DEFAULT_REGION",
                "LAKE_URL",
                "WAREHOUSE_URL",
                "COPY_ROLE",
                "LOG",
                "DBT_TARGET",
                "DBT_HOST",
                "DBT_DATABASE",
                "DBT_EXCLUDE_RESOURCE_TYPES",
                "DBT_MAX_LOAD_AGE_HOURS",
            ];
            let sound = |pair: &Value| {
                pair["Name"].as_str().is_some_and(|name| known.contains(&name))
                    && !pair["Value"].to_string().contains('@')
            };
            let secrets = json!([{"Name": "SOURCE_SECRETS", "ValueFrom": {"Fn::Sub": SECRET}}]);
            let own = |job: &Value| texts(&job["ExecutionRoleArn"]) == [r#"{"Fn::GetAtt":["ExecutionRole","Arn"]}"#];
            jobs(stacks, |job| {
                job.get("Secrets").is_none_or(|found| own(job) && *found == secrets)
                    && job["Environment"].as_array().is_some_and(|pairs| pairs.iter().all(sound))
            })
        },
    },
    Rule {
        name: "the role that starts the jobs of a source reads its secrets alone",
        broken: |stacks| {
            let reads =
                |action: &String| ["secretsmanager:", "ssm:", "SecretAction"].iter().any(|of| action.contains(of));
            let role = |statement: &Statement<'_>| {
                statement.kind == PolicyKind::Identity && statement.actions().iter().any(reads)
            };
            let sound = |statement: &Statement<'_>| {
                statement.place.starts_with("source.ExecutionRole ")
                    && statement.body["Action"] == json!({"Ref": "SecretAction"})
                    && statement.body["Resource"] == json!({"Fn::Sub": SECRET})
            };
            let all = statements(stacks).into_iter().filter(role);
            all.filter(|statement| !sound(statement)).map(|statement| statement.place).collect()
        },
    },
    Rule {
        name: "the job definition of a source is that of the ingestion, except for names, roles and secrets",
        broken: |stacks| {
            let mut expected = stacks["compute"]["Resources"]["IngestionJob"].clone();
            let mut found = stacks["source"]["Resources"]["Job"].clone();
            for (pointer, own) in [
                ("/Properties/JobDefinitionName", json!({"Ref": "SourceJobName"})),
                ("/Properties/ContainerProperties/JobRoleArn", json!({"Ref": "IngestionRoleArn"})),
                ("/Properties/ContainerProperties/ExecutionRoleArn", json!({"Fn::GetAtt": ["ExecutionRole", "Arn"]})),
            ] {
                if let Some(value) = expected.pointer_mut(pointer) {
                    *value = own;
                }
            }
            // Another rule is about the secrets.
            if let Some(Value::Object(members)) = found.pointer_mut("/Properties/ContainerProperties") {
                members.remove("Secrets");
            }
            if found == expected { Vec::new() } else { vec!["source.Job".to_owned()] }
        },
    },
    Rule {
        name: "dbt excludes unit tests in the warehouse",
        broken: |stacks| {
            let excluded = json!({"Name": "DBT_EXCLUDE_RESOURCE_TYPES", "Value": "unit_test"});
            let job = &stacks["compute"]["Resources"]["DbtJob"];
            let environment = container(job)["Environment"].as_array();
            let kept = environment.is_some_and(|pairs| pairs.contains(&excluded));
            (!kept).then(|| "compute.DbtJob".to_owned()).into_iter().collect()
        },
    },
    Rule {
        name: "jobs accept no connections",
        broken: |stacks| {
            let group = &stacks["compute"]["Resources"]["JobSecurityGroup"]["Properties"];
            let beside = of_type(stacks, "AWS::EC2::SecurityGroupIngress")
                .filter(|(_, body)| texts(&body["Properties"]["GroupId"]) == [r#"{"Ref":"JobSecurityGroup"}"#])
                .map(|(place, _)| place);
            let inside = group.get("SecurityGroupIngress").map(|_| "compute.JobSecurityGroup".to_owned());
            beside.chain(inside).collect()
        },
    },
    Rule {
        name: "a job that cannot start is cancelled after 10 minutes or more, for each reason of Batch",
        broken: |stacks| {
            let known = [
                "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
                "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
                "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
            ];
            let actions = &stacks["compute"]["Resources"]["JobQueue"]["Properties"]["JobStateTimeLimitActions"];
            let actions: Vec<&Value> = actions.as_array().into_iter().flatten().collect();
            let reasons: Vec<&str> = actions.iter().filter_map(|action| action["Reason"].as_str()).collect();
            let sound = |action: &&Value| {
                action["Action"] == "CANCEL"
                    && action["State"] == "RUNNABLE"
                    && action["MaxTimeSeconds"].as_u64().is_some_and(|seconds| seconds >= 600)
            };
            let keeps = reasons == known && actions.iter().all(sound);
            if keeps { Vec::new() } else { vec!["compute.JobQueue".to_owned()] }
        },
    },
    Rule {
        name: "only dbt's jobs reach the warehouse's port, and only from the jobs' group",
        broken: |stacks| {
            let rule = &stacks["compute"]["Resources"]["WarehouseFromJobs"]["Properties"];
            let expected = json!({"Ref": "JobSecurityGroup"});
            let sound = rule["SourceSecurityGroupId"] == expected && rule["FromPort"] == 5439 && rule["ToPort"] == 5439;
            if sound { Vec::new() } else { vec!["compute.WarehouseFromJobs".to_owned()] }
        },
    },
];
