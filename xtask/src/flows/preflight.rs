//! Checks an account before a deployment, and changes nothing: permissions, policies, names, quotas.

mod simulation;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use super::deploy::{self, Current, DeployRequest};
use super::templates;
use super::workflows::github::STACK;
use crate::edge::buckets::{Buckets, Owner};
use crate::edge::files;
use crate::edge::signed::{ACCESS_ANALYZER, IAM, SERVICE_QUOTAS, Signed};
use crate::plan::StackAction;
use crate::platform::partition;
use crate::settings::Method;
use crate::stack::permissions::{ROLES, Role, RoleCall, calls, names, names_of, resources};
use crate::stack::{ParameterValue, SOURCE, is_of_source};
use crate::verdict::StatusLine;

/// The most resources that a line names.
const SHOWN: usize = 5;
/// Roles that AWS creates when a service is first used.
const SERVICE_ROLES: [&str; 4] =
    ["AWSServiceRoleForAmazonMWAA", "AWSServiceRoleForBatch", "AWSServiceRoleForECS", "AWSServiceRoleForRedshift"];
const YOURS: &str = "with `auth.method: keys`, your own policies decide what `deploy` may do";
const OTHERS: &str = "the bucket belongs to another account or is in another region, or you may not list it";
const MWAA: &str = "AWS has no API that lists Airflow's versions and classes; a deployment shows whether they exist";

/// Checks the account and region of a deployment; with `change_sets`, also creates and deletes change sets, for stacks with known
/// parameters. A problem is a red line; what cannot be asked is a line that says so.
pub fn lines(request: DeployRequest, change_sets: bool) -> Result<Vec<StatusLine>> {
    let again = change_sets.then(|| request.clone());
    let current = Current::read(request)?;
    let Current { request, aws, account, cloudformation, deployed, .. } = &current;
    let settings = &request.settings;
    let outputs = deployed.values().flat_map(|stack| stack.outputs.clone()).collect();
    let names = names(settings, account, partition(&settings.region), outputs);
    let mut lines = vec![StatusLine::green("account", format!("{account} in {}", settings.region))];
    let mut add = |check: &str, line: Result<StatusLine>| {
        let not_asked = |error: anyhow::Error| {
            let why: String = format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" ");
            StatusLine::not_verifiable(check, format!("cannot ask: {}", why.chars().take(200).collect::<String>()))
        };
        lines.push(line.unwrap_or_else(not_asked));
    };
    let (mut templates, mut github) = (current.templates.clone(), BTreeMap::new());
    if settings.auth.method == Method::Oidc {
        templates.extend(templates::read(Some(&files::root().join(STACK)), settings)?.0);
        match aws.wait(cloudformation.stack(&format!("{}-ci", settings.stack_prefix))) {
            Ok(found) => github.extend(found.into_iter().flat_map(|stack| stack.outputs)),
            Err(error) => add("deployed roles", Err(error)),
        }
    } else {
        add("your permissions", Ok(StatusLine::not_verifiable("your permissions", YOURS)));
    }
    let resources = resources(&templates, &names);
    let signed = Signed::open(&aws.config)?;
    let check = Preflight { signed, region: &settings.region };

    for role in &ROLES {
        let (stack, logical) = role.place.split_once('.').unwrap_or_default();
        let is_its = |name: &str| name == stack || (stack == SOURCE && is_of_source(name));
        for template in templates.iter().filter(|template| is_its(&template.name)) {
            let name = if template.name == stack { String::new() } else { format!(", {}", template.name) };
            let name = format!("role {}{name}", role.name);
            let mut own = calls(&names_of(template, &names))?;
            own.retain(|call| call.role == role);
            if let Some(body) = resources.get(&format!("{}.{logical}", template.name)) {
                let of = if stack == "ci" { "ci.GithubBoundary" } else { "ci.Boundary" };
                let boundary = body["Properties"].get("PermissionsBoundary").and_then(|_| resources.get(of));
                let boundary = boundary.map(|boundary| &boundary["Properties"]["PolicyDocument"]);
                let policies = simulation::custom(documents(body).map(|(_, document)| document), boundary);
                add(&name, aws.wait(check.role(role, &name, &own, &policies)));
            }
            if let Some(arn) = github.get(&format!("Github{}Arn", role.place.trim_start_matches("ci."))) {
                let name = format!("{name}, deployed");
                add(&name, aws.wait(check.role(role, &name, &own, &simulation::principal(arn))));
            }
        }
    }
    add("policies", aws.wait(check.policies(&resources)));
    let chat = settings.monitoring.slack.as_ref().map(|_| "AWSServiceRoleForAWSChatbot");
    for name in SERVICE_ROLES.into_iter().chain(chat) {
        add(name, aws.wait(check.service_role(name)));
    }
    for (service, code, name, needed) in [
        ("vpc", "L-F678F1CE", "VPCs", 1),
        ("ec2", "L-0263D0A3", "Elastic IP addresses", settings.network.nat_gateways),
        ("fargate", "L-3032A538", "Fargate vCPUs", settings.batch.max_vcpu),
    ] {
        let check_name = format!("quota of {name}");
        let line = aws.wait(check.quota(service, code)).map(|quota| {
            let found = format!("{quota}, of which a first deployment needs {needed}");
            StatusLine::of(quota >= f64::from(needed), &check_name, found, "request an increase in Service Quotas")
        });
        add(&check_name, line);
    }
    let (buckets, own) = (Buckets::new(&aws.config, aws.is_emulated()), settings.buckets());
    for name in [own.lake, own.airflow, own.access_logs] {
        let line = aws.wait(buckets.owner(&name, account)).map(|owner| match owner {
            Owner::None => StatusLine::green(&name, "the bucket name is free"),
            Owner::Caller => StatusLine::green(&name, "the bucket belongs to the account"),
            Owner::Other => StatusLine::red(&name, OTHERS, "change `bucket_suffix`"),
        });
        add(&name, line);
    }
    add("Airflow", Ok(StatusLine::not_verifiable("Airflow", MWAA)));
    if let Some(again) = again {
        let failed = |error| vec![StatusLine::red("change sets", format!("{error:#}"), "see `cargo xtask diff`")];
        lines.extend(previews(again).unwrap_or_else(failed));
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
    region: &'s str,
}

