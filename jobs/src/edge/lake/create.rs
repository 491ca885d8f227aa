//! Writes each object only once, then checks which bytes are stored at its key.
//!
//! The response to a conditional write is not sufficient for this. object_store repeats a request when S3 stored the
//! object but returned 500 or closed the connection; S3 then returns 412, because of our own object. A 409 means that
//! another request for the key was in progress: nothing was stored, and the upload has to be sent again (Amazon S3 API
//! Reference, PutObject and CompleteMultipartUpload), but object_store reports it as "already exists". So the key is
//! read after a failure; reads in S3 are strongly consistent.

use std::time::Duration;

use anyhow::Result;
use backon::{BackoffBuilder, ExponentialBuilder};
use connect::store::{exists, may_help};
use object_store::path::Path;
use object_store::{Error, ObjectStore, PutMode, PutOptions, PutPayload};
use sha2::{Digest, Sha256};

use super::parts::Parts;
use super::{Lake, Version};
use crate::failure::Failure;
use crate::receipt::{Object, hex};

/// The delays between attempts at a write: 3 to 6 s in total. object_store itself retries after a 5xx.
const WAITS: ExponentialBuilder =
    ExponentialBuilder::new().with_jitter().with_min_delay(Duration::from_millis(100)).with_max_times(5);

/// The content at a key after a conditional write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    Identical,
    /// Different bytes, which another process wrote first.
    Different,
}

impl Created {
    /// Fails if the content is different; for keys that only one process writes.
    pub(super) fn expect_identical(self, lake: &Lake, key: &str) -> Result<()> {
        match self {
            Self::Identical => Ok(()),
            Self::Different => {
                let message = format!("`{}` already exists with different content", lake.location(key));
                Err(Failure::refused(message).hint("run the job again: each attempt uses new object keys").into())
            }
        }
    }
}

fn object_of(key: &str, bytes: &[u8]) -> Object {
    Object { key: key.to_owned(), bytes: bytes.len() as u64, sha256: hex(&Sha256::digest(bytes)) }
}

impl Lake {
    /// Writes an object in one request, unless its key already exists.
    /// Fails if the store returns an error or cannot be reached, or if the content at the key cannot be determined. The
    /// failure is temporary if the same call may succeed later.
    pub async fn create(&self, key: &str, bytes: Vec<u8>) -> Result<Created> {
        self.put(&object_of(key, &bytes), bytes.into()).await
    }

    /// Replaces this version of an object: a bucket of a deployment permits no other way. The failure is temporary if another
    /// process has replaced it. A folder has no such condition: only one program may use it.
    pub async fn update(&self, key: &str, bytes: Vec<u8>, version: Version) -> Result<()> {
        let (path, object, payload) = (Path::from(key), object_of(key, &bytes), PutPayload::from(bytes));
        let mode = if self.bucket.is_some() { PutMode::Update(version) } else { PutMode::Overwrite };
        let options = PutOptions { mode, ..PutOptions::default() };
        match self.write_once(&object, || self.store.put_opts(&path, payload.clone(), options.clone())).await? {
            Created::Identical => Ok(()),
            Created::Different => {
                let message = format!("cannot replace `{}`, or another process has replaced it", self.location(key));
                Err(Failure::temporary(message).into())
            }
        }
    }

    /// Like [`Lake::create`], for a key that only this process writes to.
    /// Also fails if the key already has different content.
    pub async fn put_new(&self, key: &str, bytes: Vec<u8>) -> Result<()> {
        self.create(key, bytes).await?.expect_identical(self, key)
    }

    /// Writes an object's payload, unless its key already exists.
    pub(super) async fn put(&self, object: &Object, payload: PutPayload) -> Result<Created> {
        let path = Path::from(object.key.as_str());
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        self.write_once(object, || self.store.put_opts(&path, payload.clone(), options.clone())).await
    }

    /// Completes a large object, if its key is free.
    pub(super) async fn complete(&self, mut parts: Parts, object: &Object) -> Result<Created> {
        let finished = parts.finish().await.map_err(|error| self.failed("write", &object.key, error));
        let created = match finished {
            Ok(()) => self.write_once(object, || parts.complete()).await,
            Err(error) => Err(error),
        };
        if !matches!(created, Ok(Created::Identical)) {
            parts.abort().await;
        }
        created
    }

    /// Repeats a conditional write until it is known which bytes are at the object's key.
    async fn write_once<T, F>(&self, object: &Object, write: impl Fn() -> F) -> Result<Created>
    where
        F: Future<Output = object_store::Result<T>>,
    {
        let (key, mut waits) = (object.key.as_str(), WAITS.build());
        loop {
            let Err(error) = write().await else { return Ok(Created::Identical) };
            if matches!(error, Error::PermissionDenied { .. } | Error::Unauthenticated { .. }) {
                return Err(self.failed("write", key, error));
            }
            match self.compare(object).await {
                Ok(Some(found)) => {
                    tracing::debug!(key, ?found, %error, "a write failed, and the key already exists");
                    return Ok(found);
                }
                Ok(None) => {}
                Err(unread) if exists(&error) => {
                    return Err(unread.context(format!("`{}` already exists", self.location(key))));
                }
                // The failed write is the one to report.
                Err(_) => return Err(self.failed("write", key, error)),
            }
            let Some(wait) = waits.next().filter(|_| may_help(&error)) else {
                return Err(self.failed("write", key, error));
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Compares the bytes at an object's key with the object; `None` if the key does not exist.
    async fn compare(&self, object: &Object) -> Result<Option<Created>> {
        let Some(size) = self.size(&object.key).await? else { return Ok(None) };
        let identical = size == object.bytes && self.sha256(object).await? == object.sha256;
        Ok(Some(if identical { Created::Identical } else { Created::Different }))
    }
}
