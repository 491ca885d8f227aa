//! Checks an account before a deployment, and changes nothing: permissions, policies, names, quotas.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use super::deploy::{self, Current, DeployRequest};
use super::templates;
use super::workflows::github::STACK;
use crate::edge::buckets::{Buckets, Owner};
use crate::edge::files;
use crate::edge::signed::{ACCESS_ANALYZER, IAM, SERVICE_QUOTAS, Service, Signed};
use crate::platform::partition;
use crate::settings::{Method, Settings};
use crate::stack::ParameterValue;
use crate::stack::permissions::{ROLES, Role, RoleCall, calls, names, resources};
use crate::verdict::StatusLine;

/// Value of `aws:userid` in a simulation.
const USER: &str = "AROAEXAMPLE:session";
/// The most actions in one simulation.
const ACTIONS: usize = 100;
/// The most resources that a line names.
const SHOWN: usize = 5;
/// Names of roles that AWS creates when a service is first used.
const SERVICE_ROLES: [&str; 4] =
    ["AWSServiceRoleForAmazonMWAA", "AWSServiceRoleForBatch", "AWSServiceRoleForECS", "AWSServiceRoleForRedshift"];
const MWAA: &str =
    "AWS has no API that lists the versions and classes of Airflow; a deployment shows whether they exist";

/// Where a role's policies come from.
enum Policies<'p> {
    /// The templates: the role's own policies, and its boundary.
    Custom(Vec<&'p Value>, Option<&'p Value>),
    /// A role that exists, by ARN.
    Principal(&'p str),
}

/// Checks the account and region of a deployment; `change_sets` also creates a change set for every stack whose parameters are
/// known, and deletes it. A problem is a red line; what cannot be asked is a line that says so.
pub fn lines(request: DeployRequest, change_sets: bool) -> Result<Vec<StatusLine>> {
    let again =
        change_sets.then(|| DeployRequest::new(&request.module, request.settings.clone(), request.variables.clone()));
    let current = Current::read(request)?;
    let Current { request, aws, account, cloudformation, deployed, .. } = &current;
    let settings = &request.settings;
    let outputs = deployed.values().flat_map(|stack| stack.outputs.clone()).collect();
    let names = names(settings, account, partition(&settings.region), outputs);
    let mut templates = current.templates.clone();
    let mut github = None;
    if settings.auth.method == Method::Oidc {
        templates.extend(templates::read(Some(&files::root().join(STACK)), settings)?.0);
        github = aws.wait(cloudformation.stack(&format!("{}-ci", settings.stack_prefix)))?;
    }
    let resources = resources(&templates, &names);
    let check =
        Preflight { signed: aws.wait(Signed::open(&aws.config))?, calls: calls(&names)?, region: &settings.region };

    let mut lines = vec![StatusLine::green("account", format!("{account} in {}", settings.region))];
    for role in &ROLES {
        if let Some(body) = resources.get(role.place) {
            let boundary = body["Properties"].get("PermissionsBoundary").and_then(|_| resources.get("ci.Boundary"));
            let boundary = boundary.map(|boundary| &boundary["Properties"]["PolicyDocument"]);
            let own = documents(body).map(|(_, document)| document).collect();
            lines.push(aws.wait(check.role(role, "", &Policies::Custom(own, boundary)))?);
        }
        let output = format!("Github{}Arn", role.place.trim_start_matches("ci."));
        if let Some(arn) = github.as_ref().and_then(|stack| stack.outputs.get(&output)) {
            lines.push(aws.wait(check.role(role, ", deployed", &Policies::Principal(arn)))?);
        }
    }
    lines.push(aws.wait(check.policies(&resources))?);
    lines.push(aws.wait(check.service_roles())?);
    lines.push(aws.wait(check.quotas(settings))?);
    let (buckets, own) = (Buckets::new(&aws.config, aws.is_emulated()), settings.buckets());
    for name in [own.lake, own.airflow, own.access_logs] {
        let line = match aws.wait(buckets.owner(&name, account))? {
            Owner::None => StatusLine::green(&name, "the bucket name is free"),
            Owner::Caller => StatusLine::green(&name, "the bucket belongs to the account"),
            Owner::Other => StatusLine::red(&name, "the bucket belongs to someone else", "change `bucket_suffix`"),
        };
        lines.push(line);
    }
    lines.push(StatusLine::not_verifiable("Airflow", MWAA));
    if let Some(again) = again {
        lines.extend(previews(again)?);
    }
    Ok(lines)
}

/// Returns the policies of a role, by name.
fn documents(role: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let policies = role["Properties"]["Policies"].as_array().into_iter().flatten();
    policies.map(|policy| (policy["PolicyName"].as_str().unwrap_or_default(), &policy["PolicyDocument"]))
}

struct Preflight<'s> {
    signed: Signed,
    calls: Vec<RoleCall>,
    region: &'s str,
}

