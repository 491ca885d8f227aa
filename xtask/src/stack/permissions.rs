//! The calls of each role, and the resources whose policies decide them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::resolve::{ParameterValue, resolve};
use super::sources::settings;
use super::template::Template;
use crate::settings::Settings;

/// A role of the stacks or of GitHub's jobs.
#[derive(Debug, PartialEq, Eq)]
pub struct Role {
    /// The name in `calls.yaml`.
    pub name: &'static str,
    /// Stack and logical ID.
    pub place: &'static str,
    /// What fails if the role may not make a call.
    pub used_by: &'static str,
}

const fn role(name: &'static str, place: &'static str, used_by: &'static str) -> Role {
    Role { name, place, used_by }
}

pub const ROLES: [Role; 13] = [
    role("airflow", "orchestration.AirflowRole", "the DAGs"),
    role("build", "ci.BuildRole", "`deploy --create-only` and `build-images --push` in GitHub's jobs"),
    role("chat", "monitoring.ChatRole", "no one: the Slack channel only receives messages"),
    role("close-group", "network.CloseDefaultSecurityGroupRole", "the deployment of `network`"),
    role("copy", "warehouse.CopyRole", "COPY in the warehouse"),
    role("dbt", "compute.DbtRole", "the dbt job"),
    role("deploy", "ci.DeployRole", "`deploy`, `sync-dags` and `status` in GitHub's jobs"),
    role("flow-log", "network.FlowLogRole", "the VPC's flow log"),
    role("ingestion", "compute.IngestionRole", "the transformation, copy and report jobs"),
    role("plan", "ci.PlanRole", "`diff` and `status --drift` in GitHub's jobs"),
    role("pull-dbt", "compute.DbtExecutionRole", "the start of the dbt job"),
    role("pull-ingestion", "compute.IngestionExecutionRole", "the start of the transformation, copy and report jobs"),
    role("pull-source", "source.ExecutionRole", "the start of the jobs of a source with secrets"),
];

/// A call that a role makes.
#[derive(Clone, Debug)]
pub struct RoleCall {
    pub role: &'static Role,
    pub action: String,
    pub resource: String,
    /// Condition keys and their values, as the service sets them for the call.
    pub context: Vec<(String, String)>,
    /// Who needs it, if no rehearsal makes the call.
    pub source: String,
}

/// A line of `calls.yaml`: fields separated by spaces.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    roles: String,
    resources: String,
    #[serde(default)]
    context: String,
    actions: String,
    #[serde(default)]
    source: String,
}

/// Parameters, pseudo parameters and outputs of the stacks, by name.
pub type Names = BTreeMap<String, String>;

/// Values of outputs and references whose resources do not exist yet.
const EXPECTED: [(&str, &str); 15] = [
    ("Boundary", "iam:policy/${BoundaryName}"),
    ("LakeBucketArn", "s3:::${LakeBucketName}"),
    ("AirflowBucketArn", "s3:::${AirflowBucketName}"),
    ("LakeKeyArn", "kms:key/lake"),
    ("AirflowKeyArn", "kms:key/airflow"),
    ("AlarmKeyArn", "kms:key/alarms"),
    ("WarehouseKeyArn", "kms:key/warehouse"),
    ("WorkgroupArn", "redshift-serverless:workgroup/1"),
    ("JobQueueArn", "batch:job-queue/${QueueName}"),
    ("AlarmTopicArn", "sns:${ProjectName}-alarms"),
    ("IngestionRepositoryArn", "ecr:repository/${IngestionRepositoryName}"),
    ("DbtRepositoryArn", "ecr:repository/${DbtRepositoryName}"),
    ("IngestionLogGroupArn", "logs:log-group:/${ProjectName}/jobs/ingestion:*"),
    ("DbtLogGroupArn", "logs:log-group:/${ProjectName}/jobs/dbt:*"),
    ("Vpc.DefaultSecurityGroup", "sg-1"),
];

/// Returns the names of a deployment; `outputs` are those of the stacks that exist.
pub fn names(of: &Settings, account: &str, partition: &str, outputs: Names) -> Names {
    let mut names: Names = settings(of).into_iter().map(|(name, row)| (name.to_owned(), row.value)).collect();
    let place = [("Region", of.region.as_str()), ("AccountId", account), ("Partition", partition)];
    names.extend(place.map(|(name, value)| (format!("AWS::{name}"), value.to_owned())));
    names.insert("StackPrefix".to_owned(), of.stack_prefix.clone());
    let expected: Names = EXPECTED.map(|(name, value)| (name.to_owned(), arn(&filled(value, &names), &names))).into();
    names.extend(expected);
    let chat = of.monitoring.slack.as_ref().map(|_| arn(&format!("sns:{}-chat", of.project), &names));
    names.insert("ChatTopicArn".to_owned(), chat.unwrap_or_default());
    names.extend(outputs);
    names
}