impl Preflight<'_> {
    /// Simulates all calls of a role. Denied calls are red, even if others could not be simulated.
    async fn role(
        &self,
        role: &Role,
        check: &str,
        own: &[RoleCall],
        policies: &[(String, String)],
    ) -> Result<StatusLine> {
        let own: Vec<&RoleCall> = own.iter().collect();
        let (mut denied, mut failed) = (Vec::new(), None);
        for same in own.chunk_by(|one, other| one.resource == other.resource && one.context == other.context) {
            let answer = match self.iam(&simulation::form(same, policies, self.region)).await {
                Ok(answer) => answer,
                Err(error) => {
                    failed = Some(error);
                    continue;
                }
            };
            let allowed = simulation::allowed(&answer)?;
            let refused = same.iter().map(|call| call.action.as_str()).filter(|action| !allowed.contains(*action));
            let actions: Vec<&str> = refused.collect();
            let source = same[0].source.as_str();
            let needed = if source.is_empty() { String::new() } else { format!(" (needed by: {source})") };
            if !actions.is_empty() {
                denied.push(format!("{} on {}{needed}", actions.join(", "), same[0].resource));
            }
        }
        if denied.is_empty() {
            let line = StatusLine::green(check, format!("{} calls are allowed", own.len()));
            return failed.map_or(Ok(line), Err);
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

    async fn iam(&self, form: &str) -> Result<String> {
        self.signed.post(IAM, "/", &[("content-type", "application/x-www-form-urlencoded; charset=utf-8")], form).await
    }

    /// Asks Access Analyzer about the policies of all roles, and managed policies.
    async fn policies(&self, resources: &BTreeMap<String, Value>) -> Result<StatusLine> {
        let managed = resources.iter().filter(|(_, body)| body["Type"] == "AWS::IAM::ManagedPolicy");
        let managed = managed.map(|(place, body)| (place.clone(), &body["Properties"]["PolicyDocument"]));
        let own = |(place, body)| documents(body).map(move |(name, document)| (format!("{place} {name}"), document));
        let all: Vec<(String, &Value)> = resources.iter().flat_map(own).chain(managed).collect();
        let mut problems = Vec::new();
        for (place, document) in &all {
            let body = json!({ "policyDocument": document.to_string(), "policyType": "IDENTITY_POLICY" }).to_string();
            let headers = [("content-type", "application/json")];
            let answer = self.signed.post(ACCESS_ANALYZER, "/policy/validation", &headers, &body).await?;
            let answer: Value = serde_json::from_str(&answer)?;
            let findings = answer["findings"].as_array().context("the response has no findings")?.iter();
            let errors = findings.filter(|one| one["findingType"] == "ERROR");
            problems
                .extend(errors.map(|one| format!("{place}: {}", one["findingDetails"].as_str().unwrap_or_default())));
        }
        let found = format!("{} policies are valid", all.len());
        let found = if problems.is_empty() { found } else { problems.join("; ") };
        Ok(StatusLine::of(problems.is_empty(), "policies", found, "correct the policies in the templates"))
    }

    /// Finds out whether AWS would create a role.
    async fn service_role(&self, name: &str) -> Result<StatusLine> {
        let mut form = Serializer::new(String::new());
        form.append_pair("Action", "GetRole").append_pair("Version", "2010-05-08").append_pair("RoleName", name);
        match self.iam(&form.finish()).await {
            Err(error) if error.to_string().contains("NoSuchEntity") => {
                Ok(StatusLine::green(name, "AWS creates it when the service is first used"))
            }
            answer => answer.map(|_| StatusLine::green(name, "exists")),
        }
    }

    /// Returns the value of a quota. How much of it the account uses is not known.
    async fn quota(&self, service: &str, code: &str) -> Result<f64> {
        let body = json!({ "ServiceCode": service, "QuotaCode": code }).to_string();
        let ask = async |operation: &str| {
            let target = format!("ServiceQuotasV20190624.{operation}");
            let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target.as_str())];
            self.signed.post(SERVICE_QUOTAS, "/", &headers, &body).await
        };
        let answer = match ask("GetServiceQuota").await {
            // A quota that was never changed may have only a default value.
            Err(error) if error.to_string().contains("NoSuchResource") => ask("GetAWSDefaultServiceQuota").await?,
            answer => answer?,
        };
        let answer: Value = serde_json::from_str(&answer)?;
        answer["Quota"]["Value"].as_f64().context("the response has no value")
    }
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
        lines.push(match (plan.action, parameters) {
            (StackAction::Recreate | StackAction::Wait, _) => StatusLine::not_verifiable(check, "it is busy or failed"),
            _ if !plan.adopts.is_empty() => StatusLine::not_verifiable(check, "existing resources are imported first"),
            (_, None) => StatusLine::not_verifiable(check, "needs the outputs of stacks that do not exist yet"),
            (_, Some(parameters)) => match ready.preview(plan, &parameters) {
                Ok(changes) => StatusLine::green(check, format!("{changes} changes")),
                Err(error) => StatusLine::red(check, format!("{error:#}"), "correct the template or the settings"),
            },
        });
    }
    Ok(lines)
}
