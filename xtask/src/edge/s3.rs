//! An S3 bucket: lists, reads and deletes objects, and writes them conditionally.

use std::collections::BTreeMap;
use std::iter::successors;
use std::time::Duration;

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use connect::bucket;
use connect::store::{exists, may_help};
use futures_util::TryStreamExt;
use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::signer::Signer;
use object_store::{
    ClientOptions, Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, RetryConfig, UpdateVersion,
};
use reqwest::Method;

use crate::failure::{CONFLICT, Failure, chain, of_call};
use crate::sync::{Listed, Remote};

/// Delays before the retries of a write, in milliseconds.
const WAITS: [u64; 5] = [100, 200, 400, 800, 1600];

#[derive(Debug)]
pub struct Bucket {
    name: String,
    store: AmazonS3,
}

#[derive(Debug)]
pub struct Found {
    pub bytes: Vec<u8>,
    /// Object version, if versioning is enabled for the bucket.
    pub version: Option<String>,
}

/// The identity of a written object.
#[derive(Clone, Debug)]
pub struct Written {
    /// The ETag, which changes with the content.
    pub etag: String,
    /// Object version, if versioning is enabled for the bucket.
    pub version: Option<String>,
}

impl Bucket {
    /// Opens a bucket with the SDK's region, credentials (both required) and endpoint. Sends no requests.
    pub async fn open(name: &str, config: &SdkConfig) -> Result<Self> {
        // Returns an error if a provider is already installed, which is then used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let action = format!("reach the bucket `{name}`");
        let failed = |cause: &str| of_call(&action, None, cause, &[]);
        config.credentials_provider().ok_or_else(|| failed("no credentials"))?;
        let builder = bucket::builder(config, ClientOptions::new())?
            .with_bucket_name(name)
            // Single DELETE requests keep the order of the plan.
            .with_disable_bulk_delete(true)
            .with_retry(RetryConfig { max_retries: 4, ..RetryConfig::default() });
        let store = builder.build().with_context(|| Failure::new(format!("cannot {action}")))?;
        let credentials = store.credentials().get_credential().await;
        credentials.map_err(|error| failed(&format!("no credentials: {}", chain(&error))))?;
        Ok(Self { name: name.to_owned(), store })
    }

    /// Lists all objects, or those with a prefix; sends one request per 1,000 objects.
    pub async fn list(&self, prefix: Option<&str>) -> Result<Remote> {
        let prefix = prefix.map(Path::from);
        let object = |found: object_store::ObjectMeta| {
            let listed = Listed { etag: found.e_tag.unwrap_or_default(), size: found.size };
            (found.location.to_string(), listed)
        };
        let listed = self.store.list(prefix.as_ref()).map_ok(object).try_collect::<BTreeMap<_, _>>().await;
        listed.map_err(|error| self.failed("list", "", &error).into())
    }

    /// Returns the key of the object that was written last, of those with a prefix and a suffix.
    pub async fn newest(&self, prefix: &str, suffix: &str) -> Result<Option<String>> {
        let listed: Vec<_> = self
            .store
            .list(Some(&Path::from(prefix)))
            .try_collect()
            .await
            .map_err(|error| self.failed("list", "", &error))?;
        let found = listed.into_iter().filter(|object| object.location.as_ref().ends_with(suffix));
        Ok(found.max_by_key(|object| object.last_modified).map(|object| object.location.to_string()))
    }

    /// Returns a URL with which anyone can read an object for some time, with the rights of this program's credentials.
    pub async fn link(&self, key: &str, lasts: Duration) -> Result<String> {
        let signed = self.store.signed_url(Method::GET, &path(key)?, lasts).await;
        Ok(signed.map_err(|error| self.failed("sign", key, &error))?.into())
    }

    pub async fn get(&self, key: &str) -> Result<Found> {
        let failed = |error| self.failed("read", key, &error);
        let found = self.store.get(&path(key)?).await.map_err(failed)?;
        let version = found.meta.version.clone();
        Ok(Found { bytes: found.bytes().await.map_err(failed)?.to_vec(), version })
    }

