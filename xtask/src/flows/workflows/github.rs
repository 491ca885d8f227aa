//! Configures the repository on GitHub with the GitHub CLI (`gh`).

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::edge::{files, shell};
use crate::failure::Failure;
use crate::flows::templates;
use crate::settings::{Method, Settings, Variables, given};
use crate::workflow::{Call, Input, REVIEWER};

/// The folder with the stack that defines the IAM roles for GitHub's jobs.
pub const STACK: &str = "infra/github";

/// Runs the calls sequentially; all inputs are read before the first call.
pub fn configure(calls: &[Call], variables: &Variables, step: &mut dyn FnMut(&str)) -> Result<()> {
    shell::read("gh", &["--version"], "").map_err(|_| {
        Failure::new("`gh` is not installed")
            .hint("install it from https://cli.github.com and run `gh auth login`, or omit --run")
    })?;
    let inputs = calls.iter().map(|call| input(call, variables)).collect::<Result<Vec<_>>>()?;
    for (call, input) in calls.iter().zip(inputs) {
        if let Some((arguments, text)) = &call.unless
            && shell::read("gh", arguments, "")?.lines().any(|line| line == *text)
        {
            continue;
        }
        step(&call.why);
        shell::read("gh", &call.arguments, &input)?;
    }
    Ok(())
}

fn input(call: &Call, variables: &Variables) -> Result<String> {
    match &call.input {
        Input::Nothing => Ok(String::new()),
        Input::Variable(name) => given(variables, name).map(str::to_owned).ok_or_else(|| {
            Failure::new(format!("`{name}` is not set; required for: {}", call.why)).hint("set it in .env").into()
        }),
        Input::Json(body) => {
            let mut body = body.clone();
            if let Some(id) = body.pointer_mut("/reviewers/0/id").filter(|id| **id == REVIEWER) {
                let own = shell::read("gh", &["api", "user", "--jq", ".id"], "")?;
                *id = Value::from(own.trim().parse::<u64>().context("`gh api user` did not return a numeric user ID")?);
            }
            Ok(body.to_string())
        }
    }
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
