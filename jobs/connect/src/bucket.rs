//! S3 through object_store, with the SDK's region, credentials and endpoint.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use object_store::aws::{AmazonS3Builder, AwsCredential};
use object_store::{CredentialProvider, Error};
use tokio::sync::Mutex;

use crate::aws::endpoint;
use crate::failure::Failure;

/// Credentials that expire within this time are replaced, so that they do not expire while a request is signed and sent.
const MARGIN: Duration = Duration::from_secs(60);

/// Returns a builder with the SDK's region, credentials and endpoint, but without the bucket name.
/// Fails if no region is set.
pub fn builder(aws: &SdkConfig) -> Result<AmazonS3Builder, Failure> {
    let mut builder = AmazonS3Builder::new();
    let endpoint = endpoint(aws, "S3");
    if let Some(region) = aws.region() {
        builder = builder.with_region(region.as_ref());
    } else if endpoint.is_none() {
        return Err(Failure::new("no region is set").hint("set AWS_REGION, or `region` in the profile"));
    }
    if let Some(endpoint) = endpoint {
        // An emulator on this machine uses plain HTTP, and `bucket.host` does not resolve.
        let plain = endpoint.starts_with("http://");
        builder = builder.with_endpoint(endpoint).with_allow_http(plain).with_virtual_hosted_style_request(false);
    }
    if let Some(provider) = aws.credentials_provider() {
        builder = builder.with_credentials(Arc::new(Credentials { provider, current: Mutex::default() }));
    }
    Ok(builder)
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
