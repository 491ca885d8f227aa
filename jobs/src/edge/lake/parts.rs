//! The parts of a large object in S3, which appears when they are completed.
//!
//! object_store completes an upload even if its key is taken. Therefore a second client completes it, all of whose requests
//! have `If-None-Match: *`, as the bucket policy of a deployment requires. The object does not have to be copied, so it may
//! be larger than the 5 GiB that S3 copies in one request.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::{fmt, mem};

use bytes::Bytes;
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{Error, PutPayloadMut, PutResult, Result};
use tokio::task::JoinSet;

/// The number of parts of an upload (Amazon S3 User Guide, "Amazon S3 multipart upload limits").
const PARTS: usize = 10_000;

/// The clients of a bucket.
#[derive(Clone)]
pub(super) struct Bucket {
    pub(super) parts: Arc<dyn MultipartStore>,
    /// Completes an upload only if its key is free.
    pub(super) completing: Arc<dyn MultipartStore>,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bucket")
    }
}

/// An upload that has started.
#[derive(Debug)]
pub(super) struct Parts {
    bucket: Bucket,
    path: Path,
    id: String,
    /// The smallest size of a part in bytes, and the bytes that do not fill one yet.
    size: usize,
    buffer: PutPayloadMut,
    started: usize,
    sending: JoinSet<Result<(usize, PartId)>>,
    sent: BTreeMap<usize, PartId>,
}

impl Parts {
    pub(super) async fn start(bucket: &Bucket, path: Path, size: usize) -> Result<Self> {
        let id = bucket.parts.create_multipart(&path).await?;
        let (bucket, buffer) = (bucket.clone(), PutPayloadMut::new());
        let (sending, sent) = (JoinSet::new(), BTreeMap::new());
        Ok(Self { bucket, path, id, size, buffer, started: 0, sending, sent })
    }

    /// Adds bytes; returns when at most one part is being sent.
    pub(super) async fn put(&mut self, bytes: Bytes) -> Result<()> {
        self.buffer.push(bytes);
        if self.buffer.content_length() >= self.size {
            self.send()?;
        }
        self.wait_for_all_but(1).await
    }

    fn send(&mut self) -> Result<()> {
        if self.started == PARTS {
            let source = format!("the object has more than {PARTS} parts of {} bytes", self.size).into();
            return Err(Error::NotSupported { source });
        }
        let payload = mem::take(&mut self.buffer).freeze();
        let (store, path, id, number) =
            (Arc::clone(&self.bucket.parts), self.path.clone(), self.id.clone(), self.started);
        self.sending.spawn(async move { Ok((number, store.put_part(&path, &id, number, payload).await?)) });
        self.started += 1;
        Ok(())
    }

    /// Waits until at most `most` parts are being sent.
    async fn wait_for_all_but(&mut self, most: usize) -> Result<()> {
        while self.sending.len() > most
            && let Some(sent) = self.sending.join_next().await
        {
            let (number, part) = sent.map_err(|source| Error::JoinError { source })??;
            self.sent.insert(number, part);
        }
        Ok(())
    }

    /// Sends the last part, and waits for all of them.
    pub(super) async fn finish(&mut self) -> Result<()> {
        if !self.buffer.is_empty() {
            self.send()?;
        }
        self.wait_for_all_but(0).await
    }

    /// Creates the object, if its key is free.
    pub(super) async fn complete(&self) -> Result<PutResult> {
        let parts = self.sent.values().cloned().collect();
        let completed = self.bucket.completing.complete_multipart(&self.path, &self.id, parts).await;
        completed.map_err(|error| match error {
            // The upload does not exist any more: it was completed before, or S3 removed it after a conflict.
            Error::NotFound { source, .. } => Error::Generic { store: "S3", source },
            error => error,
        })
    }

    /// Removes the parts, for which S3 would charge until a lifecycle rule removes them.
    pub(super) async fn abort(mut self) {
        self.sending.shutdown().await;
        if let Err(error) = self.bucket.parts.abort_multipart(&self.path, &self.id).await {
            tracing::debug!(%error, "could not abort an upload");
        }
    }
}
