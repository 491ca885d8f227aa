//! The files that COPY reads: objects of S3 with the credentials of a role, or files of this machine.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use object_store::aws::AmazonS3Builder;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, RetryConfig};

use super::error::Failed;
use crate::rules::Disabled;
use crate::rules::service::COPY_ROLE;

/// The roles that are associated with the namespace, and how S3 is reached.
#[derive(Clone, Debug, Default)]
pub struct CopyRoles {
    /// The URL of S3.
    pub endpoint: Option<String>,
    /// The ARN of the default role.
    pub default: Option<String>,
    /// The key of each role; without a key, its requests are not signed.
    pub roles: BTreeMap<String, Option<Key>>,
}

/// An access key.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: String,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Key").field(&self.id).finish()
    }
}

impl CopyRoles {
    /// Only a default role, without a key.
    pub fn unsigned(endpoint: Option<&str>) -> Self {
        let role = "arn:aws:iam::000000000000:role/copy".to_owned();
        Self {
            endpoint: endpoint.map(str::to_owned),
            default: Some(role.clone()),
            roles: BTreeMap::from([(role, None)]),
        }
    }

    /// Where a COPY with this role reads.
    pub(super) fn source(&self, role: &str, disabled: &Disabled) -> Result<Source, Failed> {
        let arn = if role == "default" { self.default.as_deref() } else { Some(role) };
        let key = arn.and_then(|arn| self.roles.get(arn));
        if key.is_none() && disabled.enforces(&COPY_ROLE) {
            let message = match arn {
                None => "the namespace has no default IAM role".to_owned(),
                Some(arn) => format!("User arn:aws:redshift is not authorized to assume IAM Role {arn}"),
            };
            return Err(COPY_ROLE.refusal(message).into());
        }
        Ok(Source { endpoint: self.endpoint.clone(), key: key.cloned().flatten() })
    }
}

/// The objects that a role can read.
#[derive(Debug)]
pub(super) struct Source {
    endpoint: Option<String>,
    key: Option<Key>,
}

impl Source {
    /// The content of an object.
    pub(super) async fn read(&self, url: &str) -> Result<Bytes, Failed> {
        if let Some(path) = url.strip_prefix("file://") {
            let read = tokio::fs::read(path).await;
            return read
                .map(Bytes::from)
                .map_err(|_| s3_error(url, "The specified key does not exist.", 404, "NoSuchKey"));
        }
        let place = url.strip_prefix("s3://").and_then(|rest| rest.split_once('/'));
        let (bucket, key) = place.ok_or_else(|| Failed::new(format!("`{url}` is not the URL of an object")))?;
        let endpoint = self.endpoint.as_ref().ok_or_else(|| Failed::new("this emulator has no endpoint of S3"))?;
        let read = async {
            let object = self.bucket(endpoint, bucket)?.get(&Path::parse(key)?).await?;
            object.bytes().await
        };
        read.await.map_err(|error| match error {
            object_store::Error::NotFound { .. } => {
                s3_error(url, "The specified key does not exist.", 404, "NoSuchKey")
            }
            object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
                s3_error(url, "Access Denied", 403, "AccessDenied")
            }
            error => Failed::new(format!("S3 error for {url}: {error}")),
        })
    }

    fn bucket(&self, endpoint: &str, bucket: &str) -> object_store::Result<impl ObjectStore + use<>> {
        // A client cannot be created without it, even for plain HTTP.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = AmazonS3Builder::new().with_endpoint(endpoint).with_allow_http(true).with_region("eu-west-1");
        let retry = RetryConfig { max_retries: 3, retry_timeout: Duration::from_secs(10), ..RetryConfig::default() };
        let builder = builder.with_bucket_name(bucket).with_retry(retry);
        let builder = match &self.key {
            Some(key) => builder.with_access_key_id(&key.id).with_secret_access_key(&key.secret),
            None => builder.with_skip_signature(true),
        };
        builder.build()
    }
}

fn s3_error(url: &str, message: &str, status: u16, code: &str) -> Failed {
    Failed::new(format!("S3ServiceException:{message},Status {status},Error {code} DETAIL: {url}"))
}
