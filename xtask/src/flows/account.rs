//! Checks that credentials and settings belong to the same AWS account, before anything is written.

use std::time::Duration;

use anyhow::{Result, bail};
use contract::Exit;

use crate::doctor::Caller;
use crate::edge::aws::{self, Aws};
use crate::failure::Failure;
use crate::settings::Settings;

/// Time limit for the sts:GetCallerIdentity call.
const LIMIT: Duration = Duration::from_secs(60);

/// Checks the caller's account if settings or AWS_ACCOUNT_ID specify one. Every command that writes calls this first.
pub fn check(settings: &Settings, aws: &Aws) -> Result<()> {
    if settings.account.is_none() { Ok(()) } else { own(settings, aws).map(drop) }
}

/// Returns the caller's account. Fails if the settings specify a different one.
pub fn own(settings: &Settings, aws: &Aws) -> Result<String> {
    let account = caller(aws)?;
    if let Some(expected) = settings.account.as_deref().filter(|expected| *expected != account) {
        let failure = Failure::new(format!(
            "the credentials are for account {account}, but the settings require account {expected}"
        ));
        bail!(failure.hint("use that account's credentials, or change AWS_ACCOUNT_ID or the `account` setting"));
    }
    Ok(account)
}

/// Returns a deployment's account: the one in the settings, or else the caller's.
pub fn of(settings: &Settings, aws: &Aws) -> Result<String> {
    settings.account.clone().map_or_else(|| caller(aws), Ok)
}

fn caller(aws: &Aws) -> Result<String> {
    let failure = match aws.wait(aws::caller(&aws.config, LIMIT)) {
        Caller::Known { account, .. } => return Ok(account),
        Caller::NoCredentials => Failure::new("no AWS credentials found")
            .hint("set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, in the environment or in .env"),
        Caller::Refused(why) => Failure::new(format!("AWS rejected the credentials: {why}"))
            .hint("create new access keys, or use different credentials"),
        Caller::NoResponse(why) => {
            Failure::new(format!("cannot determine the AWS account (sts:GetCallerIdentity): {why}"))
                .exit(Exit::TempFail)
                .hint("check the network, then run the same command again")
        }
    };
    bail!(failure)
}