    /// Writes an object if its key does not exist yet, or if the current object has the ETag `over`.
    ///
    /// If the response to a successful write is lost, object_store retries the write, and S3 returns 412 because of the
    /// first one. If S3 returns 409, it stored nothing, and the write must be retried (Amazon S3 API Reference,
    /// PutObject). Therefore, the object is read back after a failure; reads are strongly consistent.
    pub async fn put(&self, key: &str, bytes: Vec<u8>, over: Option<&str>) -> Result<Written> {
        let (at, payload) = (path(key)?, PutPayload::from(bytes));
        let update = |etag: &str| PutMode::Update(UpdateVersion { e_tag: Some(etag.to_owned()), version: None });
        let options = PutOptions { mode: over.map_or(PutMode::Create, update), ..PutOptions::default() };
        let mut waits = WAITS.into_iter();
        loop {
            let error = match self.store.put_opts(&at, payload.clone(), options.clone()).await {
                Ok(result) => return written(result.e_tag, result.version),
                Err(error) => error,
            };
            let failure = self.failed("write", key, &error);
            let etag = match self.store.get(&at).await {
                Ok(found) => {
                    let meta = found.meta.clone();
                    if found.bytes().await.is_ok_and(|bytes| payload.iter().flatten().eq(&bytes)) {
                        return written(meta.e_tag, meta.version);
                    }
                    meta.e_tag
                }
                Err(Error::NotFound { .. }) => None,
                // Report the failed write, not the failed read.
                Err(_) => return Err(failure.into()),
            };
            let unchanged = etag.as_deref() == over;
            let Some(wait) = waits.next().filter(|_| unchanged && may_help(&error)) else { return Err(failure.into()) };
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
    }

    /// Deletes an object unconditionally: object_store does not support conditional DELETE requests.
    pub async fn delete(&self, key: &str) -> Result<()> {
        self.store.delete(&path(key)?).await.map_err(|error| self.failed("delete", key, &error).into())
    }

    fn failed(&self, verb: &str, key: &str, error: &Error) -> Failure {
        let name = &self.name;
        let place = if key.is_empty() { format!("s3://{name}") } else { format!("s3://{name}/{key}") };
        // For a listing, object_store returns no specific error variant, but the error text contains S3's response.
        let text = chain(error);
        let element = |tag: &str| Some(text.split_once(&format!("<{tag}>"))?.1.split_once("</")?.0);
        let code = element("Code");
        if exists(error) && code != Some(CONFLICT) {
            let failure = Failure::new(format!("another client has just written `{place}`; it was not overwritten"));
            return failure.hint("later files were not written; run the same command again to see the current state");
        }
        if code == Some("NoSuchBucket") {
            let hint =
                "run `cargo xtask deploy`: its `storage` stack creates the bucket; BUCKET_SUFFIX is part of the name";
            return Failure::new(format!("the bucket `{name}` does not exist")).hint(hint);
        }
        let action = match verb {
            "list" => "ListBucket",
            "read" => "GetObject",
            "write" => "PutObject",
            _ => "DeleteObject",
        };
        let denied = format!("the caller needs `s3:{action}` on this bucket, and permission to use its KMS key");
        let hints = [("AccessDenied", denied.as_str()), ("InvalidAccessKeyId", "check the credentials")];
        // Each error repeats the text of its sources; the last source is the root cause.
        let cause = successors(Some(error as &dyn std::error::Error), |error| error.source()).last();
        let cause = cause.map(ToString::to_string).unwrap_or_default();
        of_call(&format!("{verb} `{place}`"), code, element("Message").unwrap_or(&cause), &hints)
    }
}

fn written(etag: Option<String>, version: Option<String>) -> Result<Written> {
    Ok(Written { etag: etag.context("S3 did not return an ETag")?, version })
}

/// Parses the key without changing it; `Path::from` would percent-encode some characters.
fn path(key: &str) -> Result<Path> {
    Path::parse(key).with_context(|| format!("`{key}` is not a valid object key"))
}

#[cfg(test)]
#[path = "../../tests/unit/edge/s3.rs"]
mod tests;