/// IAM's answer to a simulation (IAM API Reference, SimulateCustomPolicy).
#[derive(Deserialize)]
struct Simulation {
    #[serde(rename = "SimulateCustomPolicyResult", alias = "SimulatePrincipalPolicyResult")]
    result: Results,
}

#[derive(Deserialize)]
struct Results {
    #[serde(rename = "EvaluationResults")]
    results: Evaluations,
}

#[derive(Deserialize)]
struct Evaluations {
    #[serde(default)]
    member: Vec<Evaluation>,
}

#[derive(Deserialize)]
struct Evaluation {
    #[serde(rename = "EvalActionName")]
    action: String,
    #[serde(rename = "EvalDecision")]
    decision: String,
}

impl Preflight<'_> {
    /// Simulates all calls of a role.
    async fn role(&self, role: &Role, which: &str, policies: &Policies<'_>) -> Result<StatusLine> {
        let check = format!("role {}{which}", role.name);
        let own: Vec<&RoleCall> = self.calls.iter().filter(|call| call.role == role).collect();
        let mut denied = Vec::new();
        for same in own.chunk_by(|one, other| one.resource == other.resource && one.context == other.context) {
            for some in same.chunks(ACTIONS) {
                let answer = match self.iam(self.simulation(some, policies)).await? {
                    Ok(answer) => answer,
                    Err(why) => return Ok(not_asked(check, "simulate its policies", &why)),
                };
                let answer: Simulation = quick_xml::de::from_str(&answer).context("IAM's response is not XML")?;
                let refused = answer.result.results.member.into_iter().filter(|one| one.decision != "allowed");
                let actions: Vec<String> = refused.map(|one| one.action).collect();
                let source = some[0].source.as_str();
                let needed = if source.is_empty() { String::new() } else { format!(" (needed by: {source})") };
                if !actions.is_empty() {
                    denied.push(format!("{} on {}{needed}", actions.join(", "), some[0].resource));
                }
            }
        }
        if denied.is_empty() {
            return Ok(StatusLine::green(check, format!("{} calls are allowed", own.len())));
        }
        let more = denied.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!("; and on {more} more resources") } else { String::new() };
        denied.truncate(SHOWN);
        let denied = denied.join("; ");
        let found = format!("{} would fail, because these calls are denied: {denied}{more}", role.used_by);
        let (stack, name) = role.place.split_once('.').unwrap_or_default();
        let fix = format!("allow them in `{name}`, or in the boundary; the template is that of the stack `{stack}`");
        Ok(StatusLine::red(check, found, fix))
    }

    /// Returns the form of a simulation of calls with the same resource and context.
    fn simulation(&self, calls: &[&RoleCall], policies: &Policies<'_>) -> String {
        let mut form = Serializer::new(String::new());
        form.append_pair("Version", "2010-05-08").append_pair("MaxItems", "1000");
        match policies {
            Policies::Principal(arn) => {
                form.append_pair("Action", "SimulatePrincipalPolicy").append_pair("PolicySourceArn", arn);
            }
            Policies::Custom(own, boundary) => {
                form.append_pair("Action", "SimulateCustomPolicy");
                for (index, policy) in own.iter().enumerate() {
                    form.append_pair(&format!("PolicyInputList.member.{}", index + 1), &policy.to_string());
                }
                if let Some(boundary) = boundary {
                    form.append_pair("PermissionsBoundaryPolicyInputList.member.1", &boundary.to_string());
                }
            }
        }
        for (index, call) in calls.iter().enumerate() {
            form.append_pair(&format!("ActionNames.member.{}", index + 1), &call.action);
        }
        form.append_pair("ResourceArns.member.1", &calls[0].resource);
        let given = calls[0].context.iter().map(|(key, value)| (key.as_str(), value.replace("${aws:userid}", USER)));
        let always = [("aws:RequestedRegion", self.region.to_owned()), ("aws:userid", USER.to_owned())];
        for (index, (key, value)) in given.chain(always).enumerate() {
            let entry = format!("ContextEntries.member.{}", index + 1);
            let kind = if key == "aws:CalledVia" { "stringList" } else { "string" };
            form.append_pair(&format!("{entry}.ContextKeyName"), key);
            form.append_pair(&format!("{entry}.ContextKeyType"), kind);
            form.append_pair(&format!("{entry}.ContextKeyValues.member.1"), &value);
        }
        form.finish()
    }

    async fn iam(&self, form: String) -> Result<Result<String, String>> {
        self.signed.post(IAM, "/", &[("content-type", "application/x-www-form-urlencoded; charset=utf-8")], form).await
    }

    async fn json(&self, service: Service, path: &str, target: &str, body: &Value) -> Result<Result<Value, String>> {
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)];
        let answer = self.signed.post(service, path, &headers, body.to_string()).await?;
        Ok(answer.and_then(|text| serde_json::from_str(&text).map_err(|_| "the response is not JSON".to_owned())))
    }

    /// Asks Access Analyzer about the policies of all roles, and managed policies.
    async fn policies(&self, resources: &BTreeMap<String, Value>) -> Result<StatusLine> {
        let check = "policies";
        let managed = resources.iter().filter(|(_, body)| body["Type"] == "AWS::IAM::ManagedPolicy");
        let managed = managed.map(|(place, body)| (place.clone(), &body["Properties"]["PolicyDocument"]));
        let own = |(place, body)| documents(body).map(move |(name, document)| (format!("{place} {name}"), document));
        let all: Vec<(String, &Value)> = resources.iter().flat_map(own).chain(managed).collect();
        let mut problems = Vec::new();
        for (place, document) in &all {
            let body = json!({ "policyDocument": document.to_string(), "policyType": "IDENTITY_POLICY" });
            let answer = match self.json(ACCESS_ANALYZER, "/policy/validation", "", &body).await? {
                Ok(answer) => answer,
                Err(why) => return Ok(not_asked(check, "validate them", &why)),
            };
            let findings = answer["findings"].as_array().into_iter().flatten();
            let serious =
                findings.filter(|one| one["findingType"] == "ERROR" || one["findingType"] == "SECURITY_WARNING");
            problems
                .extend(serious.map(|one| format!("{place}: {}", one["findingDetails"].as_str().unwrap_or_default())));
        }
        let found = format!("{} policies are valid", all.len());
        let found = if problems.is_empty() { found } else { problems.join("; ") };
        Ok(StatusLine::of(problems.is_empty(), check, found, "correct the policies in the templates"))
    }

    /// Finds out which roles AWS would create.
    async fn service_roles(&self) -> Result<StatusLine> {
        let mut missing = Vec::new();
        for name in SERVICE_ROLES {
            let mut form = Serializer::new(String::new());
            form.append_pair("Action", "GetRole").append_pair("Version", "2010-05-08").append_pair("RoleName", name);
            match self.iam(form.finish()).await? {
                Ok(_) => {}
                Err(why) if why.contains("NoSuchEntity") => missing.push(name),
                Err(why) => return Ok(not_asked("service-linked roles", "read them", &why)),
            }
        }
        let new = || format!("AWS creates {} when the service is first used", missing.join(", "));
        Ok(StatusLine::green("service-linked roles", if missing.is_empty() { "all exist".to_owned() } else { new() }))
    }

    /// Compares quotas with what a first deployment creates. What else the account uses is not known.
    async fn quotas(&self, settings: &Settings) -> Result<StatusLine> {
        let mut low = Vec::new();
        for (service, code, name, needed) in [
            ("vpc", "L-F678F1CE", "VPCs", 1),
            ("ec2", "L-0263D0A3", "Elastic IP addresses", settings.network.nat_gateways),
            ("fargate", "L-3032A538", "Fargate vCPUs", settings.batch.max_vcpu),
            ("s3", "L-DC2B2D3D", "buckets", 3),
        ] {
            let body = json!({ "ServiceCode": service, "QuotaCode": code });
            let target = "ServiceQuotasV20190624.GetServiceQuota";
            let answer = match self.json(SERVICE_QUOTAS, "/", target, &body).await? {
                Ok(answer) => answer,
                Err(why) => return Ok(not_asked("quotas", "read them", &why)),
            };
            let quota = answer["Quota"]["Value"].as_f64().unwrap_or_default();
            if quota < f64::from(needed) {
                low.push(format!("{name}: {needed} needed, {quota} allowed"));
            }
        }
        let found = if low.is_empty() { "large enough for a first deployment".to_owned() } else { low.join("; ") };
        Ok(StatusLine::of(low.is_empty(), "quotas", found, "request an increase in the console of Service Quotas"))
    }
}

fn not_asked(check: impl Into<String>, action: &str, why: &str) -> StatusLine {
    let why: String = why.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect();
    StatusLine::not_verifiable(check, format!("cannot {action}: {why}"))
}

/// Creates a change set for every stack whose parameters are known, and deletes it.
fn previews(request: DeployRequest) -> Result<Vec<StatusLine>> {
    let ready = deploy::plan(request)?;
    let mut lines = Vec::new();
    for plan in &ready.plan.stacks {
        let check = format!("{}, change set", plan.name);
        let known = |(name, value): (&String, &ParameterValue)| match value {
            ParameterValue::Known(value) => Some((name.clone(), value.clone())),
            ParameterValue::Pending(_) => None,
        };
        let parameters: Option<BTreeMap<String, String>> = plan.parameters.iter().map(known).collect();
        lines.push(match parameters {
            None => StatusLine::not_verifiable(check, "needs the outputs of stacks that do not exist yet"),
            Some(parameters) => match ready.preview(plan, &parameters) {
                Ok(changes) => StatusLine::green(check, format!("{changes} changes")),
                Err(error) => StatusLine::red(check, format!("{error:#}"), "correct the template or the settings"),
            },
        });
    }
    Ok(lines)
}
