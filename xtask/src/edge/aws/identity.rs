//! The credentials that sign requests (keys, a profile, or the SDK's default chain), and STS's identity for them.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_sts::Client;
use aws_sdk_sts::config::{Credentials, ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_sts::error::ProvideErrorMetadata;
use connect::aws::Identity;

use crate::doctor::Caller;
use crate::failure::{Failure, chain};
use crate::settings::{Origin, Variables, given};

const ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
const TOKEN: &str = "AWS_SESSION_TOKEN";

/// Selects credentials from the variables. The environment overrides `.env`; within one source, keys override a
/// profile, as in the SDK. With `confined`, for calls that must stay on this machine, profiles are ignored, because
/// they can belong to a real account. Fails if only one of the keys is set, or if they come from different sources.
pub(super) fn identity(variables: &Variables, confined: bool) -> Result<Identity, Failure> {
    let found = |name: &str| {
        let value = given(variables, name)?;
        Some((value.to_owned(), variables[name].origin == Origin::Environment))
    };
    let profile = found("AWS_PROFILE").filter(|_| !confined);
    let half = |one: &str, other: &str| Failure::new(format!("{one} is set, but {other} is not")).hint("set both");
    match (found(ID), found(SECRET), profile) {
        (Some((_, false)), Some((_, false)), Some((profile, true))) => Ok(Identity::Profile(profile)),
        (Some((id, place)), Some((secret, other)), _) if place == other => {
            let token = found(TOKEN).filter(|(_, other)| *other == place).map(|(token, _)| token);
            Ok(Identity::Keys(Credentials::new(id, secret, token, None, "environment or .env")))
        }
        (Some(_), Some(_), _) => {
            let (id, secret) = (&variables[ID].origin, &variables[SECRET].origin);
            let failure = Failure::new(format!("{ID} is set in {id}, but {SECRET} is set in {secret}"));
            Err(failure.hint("set both in the same place"))
        }
        (Some(_), None, _) => Err(half(ID, SECRET)),
        (None, Some(_), _) => Err(half(SECRET, ID)),
        (None, None, Some((profile, _))) => Ok(Identity::Profile(profile)),
        (None, None, None) => Ok(Identity::Default),
    }
}

/// Returns the account and ARN of the credentials. The time limit includes loading them: a profile's
/// `credential_process` and the IAM Identity Center portal can take seconds.
pub async fn caller(config: &SdkConfig, limit: Duration) -> Caller {
    let late = || Caller::NoResponse(format!("no response within {} seconds", limit.as_secs()));
    tokio::time::timeout(limit, identify(config)).await.unwrap_or_else(|_| late())
}

async fn identify(config: &SdkConfig) -> Caller {
    // Load the credentials separately, because missing and rejected credentials are reported differently.
    let Some(provider) = config.credentials_provider() else { return Caller::NoCredentials };
    let credentials = match provider.provide_credentials().await {
        Ok(credentials) => credentials,
        Err(error) => {
            // The error type is in a crate that is not a direct dependency, so match on its text. The instance role
            // (IMDS) is the last source: if it fails, no credentials were found.
            let cause = chain(&error);
            let none = ["not enabled", "no providers in chain", "IMDS"].iter().any(|sign| cause.contains(sign));
            return if none { Caller::NoCredentials } else { Caller::Refused(cause) };
        }
    };
    let config = config.to_builder().credentials_provider(SharedCredentialsProvider::new(credentials)).build();
    match Client::new(&config).get_caller_identity().send().await {
        Ok(known) => Caller::Known { account: known.account.unwrap_or_default(), arn: known.arn.unwrap_or_default() },
        Err(error) => match error.as_service_error() {
            Some(refusal) => Caller::Refused(format!("STS returned {}", refusal.code().unwrap_or("an error"))),
            None => Caller::NoResponse(format!("cannot reach STS: {}", chain(&error))),
        },
    }
}

#[cfg(test)]
#[path = "../../../tests/unit/edge/aws/identity.rs"]
mod tests;
