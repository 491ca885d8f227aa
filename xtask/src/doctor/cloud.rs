//! Verdicts on what is configured: settings, `.env`, and the way into AWS.

use super::Verdict;
use super::facts::{Caller, Configuration, Facts, Setting};

pub(super) fn verdicts(facts: &Facts) -> Vec<Verdict> {
    let mut list = Vec::new();
    match &facts.configuration {
        Ok(configuration) => {
            list.push(Verdict::green("settings", configuration.file.clone()));
            list.push(region(&configuration.region, facts.sdk_region.as_deref()));
        }
        Err(why) => {
            let first = why.lines().next().unwrap_or_default();
            list.push(Verdict::red("settings", first, &["cargo xtask settings   (tells every problem)"]));
        }
    }
    list.extend(facts.dot_env.map(|(mode, secret)| dot_env(mode, secret)));
    list.push(caller(&facts.caller));
    list.extend(facts.configuration.as_ref().ok().and_then(|configuration| account(configuration, &facts.caller)));
    list
}

fn region(region: &Setting, sdk: Option<&str>) -> Verdict {
    let found = format!("{} (from {})", region.value, region.from);
    match sdk.filter(|sdk| *sdk != region.value) {
        None => Verdict::green("region", found),
        Some(sdk) => Verdict::yellow(
            "region",
            format!("{}, but AWS_REGION is {sdk}", region.value),
            &["unset AWS_REGION: other tools would look there"],
        ),
    }
}

/// Who else may read what is in `.env`.
fn dot_env(mode: u32, secret: bool) -> Verdict {
    let shown = format!("mode {:03o}", mode & 0o777);
    let fix = ["chmod 600 .env"];
    match (mode & 0o077 != 0, secret) {
        (false, _) => Verdict::green(".env", shown),
        (true, true) => Verdict::red(".env", format!("{shown}: others may read the secret key in it"), &fix),
        (true, false) => Verdict::yellow(".env", format!("{shown}: others may read it"), &fix),
    }
}

fn caller(caller: &Caller) -> Verdict {
    match caller {
        Caller::Nobody => Verdict::yellow(
            "credentials",
            "none; needed only for a deployment",
            &["cp .env.example .env && chmod 600 .env, and fill in the two keys", "(or: aws configure)"],
        ),
        Caller::Known { arn, .. } => Verdict::green("credentials", arn.clone()),
        Caller::Refused(why) => {
            Verdict::red("credentials", why.clone(), &["make new keys, or remove these from environment and .env"])
        }
        Caller::Unanswered(why) => Verdict::yellow(
            "credentials",
            format!("there, but {why}"),
            &["look at the network, the proxy, AWS_ENDPOINT_URL"],
        ),
    }
}

/// Whether the caller's account is the only one that may be written to.
fn account(configuration: &Configuration, caller: &Caller) -> Option<Verdict> {
    let wanted = configuration.account.as_ref();
    match (wanted, caller) {
        (Some(wanted), Caller::Known { account, .. }) if *account != wanted.value => Some(Verdict::red(
            "account",
            format!("{account} is not {} (from {})", wanted.value, wanted.from),
            &[
                "take that account's credentials, or correct AWS_ACCOUNT_ID;",
                "as it is, every command that writes refuses",
            ],
        )),
        (Some(wanted), Caller::Known { .. }) => {
            Some(Verdict::green("account", format!("{} (from {})", wanted.value, wanted.from)))
        }
        (None, Caller::Known { account, .. }) => Some(Verdict::yellow(
            "account",
            format!("{account}; no setting says that it is the right one"),
            &["write AWS_ACCOUNT_ID into .env: then every other account is refused"],
        )),
        _ => None,
    }
}
