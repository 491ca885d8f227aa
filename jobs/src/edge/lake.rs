//! The lake: objects in S3 or in a folder, behind one interface.
//!
//! An object becomes visible only when it is complete: small objects are written with one conditional PUT, large ones
//! with a multipart upload that is completed at the end (in a folder, with a temporary file that is renamed).

mod create;
mod parts;
mod reader;
mod upload;

use std::cmp::Reverse;
use std::future::ready;
use std::sync::{Arc, Mutex, PoisonError};

#[cfg(feature = "aws")]
use anyhow::Context;
use anyhow::Result;
use bytes::Bytes;
use connect::aws::SdkConfig;
use futures_util::TryStreamExt;
#[cfg(feature = "aws")]
use object_store::aws::AmazonS3;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
#[cfg(feature = "aws")]
use object_store::{ClientOptions, prefix::PrefixStore};
use object_store::{ObjectStore, ObjectStoreExt};
#[cfg(feature = "aws")]
use reqwest::header::{HeaderMap, HeaderValue, IF_NONE_MATCH};
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;
use url::Url;

use crate::failure::Failure;
use crate::receipt::{Object, hex};

pub(crate) use create::Created;
pub use object_store::UpdateVersion as Version;
use parts::Bucket;
pub(crate) use reader::Reader;
pub(crate) use upload::Upload;

/// Bytes per request. S3 accepts 10,000 parts of at least 5 MiB (Amazon S3 User Guide, "Amazon S3 multipart upload limits"),
/// so an upload is limited to 48 GiB. In a folder, smaller pieces are faster because they stay in the processor's cache.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    part: usize,
    window: u64,
}

const S3: Sizes = Sizes { part: 5 << 20, window: 8 << 20 };
const FOLDER: Sizes = Sizes { part: 512 << 10, window: 256 << 10 };

/// An object store, identified by a URL.
#[derive(Clone, Debug)]
pub struct Lake {
    url: Url,
    store: Arc<dyn ObjectStore>,
    /// Uploads large objects; `None` for a folder.
    bucket: Option<Bucket>,
    sizes: Sizes,
    /// The aborts of uploads that were dropped halfway; [`Lake::settle`] waits for them.
    aborts: Arc<Mutex<JoinSet<()>>>,
}

impl Lake {
    /// Opens `s3://bucket[/prefix]` or `file:///dir`.
    ///
    /// A bucket requires `aws`, which provides the region, credentials and endpoint.
    /// Fails for any other kind of URL, or if the folder does not exist and cannot be created (with `create`).
    pub fn open(url: &str, create: bool, aws: Option<&SdkConfig>) -> Result<Self> {
        let parsed = Url::parse(url).map_err(|error| wrong_url(url, &error.to_string()))?;
        let (store, bucket): (Arc<dyn ObjectStore>, _) = match parsed.scheme() {
            "file" => {
                let dir =
                    parsed.to_file_path().map_err(|()| wrong_url(url, "a file URL has three slashes: file:///dir"))?;
                let unusable = |verb: &str| Failure::refused(format!("cannot {verb} the folder `{}`", dir.display()));
                if create {
                    std::fs::create_dir_all(&dir).map_err(|error| unusable("create").because(error))?;
                }
                let store = LocalFileSystem::new_with_prefix(&dir).map_err(|error| unusable("open").because(error))?;
                (Arc::new(store), None)
            }
            #[cfg(not(feature = "aws"))]
            "s3" => aws.map_or_else(|| Err(connect::aws::not_built(url)), |aws| match *aws {})?,
            #[cfg(feature = "aws")]
            "s3" => {
                let aws = aws.context("cannot access the bucket: no AWS SDK configuration was loaded")?;
                self::bucket(aws, url, parsed.path().trim_matches('/'))?
            }
            other => return Err(wrong_url(url, &format!("unknown scheme `{other}`")).into()),
        };
        let sizes = if parsed.scheme() == "s3" { S3 } else { FOLDER };
        Ok(Self { url: parsed, store, bucket, sizes, aborts: Arc::default() })
    }

