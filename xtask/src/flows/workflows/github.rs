//! Configures the repository on GitHub with the GitHub CLI (`gh`).

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::edge::{files, shell};
use crate::failure::Failure;
use crate::flows::templates;
use crate::settings::{Method, Settings, Variables, given};
use crate::workflow::setup::{Environment, Found, Plan, REPOSITORY, Step, Write};
use crate::workflow::{Access, Deployment, KEYS};

/// The folder with the stack that defines the IAM roles for GitHub's jobs.
pub const STACK: &str = "infra/github";
/// GitHub's answer if the plan of the account has no rulesets for private repositories.
const NO_RULESETS: &str = "make this repository public to enable this feature";

/// Reads the configuration of the repository, as far as the deployments use it.
pub fn read(deployments: &[Deployment]) -> Result<Found> {
    let gh = shell::attempt("gh", &["--version"], "");
    let hint = "install it from https://cli.github.com and run `gh auth login`";
    ensure!(matches!(gh, Ok(Ok(_))), Failure::new("`gh` is not installed").hint(hint));
    let hint = "run this in a clone of the repository, after `gh auth login` with an account that administers it";
    let none = || Failure::new("the repository does not exist at GitHub, or your account cannot read it").hint(hint);
    let repository = get(REPOSITORY)?.with_context(none)?;
    let name = repository["full_name"].as_str().unwrap_or_default().to_owned();
    let failure = || Failure::new(format!("you do not administer `{name}`")).hint(hint);
    ensure!(repository["permissions"]["admin"] == true, failure());
    let user = get("user")?.and_then(|user| user["id"].as_u64()).context("GitHub did not return a user ID")?;
    let token = get(&format!("{REPOSITORY}/actions/permissions/workflow"))?.unwrap_or_default();
    let places = ["CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS"];
    let texts = places.iter().map(|path| files::read(&files::root().join(path))).collect::<Result<Vec<_>>>()?;
    let code_owners = texts.iter().any(Option::is_some);
    let keys = |path: &str| -> Result<Vec<String>> {
        let has = |name: &&str| get(&format!("{path}/{name}")).map(|found| found.is_some());
        let names = KEYS.iter().map(|name| Ok(has(name)?.then(|| (*name).to_owned())));
        Ok(names.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    };
    let mut found = Found { repository, user, rulesets: rulesets()?, token, code_owners, ..Found::default() };
    if deployments.iter().any(|deployment| deployment.settings.auth.method == Method::Keys) {
        let of_repository = keys(&format!("{REPOSITORY}/actions/secrets"))?;
        found.secrets.extend(of_repository.into_iter().map(|name| (String::new(), name)));
    }
    for deployment in deployments {
        let variable = deployment.account_variable();
        let value = get(&format!("{REPOSITORY}/actions/variables/{variable}"))?;
        found.variables.extend(value.and_then(|value| Some((variable, value["value"].as_str()?.to_owned()))));
        for environment in Access::ALL.map(|access| deployment.environment_of(access)) {
            let path = format!("{REPOSITORY}/environments/{environment}");
            let Some(value) = get(&path)? else { continue };
            let branches = get(&format!("{path}/deployment-branch-policies?per_page=100"))?.unwrap_or_default();
            let branches = branches["branch_policies"].as_array().into_iter().flatten();
            let branches = branches.filter_map(|branch| branch["name"].as_str().map(str::to_owned)).collect();
            if deployment.settings.auth.method == Method::Keys {
                found
                    .secrets
                    .extend(keys(&format!("{path}/secrets"))?.into_iter().map(|name| (environment.clone(), name)));
            }
            found.environments.insert(environment, Environment { value, branches });
        }
    }
    Ok(found)
}

/// Returns the repository's own rulesets with their rules.
fn rulesets() -> Result<Option<Vec<Value>>> {
    let path = format!("{REPOSITORY}/rulesets");
    let list = match shell::attempt("gh", &["api", &format!("{path}?includes_parents=false&per_page=100")], "")? {
        Err(message) if message.contains(NO_RULESETS) => return Ok(None),
        list => value(&path, list)?,
    };
    let ids = list.as_array().into_iter().flatten().map(|ruleset| get(&format!("{path}/{}", ruleset["id"])));
    Ok(Some(ids.filter_map(Result::transpose).collect::<Result<_>>()?))
}

/// Returns what the API has at a path, if there is something.
fn get(path: &str) -> Result<Option<Value>> {
    match shell::attempt("gh", &["api", path], "")? {
        Err(message) if message.contains("HTTP 404") => Ok(None),
        found => value(path, found).map(Some),
    }
}

fn value(path: &str, found: Result<String, String>) -> Result<Value> {
    let text =
        found.map_err(|message| Failure::new(format!("cannot read `{path}` from GitHub: {}", message.trim())))?;
    serde_json::from_str(&text).with_context(|| format!("`gh api {path}` did not return JSON"))
}

/// Writes what the plan lacks, in its order, and returns what GitHub refused, with its meaning. All values are read first.
pub fn apply(plan: &Plan, variables: &Variables, step: &mut dyn FnMut(&str)) -> Result<Vec<(String, String)>> {
    let values = plan.steps.iter().map(|step| secret(step, variables)).collect::<Result<Vec<_>>>()?;
    let mut refused = Vec::new();
    for (one, value) in plan.steps.iter().zip(values) {
        step(&one.why);
        let failure = |message: &str| {
            let failure = Failure::new(format!("GitHub refuses this: {}: {}", one.why, message.trim()));
            failure.hint("the steps before it are done; correct the cause, and run this again for the others")
        };
        match (write(&one.write, &value)?, &one.otherwise) {
            (Ok(_), _) => {}
            (Err(message), Some(otherwise)) if message.contains(otherwise.sign) => {
                if let Some(instead) = &otherwise.write {
                    write(instead, &value)?.map_err(|message| failure(&message))?;
                }
                refused.push((one.why.clone(), otherwise.note.clone()));
            }
            (Err(message), _) => return Err(failure(&message).into()),
        }
    }
    Ok(refused)
}

fn write(write: &Write, value: &str) -> Result<Result<String, String>> {
    let api = |method: &str, path: &str, body: &Value| {
        shell::attempt("gh", &["api", "--method", method, path, "--input", "-"], &body.to_string())
    };
    match write {
        Write::Api(method, path, body) => api(method, path, body),
        Write::Secret { environment, name } => {
            shell::attempt("gh", &["secret", "set", name, "--env", environment], value)
        }
        Write::Variable { name, exists, .. } => {
            let path = format!("{REPOSITORY}/actions/variables");
            let (method, path) = if *exists { ("PATCH", format!("{path}/{name}")) } else { ("POST", path) };
            api(method, &path, &json!({ "name": name, "value": value }))
        }
    }
}

/// Returns the value for a secret or a variable.
fn secret(step: &Step, variables: &Variables) -> Result<String> {
    let name = match &step.write {
        Write::Api(..) => return Ok(String::new()),
        Write::Secret { name, .. } => name,
        Write::Variable { from, .. } => from,
    };
    given(variables, name).map(str::to_owned).ok_or_else(|| {
        Failure::new(format!("`{name}` is not set; required for: {}", step.why)).hint("set it in .env").into()
    })
}

/// Returns the command that creates the stack for GitHub's jobs; `None` if the deployment uses access keys. An
/// administrator runs it once, because none of the roles in the stack is allowed to create it.
pub fn stack(settings: &Settings) -> Result<Option<String>> {
    if settings.auth.method == Method::Keys {
        return Ok(None);
    }
    let (_, wiring) = templates::read(Some(&files::root().join(Path::new(STACK))), settings)?;
    let sources = wiring.stacks.get("ci").context("the template `ci` is missing")?;
    let values = sources.iter().map(|(name, source)| format!(" \\\n    {name}={source}"));
    Ok(Some(format!(
        "aws cloudformation deploy --region {} --stack-name {}-ci --template-file {STACK}/ci.yaml \\\n  \
         --capabilities CAPABILITY_NAMED_IAM --tags project={} --parameter-overrides{}\n",
        settings.region,
        settings.stack_prefix,
        settings.project,
        values.collect::<String>()
    )))
}