/// Replaces every `${Name}` that is known.
pub(super) fn filled(text: &str, names: &Names) -> String {
    let replace = |text: String, (name, value): (&String, &String)| text.replace(&format!("${{{name}}}"), value);
    names.iter().fold(text.to_owned(), replace)
}

/// Returns the complete ARN; those in `calls.yaml` omit the account and the region.
pub(super) fn arn(short: &str, names: &Names) -> String {
    let of = |name: &str| names.get(&format!("AWS::{name}")).map(String::as_str).unwrap_or_default();
    let start = format!("arn:{}:", of("Partition"));
    match short.split_once(':') {
        None | Some(("arn", _)) => short.to_owned(),
        Some(("s3", _)) => format!("{start}{short}"),
        Some((service @ ("iam" | "budgets" | "billing" | "chatbot"), rest)) => {
            format!("{start}{service}::{}:{rest}", of("AccountId"))
        }
        Some((service, rest)) => format!("{start}{service}:{}:{}:{rest}", of("Region"), of("AccountId")),
    }
}

/// Returns the calls of all roles.
///
/// # Errors
/// `calls.yaml` is part of the program, so only a change of that file can cause an error.
pub fn calls(names: &Names) -> Result<Vec<RoleCall>, serde_yaml::Error> {
    let mut calls = Vec::new();
    for line in serde_yaml::from_str::<Vec<Line>>(include_str!("calls.yaml"))? {
        let context = filled(&line.context, names);
        let context = context.split_whitespace().filter_map(|word| word.split_once('='));
        let context: Vec<_> = context.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        for role in ROLES.iter().filter(|role| line.roles.split_whitespace().any(|name| name == role.name)) {
            // Without a value, such as a key that no setting names, there is no call.
            for resource in filled(&line.resources, names).split_whitespace().map(|resource| arn(resource, names)) {
                let actions = filled(&line.actions, names);
                calls.extend(actions.split_whitespace().map(|action| RoleCall {
                    role,
                    action: action.to_owned(),
                    resource: resource.clone(),
                    context: context.clone(),
                    source: line.source.clone(),
                }));
            }
        }
    }
    Ok(calls)
}

/// Returns the names with the values of a stack's own parameters.
pub fn names_of(template: &Template, names: &Names) -> Names {
    let own = template.own.iter().map(|(name, setting)| ((*name).to_owned(), setting.value.clone()));
    names.clone().into_iter().chain(own).collect()
}

/// Returns the resources of the templates, by `stack.Name`, with every function in a policy evaluated.
pub fn resources(templates: &[Template], names: &Names) -> BTreeMap<String, Value> {
    let known = |(name, value): (&String, &String)| (name.clone(), ParameterValue::Known(value.clone()));
    let mut all = BTreeMap::new();
    for template in templates {
        let resolved = resolve(template, &names_of(template, names).iter().map(known).collect()).resources;
        for (name, mut body) in resolved.clone() {
            attach(&mut body, &resolved);
            log_groups(&mut body, &resolved, names);
            all.insert(format!("{}.{name}", template.name), body);
        }
    }
    all
}

/// Adds the managed policies of the same template that are attached to a role to its own policies.
fn attach(role: &mut Value, resources: &BTreeMap<String, Value>) {
    let attached = role.pointer("/Properties/ManagedPolicyArns").cloned().unwrap_or_default();
    let names = attached.as_array().into_iter().flatten().filter_map(|arn| arn["Ref"].as_str());
    for (name, policy) in names.filter_map(|name| Some((name, resources.get(name)?))) {
        let policy = json!({"PolicyName": name, "PolicyDocument": policy["Properties"]["PolicyDocument"]});
        if let Some(Value::Array(own)) = role.pointer_mut("/Properties/Policies") {
            own.push(policy);
        }
    }
}

/// Replaces the ARNs of log groups in the same template.
fn log_groups(value: &mut Value, resources: &BTreeMap<String, Value>, names: &Names) {
    let group = value["Fn::GetAtt"][0].as_str().and_then(|name| resources.get(name));
    if let Some(name) = group.and_then(|group| group["Properties"]["LogGroupName"].as_str()) {
        *value = arn(&format!("logs:log-group:{name}:*"), names).into();
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| log_groups(item, resources, names)),
        Value::Object(members) => members.values_mut().for_each(|item| log_groups(item, resources, names)),
        _ => {}
    }
}
