//! `cargo xtask setup-github`: what GitHub has to know before a push reaches AWS.

use anyhow::Result;
use contract::Exit;

use crate::cli::SetupGithub;
use crate::edge::terminal;
use crate::failure::Failure;
use crate::flows::configure;
use crate::flows::workflows::{self, github};
use crate::workflow::{Deployment, MODULES, calls, shown};

pub(super) fn run(args: &SetupGithub) -> Result<Exit> {
    let mut deployments = workflows::deployments()?;
    deployments.retain(|deployment| args.env.as_ref().is_none_or(|env| *env == deployment.module));
    if deployments.is_empty() {
        let failure = Failure::new("the workflows deploy no such module");
        return Err(failure.hint(format!("there are {}", MODULES.join(", "))).into());
    }
    let first = MODULES[0];
    let mut variables = configure::variables(args.dot_env.as_deref())?;
    // One `.env` has one account and one pair of keys.
    let is_one = deployments.len() == 1;
    if !is_one {
        variables.remove("AWS_ACCOUNT_ID");
    }
    let of = |deployment: &Deployment| configure::module(Some(&deployment.module), &variables);
    let settings = deployments.iter().map(of).collect::<Result<Vec<_>>>()?;
    if args.run {
        if !is_one {
            let failure = Failure::new("say which deployment these keys and this account are of");
            return Err(failure.hint(format!("add --env {first}; then the next, with its own .env")).into());
        }
        github::tell(&calls(&deployments, first), &variables, &mut terminal::step)?;
    } else {
        terminal::say(&shown(&calls(&deployments, first)))?;
    }
    for (deployment, settings) in deployments.iter().zip(&settings) {
        if let Some(command) = github::stack(deployment, settings.settings())? {
            let why = "once, as an administrator of its account; it makes the roles that the jobs become";
            terminal::say(&format!("# {}: {why}\n{command}", deployment.module))?;
        }
    }
    Ok(Exit::Done)
}
