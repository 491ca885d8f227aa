//! Who we are in AWS, asked of STS.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_sts::Client;
use aws_sdk_sts::config::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_sts::error::ProvideErrorMetadata;

use crate::doctor::Caller;
use crate::failure::chain;

/// Asks STS who the credentials belong to, within a time for everything: the program of a profile's `credential_process`
/// and the portal of IAM Identity Center take seconds by themselves.
pub async fn caller(config: &SdkConfig, limit: Duration) -> Caller {
    let late = || Caller::NoResponse(format!("no answer in {} seconds", limit.as_secs()));
    tokio::time::timeout(limit, ask(config)).await.unwrap_or_else(|_| late())
}

async fn ask(config: &SdkConfig) -> Caller {
    // Alone first: no credentials are another thing than refused ones.
    let Some(provider) = config.credentials_provider() else { return Caller::NoCredentials };
    let credentials = match provider.provide_credentials().await {
        Ok(credentials) => credentials,
        Err(error) => {
            // The kind's own type is in a crate that is nobody's direct dependency; its words say which it is. The machine's
            // own role (IMDS) is looked for last, so that where it is refused there was nothing else.
            let words = chain(&error);
            let none = ["not enabled", "no providers in chain", "IMDS"].iter().any(|sign| words.contains(sign));
            return if none { Caller::NoCredentials } else { Caller::Refused(words) };
        }
    };
    let config = config.to_builder().retry_config(RetryConfig::disabled());
    let config = config.credentials_provider(SharedCredentialsProvider::new(credentials)).build();
    match Client::new(&config).get_caller_identity().send().await {
        Ok(known) => Caller::Known { account: known.account.unwrap_or_default(), arn: known.arn.unwrap_or_default() },
        Err(error) => match error.as_service_error() {
            Some(refusal) => Caller::Refused(format!("STS says {}", refusal.code().unwrap_or("that they are refused"))),
            None => Caller::NoResponse(format!("STS could not be asked: {}", chain(&error))),
        },
    }
}
