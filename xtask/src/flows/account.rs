//! Nothing is written to another account than the settings'.

use std::time::Duration;

use anyhow::{Result, bail};
use contract::Exit;

use crate::doctor::Caller;
use crate::edge::aws::Aws;
use crate::edge::sts;
use crate::failure::Failure;
use crate::settings::Settings;

/// For the caller's identity.
const LIMIT: Duration = Duration::from_secs(60);

/// Asks AWS whose the credentials are, where the settings (or AWS_ACCOUNT_ID) name the only account to write to. Every
/// command that writes calls this first.
///
/// # Errors
/// When it is another account, or nobody can tell.
pub fn check(settings: &Settings, aws: &Aws) -> Result<()> {
    if settings.account.is_none() { Ok(()) } else { own(settings, aws).map(drop) }
}

fn is_wanted(settings: &Settings, account: &str) -> Result<()> {
    let Some(wanted) = settings.account.as_deref().filter(|wanted| *wanted != account) else { return Ok(()) };
    let failure = Failure::new(format!("the credentials are of account {account}, the settings of {wanted}"));
    bail!(failure.hint("take the other account's credentials, or change AWS_ACCOUNT_ID or `account`"))
}

/// The caller's account, which is also the settings' where they name one.
///
/// # Errors
/// When it is another one, or nobody can tell.
pub fn own(settings: &Settings, aws: &Aws) -> Result<String> {
    let account = callers(aws)?;
    is_wanted(settings, &account)?;
    Ok(account)
}

/// The account of a deployment: the settings', else the caller's.
///
/// # Errors
/// When nobody can tell.
pub fn of(settings: &Settings, aws: &Aws) -> Result<String> {
    settings.account.clone().map_or_else(|| callers(aws), Ok)
}

/// Whose the credentials are.
fn callers(aws: &Aws) -> Result<String> {
    let failure = match aws.wait(sts::caller(&aws.config, LIMIT)) {
        Caller::Known { account, .. } => return Ok(account),
        Caller::NoCredentials => Failure::new("there are no credentials of AWS")
            .hint("set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, in the environment or in .env"),
        Caller::Refused(why) => {
            Failure::new(format!("the credentials are refused: {why}")).hint("make new keys, or take others")
        }
        Caller::Unanswered(why) => Failure::new(format!("nobody can tell whose the credentials are: {why}"))
            .exit(Exit::TempFail)
            .hint("check the network, then run the same command again"),
    };
    bail!(failure)
}
