//! Reads an object in the lake in pieces.

use std::sync::Arc;

use anyhow::{Context, Result};
use bytes::Bytes;
use object_store::path::Path;
use object_store::{Error, GetOptions, ObjectStoreExt};
use tokio::task::JoinSet;

use super::Lake;
use crate::failure::Failure;

#[derive(Debug)]
pub struct Reader {
    lake: Lake,
    key: String,
    next: u64,
    size: u64,
    /// The version that every piece must belong to. In a folder, it consists of the inode, modification time and size.
    pub etag: Option<String>,
    /// The next piece, if any.
    ahead: JoinSet<object_store::Result<Bytes>>,
}

impl Reader {
    pub(super) fn new(lake: &Lake, key: &str, size: u64, etag: Option<String>) -> Self {
        let mut reader = Self { lake: lake.clone(), key: key.to_owned(), next: 0, size, etag, ahead: JoinSet::new() };
        reader.fetch_ahead();
        reader
    }

    fn fetch_ahead(&mut self) {
        if self.next >= self.size {
            return;
        }
        let range = self.next..(self.next + self.lake.sizes.window).min(self.size);
        self.next = range.end;
        let (store, path) = (Arc::clone(&self.lake.store), Path::from(self.key.as_str()));
        let options = GetOptions { if_match: self.etag.clone(), range: Some(range.into()), ..GetOptions::default() };
        self.ahead.spawn(async move { store.get_opts(&path, options).await?.bytes().await });
    }

    /// Returns the next piece, or `None` at the end.
    /// Fails if the store cannot be read; the failure is temporary if the object has changed since it was opened.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        let Some(piece) = self.ahead.join_next().await else { return self.still_the_same().await.map(|()| None) };
        match piece.context("the read-ahead task failed")? {
            Ok(piece) => {
                self.fetch_ahead();
                Ok(Some(piece))
            }
            // If the file has changed, for example because it was truncated, that is the cause of any error.
            Err(error) => Err(self.still_the_same().await.err().unwrap_or_else(|| self.failed(error))),
        }
    }

    /// Fails if a file has changed. S3 returns a piece from one version of an object, but a file may change.
    async fn still_the_same(&self) -> Result<()> {
        let Some(etag) = self.etag.as_ref().filter(|_| self.lake.bucket.is_none()) else { return Ok(()) };
        let now = self.lake.store.head(&Path::from(self.key.as_str())).await.map_err(|error| self.failed(error))?;
        if now.e_tag.as_ref() == Some(etag) { Ok(()) } else { Err(self.changed().into()) }
    }

    fn failed(&self, error: Error) -> anyhow::Error {
        match error {
            Error::Precondition { .. } => self.changed().into(),
            error => self.lake.failed("read", &self.key, error),
        }
    }

    fn changed(&self) -> Failure {
        let message = format!("`{}` changed while it was being read", self.lake.location(&self.key));
        let hint =
            "write new versions under a temporary name, rename them when they are complete, and run the job again";
        Failure::temporary(message).hint(hint)
    }
}
