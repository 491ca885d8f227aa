//! Uploads an object of unknown size, which appears completely or not at all: in a folder, a temporary file is renamed.

use std::sync::PoisonError;

use anyhow::Result;
use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload, WriteMultipart};
use sha2::{Digest, Sha256};

use super::parts::Parts;
use super::{Created, Lake};
use crate::receipt::{Object, hex};

/// An object that is larger than one part.
#[derive(Debug)]
enum Large {
    File(WriteMultipart),
    Object(Parts),
}

/// An upload. If it is dropped before [`Upload::finish`], no object is created.
#[derive(Debug)]
pub struct Upload {
    lake: Lake,
    key: String,
    /// Bytes that do not fill a part yet.
    buffer: Vec<Bytes>,
    large: Option<Large>,
    hash: Sha256,
    bytes: u64,
    measured_only: bool,
}

impl Upload {
    pub(super) fn new(lake: &Lake, key: &str, measured_only: bool) -> Self {
        let (lake, key, hash) = (lake.clone(), key.to_owned(), Sha256::default());
        Self { lake, key, buffer: Vec::new(), large: None, hash, bytes: 0, measured_only }
    }

    /// Adds bytes; returns when at most one part is being sent.
    pub async fn write(&mut self, bytes: Bytes) -> Result<()> {
        self.hash.update(&bytes);
        self.bytes += bytes.len() as u64;
        if self.measured_only {
            return Ok(());
        }
        if self.large.is_some() {
            return self.add(bytes).await;
        }
        self.buffer.push(bytes);
        let size = self.lake.sizes.part;
        if self.bytes < size as u64 {
            return Ok(());
        }
        let path = Path::from(self.key.as_str());
        let large = match &self.lake.bucket {
            Some(bucket) => Parts::start(bucket, path, size).await.map(Large::Object),
            None => {
                let upload = self.lake.store.put_multipart(&path).await;
                upload.map(|upload| Large::File(WriteMultipart::new_with_chunk_size(upload, size)))
            }
        };
        self.large = Some(large.map_err(|error| self.lake.failed("write", &self.key, error))?);
        for bytes in std::mem::take(&mut self.buffer) {
            self.add(bytes).await?;
        }
        Ok(())
    }

    async fn add(&mut self, bytes: Bytes) -> Result<()> {
        let added = match &mut self.large {
            None => Ok(()),
            Some(Large::Object(parts)) => parts.put(bytes).await,
            Some(Large::File(parts)) => parts.wait_for_capacity(1).await.map(|()| parts.put(bytes)),
        };
        added.map_err(|error| self.lake.failed("write", &self.key, error))
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
        let created = match self.large.take() {
            Some(Large::Object(parts)) => self.lake.complete(parts, &object).await?,
            Some(Large::File(parts)) => {
                parts.finish().await.map_err(|error| self.lake.failed("write", &object.key, error))?;
                Created::Identical
            }
            None => self.lake.put(&object, PutPayload::from_iter(self.buffer.drain(..))).await?,
        };
        created.expect_identical(&self.lake, &object.key)?;
        Ok(object)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let Some(large) = self.large.take() else { return };
        self.lake.aborts.lock().unwrap_or_else(PoisonError::into_inner).spawn(async move {
            match large {
                Large::Object(parts) => parts.abort().await,
                Large::File(parts) => {
                    if let Err(error) = parts.abort().await {
                        tracing::debug!(%error, "could not abort an upload");
                    }
                }
            }
        });
    }
}