    /// Returns an object's URL for messages and logs.
    pub fn location(&self, key: &str) -> String {
        format!("{}/{key}", self.url.as_str().trim_end_matches('/'))
    }

    /// Starts the upload of an object of unknown size. Unless it is stored, its bytes are only counted and hashed.
    pub fn upload(&self, key: &str, is_stored: bool) -> Upload {
        Upload::new(self, key, !is_stored)
    }

    /// Reads a whole object; returns `None` if it does not exist.
    pub async fn get(&self, key: &str) -> Result<Option<Bytes>> {
        let Some(found) = self.found("read", key, self.store.get(&Path::from(key)).await)? else { return Ok(None) };
        found.bytes().await.map(Some).map_err(|error| self.failed("read", key, error))
    }

    /// Reads an object's bytes, or returns how it differs from its manifest; reads nothing if the size differs.
    pub async fn get_object(&self, object: &Object) -> Result<Result<Bytes, String>> {
        let key = object.key.as_str();
        let found = self.found("read", key, self.store.get(&Path::from(key)).await)?;
        let problem = object.size_problem(found.as_ref().map(|found| found.meta.size));
        match found.filter(|_| problem.is_none()) {
            Some(found) => found.bytes().await.map(Ok).map_err(|error| self.failed("read", key, error)),
            None => Ok(Err(problem.unwrap_or_default())),
        }
    }

    /// Returns an object's size in bytes, or `None` if it does not exist.
    pub async fn size(&self, key: &str) -> Result<Option<u64>> {
        let found = self.found("find", key, self.store.head(&Path::from(key)).await)?;
        Ok(found.map(|found| found.size))
    }

    /// Reads an object of known size in pieces, and requests each piece while the previous one is being used.
    pub fn read(&self, key: &str, size: u64) -> Reader {
        Reader::new(self, key, size, None)
    }

    /// Opens the current version of an object that may be replaced at any time. Returns the object's size and a reader,
    /// or `None` if the object does not exist. The reader fails with a temporary error if the object changes before it
    /// has been read completely.
    pub async fn read_version(&self, key: &str) -> Result<Option<(u64, Reader)>> {
        let found = self.found("find", key, self.store.head(&Path::from(key)).await)?;
        Ok(found.map(|found| (found.size, Reader::new(self, key, found.size, found.e_tag))))
    }

    /// Returns the SHA-256 of the bytes at an object's key, read piece by piece.
    pub async fn sha256(&self, object: &Object) -> Result<String> {
        let (mut bytes, mut hash) = (self.read(&object.key, object.bytes), Sha256::default());
        while let Some(piece) = bytes.next().await? {
            hash.update(&piece);
        }
        Ok(hex(&hash.finalize()))
    }

    /// Returns the names directly below a prefix.
    pub async fn names(&self, prefix: &str) -> Result<Vec<String>> {
        let found = self.store.list_with_delimiter(Some(&Path::from(prefix))).await;
        let found = found.map_err(|error| self.failed("list", prefix, error))?;
        Ok(found.objects.iter().filter_map(|object| object.location.filename().map(str::to_owned)).collect())
    }

    /// Returns all keys below a prefix with the sizes of the objects.
    pub async fn list(&self, prefix: &str) -> Result<Vec<(String, u64)>> {
        let found =
            self.store.list(Some(&Path::from(prefix))).map_ok(|object| (object.location.to_string(), object.size));
        let mut found: Vec<_> = found.try_collect().await.map_err(|error| self.failed("list", prefix, error))?;
        found.sort();
        Ok(found)
    }

    /// Returns the keys of the objects below a prefix that were written last, newest first.
    pub async fn newest(&self, prefix: &str, suffix: &str, most: usize) -> Result<Vec<String>> {
        let found = self.store.list(Some(&Path::from(prefix)));
        let found = found.try_filter(|object| ready(object.location.as_ref().ends_with(suffix)));
        let mut found: Vec<_> = found.try_collect().await.map_err(|error| self.failed("list", prefix, error))?;
        found.sort_by_key(|object| Reverse(object.last_modified));
        Ok(found.into_iter().take(most).map(|object| object.location.to_string()).collect())
    }

