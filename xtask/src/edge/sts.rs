//! The identity of the caller, from STS.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_sts::Client;
use aws_sdk_sts::config::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_sts::error::ProvideErrorMetadata;

use crate::doctor::Caller;
use crate::failure::chain;

/// The account and ARN of the credentials. The time limit includes loading them: a profile's `credential_process` and the
/// portal of IAM Identity Center can take seconds.
pub async fn caller(config: &SdkConfig, limit: Duration) -> Caller {
    let late = || Caller::NoResponse(format!("no response within {} seconds", limit.as_secs()));
    tokio::time::timeout(limit, identify(config)).await.unwrap_or_else(|_| late())
}

async fn identify(config: &SdkConfig) -> Caller {
    // A separate step, because missing credentials are reported differently from refused ones.
    let Some(provider) = config.credentials_provider() else { return Caller::NoCredentials };
    let credentials = match provider.provide_credentials().await {
        Ok(credentials) => credentials,
        Err(error) => {
            // The type of the kind is in a crate that is no direct dependency, so its text decides. The instance's role (IMDS)
            // is tried last: where that fails, there were no other credentials.
            let cause = chain(&error);
            let none = ["not enabled", "no providers in chain", "IMDS"].iter().any(|sign| cause.contains(sign));
            return if none { Caller::NoCredentials } else { Caller::Refused(cause) };
        }
    };
    let config = config.to_builder().retry_config(RetryConfig::disabled());
    let config = config.credentials_provider(SharedCredentialsProvider::new(credentials)).build();
    match Client::new(&config).get_caller_identity().send().await {
        Ok(known) => Caller::Known { account: known.account.unwrap_or_default(), arn: known.arn.unwrap_or_default() },
        Err(error) => match error.as_service_error() {
            Some(refusal) => Caller::Refused(format!("STS returned {}", refusal.code().unwrap_or("an error"))),
            None => Caller::NoResponse(format!("cannot reach STS: {}", chain(&error))),
        },
    }
}
