//! A bucket's store, with the region, credentials and endpoint that the SDK's own clients use.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_types::service_config::ServiceConfigKey;
use object_store::aws::{AmazonS3, AmazonS3Builder, AwsCredential, S3CopyIfNotExists};
use object_store::{CredentialProvider, Error};
use tokio::sync::Mutex;

use crate::failure::Failure;

/// Credentials that expire within this time are replaced, so that none expires while a request is signed and sent.
const MARGIN: Duration = Duration::from_secs(60);

/// Opens the bucket that `url` names.
///
/// # Errors
/// Refused without a region or credentials to look for, or when the URL names no bucket.
pub(super) fn open(url: &str, aws: &SdkConfig) -> Result<AmazonS3> {
    let unusable = || Failure::refused(format!("cannot use the bucket of `{url}`"));
    let mut builder = AmazonS3Builder::new().with_url(url).with_copy_if_not_exists(S3CopyIfNotExists::Multipart);
    // AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, or what the profile says of either.
    let key = ServiceConfigKey::builder().service_id("S3").env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    let endpoint = key.ok().and_then(|key| aws.service_config()?.load_config(key));
    match (aws.region(), &endpoint) {
        (Some(region), _) => builder = builder.with_region(region.as_ref()),
        (None, Some(_)) => {}
        (None, None) => {
            return Err(unusable()
                .because("no region is set")
                .hint("set AWS_REGION, or `region` in the profile")
                .into());
        }
    }
    if let Some(endpoint) = endpoint {
        // An emulator on this machine speaks plain HTTP and cannot be found as `bucket.host`.
        let plain = endpoint.starts_with("http://");
        builder = builder.with_endpoint(endpoint).with_allow_http(plain).with_virtual_hosted_style_request(false);
    }
    if let Some(provider) = aws.credentials_provider() {
        builder = builder.with_credentials(Arc::new(Credentials { provider, current: Mutex::default() }));
    }
    builder.build().map_err(|error| unusable().because(error).into())
}

/// The SDK's provider for the store, which asks for credentials with each request: asked once, and again before they expire.
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

/// Credentials that are missing or described wrongly are refused; a provider that failed may succeed later.
fn unavailable(error: CredentialsError) -> Error {
    match error {
        CredentialsError::CredentialsNotLoaded(_) | CredentialsError::InvalidConfiguration(_) => {
            Error::Unauthenticated { path: "credentials".to_owned(), source: error.into() }
        }
        _ => Error::Generic { store: "S3", source: error.into() },
    }
}
