//! Rules for AWS Batch on Fargate.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Rule, Stacks, of_type, texts};

const JOB: &str = "AWS::Batch::JobDefinition";

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
            let digests = ["IngestionImageDigest", "DbtImageDigest"]
                .into_iter()
                .filter(|name| stacks["compute"]["Parameters"][*name]["AllowedPattern"] != "sha256:[0-9a-f]{64}");
            let digests = digests.map(|name| format!("compute.{name}"));
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
            let sound = all.len() == 4 && different.len() == 4;
            if sound { Vec::new() } else { vec![format!("compute: {}", all.join(" "))] }
        },
    },
    Rule {
        name: "a job's environment has no secrets",
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
            ];
            let sound = |pair: &Value| {
                pair["Name"].as_str().is_some_and(|name| known.contains(&name))
                    && !pair["Value"].to_string().contains('@')
            };
            jobs(stacks, |job| {
                job.get("Secrets").is_none()
                    && job["Environment"].as_array().is_some_and(|pairs| pairs.iter().all(sound))
            })
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