    /// Writes an object, or replaces it.
    pub async fn replace(&self, key: &str, bytes: Vec<u8>) -> Result<()> {
        let put = self.store.put(&Path::from(key), bytes.into()).await;
        put.map(drop).map_err(|error| self.failed("write", key, error))
    }

    /// Reads a whole object with its version; returns `None` if it does not exist.
    pub async fn get_version(&self, key: &str) -> Result<Option<(Bytes, Version)>> {
        let Some(found) = self.found("read", key, self.store.get(&Path::from(key)).await)? else { return Ok(None) };
        let version = Version { e_tag: found.meta.e_tag.clone(), version: found.meta.version.clone() };
        let bytes = found.bytes().await.map_err(|error| self.failed("read", key, error))?;
        Ok(Some((bytes, version)))
    }

    /// Removes the objects that exist.
    pub async fn remove(&self, keys: &[String]) {
        for key in keys {
            if let Err(error) = self.store.delete(&Path::from(key.as_str())).await {
                tracing::debug!(key, %error, "cannot remove an object");
            }
        }
    }

    /// Waits until uploads that were dropped halfway have been aborted.
    pub async fn settle(&self) {
        let aborts = std::mem::take(&mut *self.aborts.lock().unwrap_or_else(PoisonError::into_inner));
        aborts.join_all().await;
    }

    /// Returns the store's result, or `None` if the key does not exist.
    fn found<T>(&self, verb: &str, key: &str, result: object_store::Result<T>) -> Result<Option<T>> {
        match result {
            Ok(found) => Ok(Some(found)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(verb, key, error)),
        }
    }

    fn failed(&self, verb: &str, key: &str, error: object_store::Error) -> anyhow::Error {
        use object_store::Error as E;
        let message = format!("cannot {verb} `{}`", self.location(key));
        let failure = match &error {
            E::PermissionDenied { .. } | E::Unauthenticated { .. } => {
                Failure::refused(message).hint("check the credentials and their permissions for this bucket")
            }
            E::NotFound { .. } | E::InvalidPath { .. } | E::NotSupported { .. } | E::NotImplemented { .. } => {
                Failure::refused(message)
            }
            _ if self.url.scheme() == "file" => {
                Failure::refused(message).hint("check that the folder exists, is writable, and has free space")
            }
            _ => Failure::temporary(message),
        };
        failure.because(error).into()
    }
}

/// Opens a bucket without sending a request.
#[cfg(feature = "aws")]
fn bucket(aws: &SdkConfig, url: &str, prefix: &str) -> Result<(Arc<dyn ObjectStore>, Option<Bucket>)> {
    let unusable = || Failure::refused(format!("cannot access the bucket in `{url}`"));
    let client = |options: ClientOptions| -> Result<Arc<PrefixStore<AmazonS3>>> {
        let builder = connect::bucket::builder(aws, options).map_err(|error| unusable().because(error))?;
        let store = builder.with_url(url).build().map_err(|error| unusable().because(error))?;
        Ok(Arc::new(PrefixStore::new(store, Path::from(prefix))))
    };
    let absent = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static("*"))]);
    // A browser shows a page only with its type.
    let options = || ClientOptions::new().with_content_type_for_suffix("html", "text/html; charset=utf-8");
    let store = client(options())?;
    let completing = client(options().with_default_headers(absent))?;
    Ok((Arc::clone(&store) as _, Some(Bucket { parts: store, completing })))
}

fn wrong_url(url: &str, problem: &str) -> Failure {
    Failure::refused(format!("`{url}` is not a lake URL: {problem}")).hint("use s3://bucket or file:///dir")
}

#[cfg(test)]
#[path = "../../tests/unit/edge/lake.rs"]
mod tests;
