//! An object on its way out of the lake, piece by piece.

use std::sync::Arc;

use anyhow::{Context, Result};
use bytes::Bytes;
use object_store::ObjectStoreExt;
use object_store::path::Path;

use super::Lake;

/// An object that is being read piece by piece.
#[derive(Debug)]
pub struct Reader {
    pub(super) lake: Lake,
    pub(super) key: String,
    pub(super) next: u64,
    pub(super) size: u64,
    pub(super) ahead: Option<tokio::task::JoinHandle<object_store::Result<Bytes>>>,
}

impl Reader {
    pub(super) fn fetch_ahead(&mut self) {
        if self.next >= self.size {
            return;
        }
        let range = self.next..(self.next + self.lake.sizes.window).min(self.size);
        self.next = range.end;
        let (store, path) = (Arc::clone(&self.lake.store), Path::from(self.key.as_str()));
        self.ahead = Some(tokio::spawn(async move { store.get_range(&path, range).await }));
    }

    /// The next piece, `None` at the end.
    ///
    /// # Errors
    /// When the store refuses or cannot be reached.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        let Some(ahead) = self.ahead.take() else { return Ok(None) };
        let piece = ahead.await.context("reading ahead was interrupted")?;
        let piece = piece.map_err(|error| self.lake.failed("read", &self.key, error))?;
        self.fetch_ahead();
        Ok(Some(piece))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(ahead) = &self.ahead {
            ahead.abort();
        }
    }
}
