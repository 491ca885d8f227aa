//! Tells GitHub what it has to know, by its own command line.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::edge::{files, shell};
use crate::failure::Failure;
use crate::flows::templates;
use crate::settings::{Settings, Variables, given};
use crate::stack::Source;
use crate::workflow::{Call, Deployment, Input, Login, REVIEWER};

/// Where the stack lies that lets GitHub's jobs in without keys.
pub const STACK: &str = "infra/github";

/// Runs the calls, one after the other; all that they are told is looked up before the first.
///
/// # Errors
/// When `gh` is missing, a variable is not set, or a call is refused.
pub fn tell(calls: &[Call], variables: &Variables, step: &mut dyn FnMut(&str)) -> Result<()> {
    shell::gh(&["--version"], "").map_err(|_| {
        Failure::new("`gh` is not installed").hint("https://cli.github.com, then `gh auth login`; or run without --run")
    })?;
    let inputs = calls.iter().map(|call| input(call, variables)).collect::<Result<Vec<_>>>()?;
    for (call, input) in calls.iter().zip(inputs) {
        if let Some((words, text)) = &call.unless
            && shell::gh(words, "")?.lines().any(|line| line == *text)
        {
            continue;
        }
        step(&call.why);
        shell::gh(&call.words, &input)?;
    }
    Ok(())
}

fn input(call: &Call, variables: &Variables) -> Result<String> {
    match &call.input {
        Input::Nothing => Ok(String::new()),
        Input::Variable(name) => given(variables, name).map(str::to_owned).ok_or_else(|| {
            Failure::new(format!("`{name}` is not set, and is needed for {}", call.why))
                .hint("write it into .env")
                .into()
        }),
        Input::Json(body) => {
            let mut body = body.clone();
            if let Some(id) = body.pointer_mut("/reviewers/0/id").filter(|id| **id == REVIEWER) {
                let own = shell::gh(&["api", "user", "--jq", ".id"], "")?;
                *id = Value::from(own.trim().parse::<u64>().context("`gh api user` gave no number")?);
            }
            Ok(body.to_string())
        }
    }
}

/// The command that makes the stack for GitHub's jobs; nothing where keys are the way in. An administrator runs it, once:
/// whatever makes the roles must not be one of them.
///
/// # Errors
/// With every problem of the template and its wires.
pub fn stack(deployment: &Deployment, settings: &Settings) -> Result<Option<String>> {
    if deployment.login == Login::Keys {
        return Ok(None);
    }
    let (_, wiring) = templates::read(Some(&files::root().join(Path::new(STACK))), settings)?;
    let sources = wiring.stacks.get("ci").context("there is no template `ci`")?;
    let values = sources.iter().map(|(name, source)| match source {
        Source::Setting(value) => format!(" \\\n    {name}={value}"),
        other => format!(" \\\n    {name}={other}"),
    });
    Ok(Some(format!(
        "aws cloudformation deploy --region {} --stack-name {}-ci --template-file {STACK}/ci.yaml \\\n  \
         --capabilities CAPABILITY_NAMED_IAM --tags project={} --parameter-overrides{}\n",
        settings.region,
        settings.stack_prefix,
        settings.project,
        values.collect::<String>()
    )))
}
