//! `cargo xtask setup-github`: the GitHub secrets, variables and environments that the deployment workflows need.

use anyhow::{Result, ensure};
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
    let unknown = || Failure::new("the workflows do not deploy this settings module");
    ensure!(!deployments.is_empty(), unknown().hint(format!("known modules: {}", MODULES.join(", "))));
    let first = MODULES[0];
    let mut variables = configure::variables(args.dot_env.as_deref())?;
    // A `.env` file belongs to one account.
    if deployments.len() > 1 {
        let hint = format!("pass --env {first}; then run the command for the next module, with its own .env");
        ensure!(!args.run, Failure::new("--run configures one settings module at a time").hint(hint));
        variables.remove("AWS_ACCOUNT_ID");
    }
    let of = |deployment: &Deployment| configure::module(Some(&deployment.module), &variables);
    let settings = deployments.iter().map(of).collect::<Result<Vec<_>>>()?;
    if args.run {
        github::configure(&calls(&deployments, first), &variables, &mut terminal::step)?;
    } else {
        terminal::print(&shown(&calls(&deployments, first)))?;
    }
    for (deployment, settings) in deployments.iter().zip(&settings) {
        if let Some(command) = github::stack(settings.settings())? {
            let why = "run once as an account administrator; creates the roles that the jobs assume";
            terminal::print(&format!("# {}: {why}\n{command}", deployment.module))?;
        }
    }
    Ok(Exit::Done)
}
