//! S3 through object_store, with the SDK's region, credentials and endpoint, and the proxy, certificates and time limits
//! of the SDK's clients.

mod limits;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use object_store::aws::{AmazonS3Builder, AwsCredential, AwsCredentialProvider};
use object_store::{Certificate, ClientOptions, CredentialProvider, Error};
use tokio::sync::Mutex;

use self::limits::{LONG, Limits};
use crate::aws::{ATTEMPT, CONNECT, domain, endpoint};
use crate::certificates;
use crate::failure::Failure;

/// Credentials that expire within this time are replaced, so that they do not expire while a request is signed and sent.
const MARGIN: Duration = Duration::from_secs(60);

/// Returns a builder with the SDK's region, credentials and endpoint, and these options of its requests, but without the
/// bucket name.
/// Fails if no region is set, or the certificates in AWS_CA_BUNDLE cannot be used.
pub fn builder(aws: &SdkConfig, options: ClientOptions) -> Result<AmazonS3Builder, Failure> {
    let limit = aws.timeout_config().and_then(TimeoutConfig::operation_attempt_timeout).unwrap_or(ATTEMPT);
    let mut options = options.with_connect_timeout(CONNECT).with_timeout(limit);
    if let Some(bundle) = certificates::bundle()? {
        let unusable = |error| Failure::new("cannot use the certificates in AWS_CA_BUNDLE").because(error);
        let trusted = Certificate::from_pem_bundle(&bundle).map_err(unusable)?;
        options = trusted.into_iter().fold(options, ClientOptions::with_root_certificate);
        options = options.with_no_system_certificates(true);
    }
    let url = match (endpoint(aws, "S3"), aws.region()) {
        (Some(endpoint), _) => endpoint,
        (None, Some(region)) => own_endpoint(region.as_ref(), aws),
        (None, None) => return Err(Failure::new("no region is set").hint("set AWS_REGION, or `region` in the profile")),
    };
    if url.starts_with("http://") {
        // An emulator on this machine needs no proxy. Once a proxy is set, the environment's is ignored; this one is
        // excluded for every name and address.
        options = options.with_allow_http(true).with_proxy_url(url.as_str()).with_proxy_excludes("*,0.0.0.0/0,::/0");
    }
    let mut builder =
        AmazonS3Builder::new().with_client_options(options).with_http_connector(Limits { long: limit * LONG });
    // `bucket.host` does not resolve on this machine.
    builder = builder.with_endpoint(url).with_virtual_hosted_style_request(false);
    if let Some(region) = aws.region() {
        builder = builder.with_region(region.as_ref());
    }
    if let Some(credentials) = credentials(aws) {
        builder = builder.with_credentials(credentials);
    }
    Ok(builder)
}

/// Returns the SDK's credentials for object_store, which are replaced before they expire.
pub fn credentials(aws: &SdkConfig) -> Option<AwsCredentialProvider> {
    let provider = aws.credentials_provider()?;
    Some(Arc::new(Credentials { provider, current: Mutex::default() }))
}

/// Returns the endpoint of S3 in a region (AWS General Reference, "Amazon S3 endpoints and quotas"); object_store knows
/// only those in the domain `amazonaws.com`.
fn own_endpoint(region: &str, aws: &SdkConfig) -> String {
    let service = if aws.use_fips() == Some(true) { "s3-fips" } else { "s3" };
    let dual_stack = if aws.use_dual_stack() == Some(true) { ".dualstack" } else { "" };
    format!("https://{service}{dual_stack}.{region}.{}", domain(region))
}

/// The SDK's credentials for object_store, cached until shortly before they expire.
#[derive(Debug)]
struct Credentials {
    provider: SharedCredentialsProvider,
    current: Mutex<Option<(Arc<AwsCredential>, Option<SystemTime>)>>,
}

#[async_trait]
impl CredentialProvider for Credentials {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let mut current = self.current.lock().await;
        if let Some((credential, expiry)) = &*current
            && expiry.is_none_or(|expiry| SystemTime::now() + MARGIN < expiry)
        {
            return Ok(Arc::clone(credential));
        }
        let found = self.provider.provide_credentials().await.map_err(unavailable)?;
        let credential = Arc::new(AwsCredential {
            key_id: found.access_key_id().to_owned(),
            secret_key: found.secret_access_key().to_owned(),
            token: found.session_token().map(str::to_owned),
        });
        *current = Some((Arc::clone(&credential), found.expiry()));
        Ok(credential)
    }
}

/// Converts an error: missing or misconfigured credentials are permanent failures; a provider that failed may succeed
/// later.
fn unavailable(error: CredentialsError) -> Error {
    match error {
        CredentialsError::CredentialsNotLoaded(_) | CredentialsError::InvalidConfiguration(_) => {
            Error::Unauthenticated { path: "credentials".to_owned(), source: error.into() }
        }
        _ => Error::Generic { store: "S3", source: error.into() },
    }
}

#[cfg(test)]
#[path = "../tests/unit/bucket.rs"]
mod tests;
