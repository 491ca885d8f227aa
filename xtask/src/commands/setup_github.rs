//! `cargo xtask setup-github`: what the repository at GitHub lacks for the workflows: rules, environments, variables, secrets.

use anyhow::{Context, Result, bail, ensure};
use contract::Exit;

use crate::cli::SetupGithub;
use crate::edge::terminal;
use crate::failure::Failure;
use crate::flows::configure;
use crate::flows::workflows::{self, github};
use crate::settings::given;
use crate::workflow::{Deployment, required_check, setup};

pub(super) fn run(args: &SetupGithub) -> Result<Exit> {
    let mut deployments = workflows::deployments()?;
    let names: Vec<String> = deployments.iter().map(|deployment| deployment.module.clone()).collect();
    deployments.retain(|deployment| args.env.as_ref().is_none_or(|env| *env == deployment.module));
    let unknown = || Failure::new("the workflows do not deploy this settings module");
    let first = names.first().filter(|_| !deployments.is_empty());
    let first = first.with_context(|| unknown().hint(format!("known modules: {}", names.join(", "))))?;
    let mut variables = configure::variables(args.dot_env.as_deref())?;
    // A `.env` file belongs to one account.
    if deployments.len() > 1 {
        let hint = format!("pass --env {first}; then run the command for the next module, with its own .env");
        ensure!(!args.run, Failure::new("--run configures one settings module at a time").hint(hint));
        variables.remove("AWS_ACCOUNT_ID");
    }
    let of = |deployment: &Deployment| configure::module(Some(&deployment.module), &variables);
    let settings = deployments.iter().map(of).collect::<Result<Vec<_>>>()?;
    let required = required_check(&deployments).context("ci.yml has no required check")?;
    let plan = || {
        let found = github::read(&deployments)?;
        anyhow::Ok(setup::plan(&deployments, first, &required, &found, given(&variables, "AWS_ACCOUNT_ID")))
    };
    let shown = plan()?;
    terminal::print(&shown.to_string())?;
    if !args.run && !shown.steps.is_empty() {
        terminal::print("To apply this, run the command with --run.\n")?;
    }
    if args.run && !shown.steps.is_empty() {
        let refused = github::apply(&shown, &variables, &mut terminal::step)?;
        // What GitHub did not keep would be shown as done otherwise.
        let left = plan()?.steps.into_iter().find(|step| refused.iter().all(|(why, _)| *why != step.why));
        if let Some(step) = left {
            bail!(Failure::new(format!("GitHub did not keep this: {}", step.why)));
        }
        for (_, note) in refused {
            terminal::print(&format!("! {note}\n"))?;
        }
    }
    for (deployment, settings) in deployments.iter().zip(&settings) {
        if let Some(command) = github::stack(settings.settings())? {
            let why = "run once as an account administrator; creates the roles that the jobs assume";
            terminal::print(&format!("# {}: {why}\n{command}", deployment.module))?;
        }
    }
    Ok(Exit::Done)
}
