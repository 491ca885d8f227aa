//! Uploads an object of unknown size; the object becomes visible only when it is complete.
//!
//! A deployment's bucket policy requires `If-None-Match` on every write, but object_store completes a multipart upload
//! without it. So on S3 the parts become an object below `incoming/`, which S3 then copies to its final key unless that
//! key already exists. The bucket's lifecycle rules remove the leftovers of interrupted processes.

use std::sync::PoisonError;

use anyhow::Result;
use bytes::Bytes;
use contract::INCOMING;
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload, WriteMultipart};
use sha2::{Digest, Sha256};

use super::{Created, Lake};
use crate::receipt::{Object, hex};

/// An upload. If it is dropped before [`Upload::finish`], no object is created.
#[derive(Debug)]
pub struct Upload {
    lake: Lake,
    key: String,
    /// Bytes that do not fill a part yet.
    buffer: Vec<Bytes>,
    parts: Option<WriteMultipart>,
    hash: Sha256,
    bytes: u64,
    measured_only: bool,
}

impl Upload {
    pub(super) fn new(lake: &Lake, key: &str, measured_only: bool) -> Self {
        let (lake, key, hash) = (lake.clone(), key.to_owned(), Sha256::default());
        Self { lake, key, buffer: Vec::new(), parts: None, hash, bytes: 0, measured_only }
    }

    /// Adds bytes; returns when at most one part is being sent.
    pub async fn write(&mut self, bytes: Bytes) -> Result<()> {
        self.hash.update(&bytes);
        self.bytes += bytes.len() as u64;
        if self.measured_only {
            return Ok(());
        }
        if let Some(parts) = &mut self.parts {
            parts.wait_for_capacity(1).await.map_err(|error| self.lake.failed("write", &self.key, error))?;
            parts.put(bytes);
            return Ok(());
        }
        self.buffer.push(bytes);
        let part = self.lake.sizes.part;
        if self.bytes >= part as u64 {
            let key = if self.lake.is_bucket() { incoming(&self.key) } else { self.key.clone() };
            let upload = self.lake.store.put_multipart(&Path::from(key)).await;
            let upload = upload.map_err(|error| self.lake.failed("write", &self.key, error))?;
            let parts = self.parts.insert(WriteMultipart::new_with_chunk_size(upload, part));
            self.buffer.drain(..).for_each(|bytes| parts.put(bytes));
        }
        Ok(())
    }

    pub async fn write_all(&mut self, pieces: Vec<Bytes>) -> Result<()> {
        for bytes in pieces {
            self.write(bytes).await?;
        }
        Ok(())
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    /// Completes the object, unless it is only measured.
    pub async fn finish(mut self) -> Result<Object> {
        let sha256 = hex(&std::mem::take(&mut self.hash).finalize());
        let object = Object { key: std::mem::take(&mut self.key), bytes: self.bytes, sha256 };
        if self.measured_only {
            return Ok(object);
        }
        let created = match self.parts.take() {
            Some(parts) if self.lake.is_bucket() => self.lake.complete(parts, &object).await?,
            Some(parts) => {
                parts.finish().await.map_err(|error| self.lake.failed("write", &object.key, error))?;
                Created::Identical
            }
            None => self.lake.put(&object, PutPayload::from_iter(self.buffer.drain(..))).await?,
        };
        created.expect_identical(&self.lake, &object.key)?;
        Ok(object)
    }
}

pub(super) fn incoming(key: &str) -> String {
    format!("{INCOMING}/{key}")
}

impl Drop for Upload {
    fn drop(&mut self) {
        let Some(parts) = self.parts.take() else { return };
        // Without the abort, S3 keeps the parts, at a cost, until a lifecycle rule removes them.
        self.lake.aborts.lock().unwrap_or_else(PoisonError::into_inner).spawn(async move {
            if let Err(error) = parts.abort().await {
                tracing::debug!(%error, "could not abort an upload");
            }
        });
    }
}
