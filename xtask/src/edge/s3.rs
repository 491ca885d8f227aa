//! A bucket of S3: its listing, and single objects that are written only over what is expected there.

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
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, RetryConfig, UpdateVersion};

use crate::failure::{CONFLICT, Failure, chain, of_call};
use crate::sync::{Listed, Remote};

/// Milliseconds before a write is sent again.
const WAITS: [u64; 5] = [100, 200, 400, 800, 1600];

/// One bucket.
#[derive(Debug)]
pub struct Bucket {
    name: String,
    store: AmazonS3,
}

/// An object's content.
#[derive(Debug)]
pub struct Found {
    /// All of it.
    pub bytes: Vec<u8>,
    /// Its version, in a bucket that keeps versions.
    pub version: Option<String>,
}

/// What the bucket calls an object that was written.
#[derive(Clone, Debug)]
pub struct Written {
    /// Changes with the content.
    pub etag: String,
    /// Its version, in a bucket that keeps versions.
    pub version: Option<String>,
}

impl Bucket {
    /// With region, credentials and endpoint of the SDK. Nothing is asked of S3 yet.
    ///
    /// # Errors
    /// Without credentials or region.
    pub async fn open(name: &str, config: &SdkConfig) -> Result<Self> {
        // Fails where one is installed already, which then serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let what = format!("reach the bucket `{name}`");
        let failed = |words: &str| of_call(&what, None, words, &[]);
        config.credentials_provider().ok_or_else(|| failed("no credentials"))?;
        let builder = bucket::builder(config)?
            .with_bucket_name(name)
            // One DELETE each, so that the order is ours.
            .with_disable_bulk_delete(true)
            .with_retry(RetryConfig { max_retries: 4, ..RetryConfig::default() });
        let store = builder.build().with_context(|| Failure::new(format!("cannot {what}")))?;
        let credentials = store.credentials().get_credential().await;
        credentials.map_err(|error| failed(&format!("no credentials: {}", chain(&error))))?;
        Ok(Self { name: name.to_owned(), store })
    }

    /// Everything below a prefix, or everything; a request for each 1,000 objects.
    pub async fn list(&self, prefix: Option<&str>) -> Result<Remote> {
        let prefix = prefix.map(Path::from);
        let object = |found: object_store::ObjectMeta| {
            let listed = Listed { etag: found.e_tag.unwrap_or_default(), size: found.size };
            (found.location.to_string(), listed)
        };
        let listed = self.store.list(prefix.as_ref()).map_ok(object).try_collect::<BTreeMap<_, _>>().await;
        listed.map_err(|error| self.failed("list", "", &error).into())
    }

    /// An object.
    pub async fn get(&self, key: &str) -> Result<Found> {
        let failed = |error| self.failed("read", key, &error);
        let found = self.store.get(&path(key)?).await.map_err(failed)?;
        let version = found.meta.version.clone();
        Ok(Found { bytes: found.bytes().await.map_err(failed)?.to_vec(), version })
    }

    /// Writes an object, if nothing is there, or what has this ETag.
    ///
    /// A write that S3 stored, but whose response was lost, is sent again by object_store and gets a 412 because of our own
    /// object; and after a 409 nothing was stored and the write has to be sent again (Amazon S3 API Reference, PutObject).
    /// So after a failure the object is read: reads in S3 are strongly consistent.
    ///
    /// # Errors
    /// When something else is there, or S3 refuses or cannot be reached.
    pub async fn put(&self, key: &str, bytes: Vec<u8>, over: Option<&str>) -> Result<Written> {
        let (at, payload) = (path(key)?, PutPayload::from(bytes));
        let update = |etag: &str| PutMode::Update(UpdateVersion { e_tag: Some(etag.to_owned()), version: None });
        let options = PutOptions { mode: over.map_or(PutMode::Create, update), ..PutOptions::default() };
        let mut waits = WAITS.into_iter();
        loop {
            let error = match self.store.put_opts(&at, payload.clone(), options.clone()).await {
                Ok(written) => return named(written.e_tag, written.version),
                Err(error) => error,
            };
            let failure = self.failed("write", key, &error);
            let there = match self.store.get(&at).await {
                Ok(found) => Some((found.meta.clone(), found.bytes().await)),
                Err(Error::NotFound { .. }) => None,
                // The failed write is the one to report.
                Err(_) => return Err(failure.into()),
            };
            let etag = match there {
                Some((meta, Ok(bytes))) if payload.iter().flatten().eq(&bytes) => {
                    return named(meta.e_tag, meta.version);
                }
                Some((meta, _)) => meta.e_tag,
                None => None,
            };
            let unchanged = etag.as_deref() == over;
            let Some(wait) = waits.next().filter(|_| unchanged && may_help(&error)) else { return Err(failure.into()) };
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
    }

    /// Removes an object, in whatever state it is now: S3 offers a condition, the crate does not.
    pub async fn delete(&self, key: &str) -> Result<()> {
        self.store.delete(&path(key)?).await.map_err(|error| self.failed("delete", key, &error).into())
    }

    fn failed(&self, verb: &str, key: &str, error: &Error) -> Failure {
        let name = &self.name;
        let place = if key.is_empty() { format!("s3://{name}") } else { format!("s3://{name}/{key}") };
        // Of a listing, the kind of an error is never told, but S3's answer is in its words.
        let words = chain(error);
        let of = |tag: &str| Some(words.split_once(&format!("<{tag}>"))?.1.split_once("</")?.0);
        let code = of("Code");
        if exists(error) && code != Some(CONFLICT) {
            let failure = Failure::new(format!("`{place}` was written by somebody else just now; it was left alone"));
            return failure
                .hint("nothing that comes after it was written; run the same command again to see what is there now");
        }
        if code == Some("NoSuchBucket") {
            let failure = Failure::new(format!("there is no bucket `{name}`"));
            return failure
                .hint("the stack `storage` of `cargo xtask deploy` makes it; BUCKET_SUFFIX is part of its name");
        }
        let action = match verb {
            "list" => "ListBucket",
            "read" => "GetObject",
            "write" => "PutObject",
            _ => "DeleteObject",
        };
        let denied = format!("the caller needs `s3:{action}` on this bucket, and the use of its key in KMS");
        let hints = [("AccessDenied", denied.as_str()), ("InvalidAccessKeyId", "check the credentials")];
        // Each error says all that is beneath it; the last is the cause.
        let cause = successors(Some(error as &dyn std::error::Error), |error| error.source()).last();
        let cause = cause.map(ToString::to_string).unwrap_or_default();
        of_call(&format!("{verb} `{place}`"), code, of("Message").unwrap_or(&cause), &hints)
    }
}

fn named(etag: Option<String>, version: Option<String>) -> Result<Written> {
    Ok(Written { etag: etag.context("S3 gave no ETag")?, version })
}

/// As it is: `Path::from` would encode what it does not like.
fn path(key: &str) -> Result<Path> {
    Path::parse(key).with_context(|| format!("`{key}` cannot be an object's key"))
}
