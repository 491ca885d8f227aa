//! Checks of the configuration: settings, `.env`, and AWS credentials.

use super::Diagnosis;
use super::facts::{Caller, Configuration, Facts, Setting};

pub(super) fn diagnoses(facts: &Facts) -> Vec<Diagnosis> {
    let mut list = Vec::new();
    match &facts.configuration {
        Ok(configuration) => {
            list.push(Diagnosis::green("settings", &configuration.file));
            list.push(region(&configuration.region, facts.sdk_region.as_deref()));
        }
        Err(why) => {
            let first = why.lines().next().unwrap_or_default();
            list.push(Diagnosis::red("settings", first, &["cargo xtask settings   (shows every problem)"]));
        }
    }
    list.extend(facts.dot_env.map(|(mode, secret)| dot_env(mode, secret)));
    list.push(caller(&facts.caller));
    list.extend(facts.configuration.as_ref().ok().and_then(|configuration| account(configuration, &facts.caller)));
    list
}

fn region(region: &Setting, sdk: Option<&str>) -> Diagnosis {
    match sdk.filter(|sdk| *sdk != region.value) {
        None => Diagnosis::green("region", format!("{} (from {})", region.value, region.from)),
        Some(sdk) => {
            let found = format!("{}, but AWS_REGION is {sdk}", region.value);
            Diagnosis::yellow("region", found, &["unset AWS_REGION, which other tools would use"])
        }
    }
}

/// Checks whether other users can read `.env`.
fn dot_env(mode: u32, secret: bool) -> Diagnosis {
    let shown = format!("mode {:03o}", mode & 0o777);
    let fix = ["chmod 600 .env"];
    match (mode & 0o077 != 0, secret) {
        (false, _) => Diagnosis::green(".env", shown),
        (true, true) => Diagnosis::red(".env", format!("{shown}: other users can read its secrets"), &fix),
        (true, false) => Diagnosis::yellow(".env", format!("{shown}: other users can read it"), &fix),
    }
}

fn caller(caller: &Caller) -> Diagnosis {
    match caller {
        Caller::NoCredentials => Diagnosis::yellow(
            "credentials",
            "none; only deployments need them",
            &["cp .env.example .env && chmod 600 .env, and fill in the two keys", "(or: aws configure)"],
        ),
        Caller::Known { arn, .. } => Diagnosis::green("credentials", arn),
        Caller::Refused(why) => {
            Diagnosis::red("credentials", why, &["create new keys, or remove these from the environment and .env"])
        }
        Caller::NoResponse(why) => {
            let fix = ["check the network, the proxy and AWS_ENDPOINT_URL"];
            Diagnosis::yellow("credentials", format!("found, but {why}"), &fix)
        }
    }
}

fn account(configuration: &Configuration, caller: &Caller) -> Option<Diagnosis> {
    let Caller::Known { account, .. } = caller else { return None };
    Some(match &configuration.account {
        Some(allowed) if *account != allowed.value => Diagnosis::red(
            "account",
            format!("{account} is not {} (from {})", allowed.value, allowed.from),
            &["use credentials of the allowed account, or fix AWS_ACCOUNT_ID", "(until then, nothing is deployed)"],
        ),
        Some(allowed) => Diagnosis::green("account", format!("{} (from {})", allowed.value, allowed.from)),
        None => Diagnosis::yellow(
            "account",
            format!("{account}; the settings allow any account"),
            &["set AWS_ACCOUNT_ID in .env to reject every other account"],
        ),
    })
}
