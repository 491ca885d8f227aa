//! Who we are in AWS, asked of STS.

use std::error::Error;
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_sdk_sts::config::{
    Config, Credentials, ProvideCredentials, Region, SharedCredentialsProvider, SharedHttpClient,
};
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::{Builder, tls};

use crate::doctor::Caller;
use crate::settings::{Variables, given};

/// For everything: whoever looks at a terminal has no more.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks STS who the credentials belong to: those of the environment or `.env`, else of a profile, else of a workflow.
/// An EC2 machine's own role is not looked for: elsewhere its address only costs time.
pub fn caller(variables: &Variables, region: &str) -> Caller {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Caller::Unanswered(error.to_string()),
    };
    let late = || Caller::Unanswered(format!("no answer in {} seconds", PATIENCE.as_secs()));
    runtime.block_on(async { tokio::time::timeout(PATIENCE, ask(variables, region)).await }).unwrap_or_else(|_| late())
}

async fn ask(variables: &Variables, region: &str) -> Caller {
    let ring = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    let http = Builder::new().tls_provider(ring).build_https();
    let region = Region::new(region.to_owned());
    let credentials = match credentials(variables, &http, &region).await {
        Ok(credentials) => credentials,
        Err(caller) => return caller,
    };
    let endpoint = given(variables, "AWS_ENDPOINT_URL_STS").or_else(|| given(variables, "AWS_ENDPOINT_URL"));
    let mut config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region)
        .http_client(http)
        .retry_config(RetryConfig::disabled())
        .credentials_provider(SharedCredentialsProvider::new(credentials));
    config.set_endpoint_url(endpoint.map(str::to_owned));
    match aws_sdk_sts::Client::from_conf(config.build()).get_caller_identity().send().await {
        Ok(known) => Caller::Known { account: known.account.unwrap_or_default(), arn: known.arn.unwrap_or_default() },
        Err(SdkError::ServiceError(refusal)) => {
            let error = refusal.err();
            Caller::Refused(format!("STS says {}", error.code().unwrap_or("that they are refused")))
        }
        Err(error) => Caller::Unanswered(format!("STS could not be asked: {}", last_cause(&error))),
    }
}

async fn credentials(variables: &Variables, http: &SharedHttpClient, region: &Region) -> Result<Credentials, Caller> {
    let key = given(variables, "AWS_ACCESS_KEY_ID");
    let secret = given(variables, "AWS_SECRET_ACCESS_KEY");
    match (key, secret) {
        (Some(key), Some(secret)) => {
            let token = given(variables, "AWS_SESSION_TOKEN").map(str::to_owned);
            return Ok(Credentials::new(key, secret, token, None, "environment or .env"));
        }
        (Some(_), None) => return Err(Caller::Refused("AWS_ACCESS_KEY_ID without AWS_SECRET_ACCESS_KEY".to_owned())),
        (None, Some(_)) => return Err(Caller::Refused("AWS_SECRET_ACCESS_KEY without AWS_ACCESS_KEY_ID".to_owned())),
        (None, None) => {}
    }
    let config = ProviderConfig::without_region().with_region(Some(region.clone())).with_http_client(http.clone());
    let profile = ProfileFileCredentialsProvider::builder().configure(&config).build();
    let workflow = WebIdentityTokenCredentialsProvider::builder().configure(&config).build();
    let chain = CredentialsProviderChain::first_try("profile", profile).or_else("workflow", workflow);
    chain.provide_credentials().await.map_err(|error| {
        // The kind's own type is in a crate that is nobody's direct dependency; its words say which it is.
        let none = error.to_string().contains("not enabled") || last_cause(&error).contains("no providers in chain");
        if none { Caller::Nobody } else { Caller::Refused(last_cause(&error)) }
    })
}

fn last_cause(error: &dyn Error) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}
