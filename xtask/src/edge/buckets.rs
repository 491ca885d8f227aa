//! Buckets as a whole, by S3's own client: whose a name is, and everything that a bucket holds, every version of it.

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{BucketVersioningStatus, Delete, ObjectIdentifier};

use crate::failure::{self, of_call};

/// Objects that one request removes (Amazon S3 API Reference, DeleteObjects).
const TOGETHER: i32 = 1_000;

/// S3 of an account.
#[derive(Clone, Debug)]
pub struct Buckets {
    client: Client,
}

/// Whose a bucket's name is; names are unique in the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Nobody's.
    Nobody,
    /// This account's.
    Us,
    /// Another account's, or one's that does not let us look; or it is in another region, whosever it is (Amazon S3 API
    /// Reference, HeadBucket: 403, 301 and 400).
    Others,
}

/// What a bucket holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Objects that are there now.
    pub objects: u64,
    /// Their versions, old ones and marks of deletion among them.
    pub versions: u64,
    /// Bytes of all of them.
    pub bytes: u64,
}

impl Buckets {
    /// With a client made by the SDK. An emulator on this machine cannot be found as `bucket.host`.
    pub fn new(config: &SdkConfig, emulated: bool) -> Self {
        Self { client: Client::from_conf(Builder::from(config).force_path_style(emulated).build()) }
    }

    /// Whose a name is.
    pub async fn owner(&self, bucket: &str, account: &str) -> Result<Owner> {
        let asked = self.client.head_bucket().bucket(bucket).expected_bucket_owner(account).send().await;
        let Err(error) = asked else { return Ok(Owner::Us) };
        // HEAD has no body, so that there is no code: the status is all that it tells (API Reference, HeadBucket).
        match error.raw_response().map(|response| response.status().as_u16()) {
            Some(404) => Ok(Owner::Nobody),
            Some(403 | 301 | 400) => Ok(Owner::Others),
            _ => Err(refused(&format!("ask whose the bucket `{bucket}` is"), &error)),
        }
    }

    /// Whether a bucket keeps versions.
    pub async fn is_versioned(&self, bucket: &str) -> Result<bool> {
        let told = self.client.get_bucket_versioning().bucket(bucket).send().await;
        let told = told.map_err(|error| refused(&format!("ask whether `{bucket}` keeps versions"), &error))?;
        Ok(told.status() == Some(&BucketVersioningStatus::Enabled))
    }

    /// The ARN of the key by which a bucket encrypts what it is given, where that is a key of KMS and not AWS's own.
    pub async fn key(&self, bucket: &str) -> Result<Option<String>> {
        let told = match self.client.get_bucket_encryption().bucket(bucket).send().await {
            Err(error) if error.code() == Some("ServerSideEncryptionConfigurationNotFoundError") => return Ok(None),
            told => told.map_err(|error| refused(&format!("ask how `{bucket}` encrypts"), &error))?,
        };
        let rules = told.server_side_encryption_configuration.map(|found| found.rules).unwrap_or_default();
        let mut keys =
            rules.into_iter().filter_map(|rule| rule.apply_server_side_encryption_by_default?.kms_master_key_id);
        Ok(keys.find(|key| key.starts_with("arn:") && key.contains(":key/")))
    }

    /// What is in a bucket; none if it is not there.
    pub async fn content(&self, bucket: &str) -> Result<Option<Content>> {
        let (mut content, mut key, mut version) = (Content::default(), None, None);
        loop {
            let call = self.client.list_object_versions().bucket(bucket);
            let page = match call.set_key_marker(key).set_version_id_marker(version).send().await {
                Err(error) if error.code() == Some("NoSuchBucket") => return Ok(None),
                page => page.map_err(|error| refused(&format!("list the versions in `{bucket}`"), &error))?,
            };
            let now = page.versions().iter().filter(|version| version.is_latest() == Some(true));
            content.objects += now.count() as u64;
            content.versions += (page.versions().len() + page.delete_markers().len()) as u64;
            content.bytes +=
                page.versions().iter().map(|version| version.size().unwrap_or(0).unsigned_abs()).sum::<u64>();
            if page.is_truncated() != Some(true) {
                return Ok(Some(content));
            }
            (key, version) = (page.next_key_marker, page.next_version_id_marker);
        }
    }

    /// Removes every version of every object, and every upload that was not ended.
    pub async fn empty(&self, bucket: &str) -> Result<()> {
        loop {
            let what = format!("list the versions in `{bucket}`");
            let page = self.client.list_object_versions().bucket(bucket).max_keys(TOGETHER).send().await;
            let page = page.map_err(|error| refused(&what, &error))?;
            let of = |key: Option<&str>, version: Option<&str>| {
                let one =
                    ObjectIdentifier::builder().key(key.unwrap_or_default()).set_version_id(version.map(str::to_owned));
                one.build().context("an object without a key")
            };
            let versions = page.versions().iter().map(|version| of(version.key(), version.version_id()));
            let marks = page.delete_markers().iter().map(|mark| of(mark.key(), mark.version_id()));
            let all: Vec<ObjectIdentifier> = versions.chain(marks).collect::<Result<_>>()?;
            if all.is_empty() {
                break;
            }
            let what = format!("empty `{bucket}`");
            let delete = Delete::builder().set_objects(Some(all)).quiet(true).build().context("no objects")?;
            let told = self.client.delete_objects().bucket(bucket).delete(delete).send().await;
            let told = told.map_err(|error| refused(&what, &error))?;
            if let Some(error) = told.errors().first() {
                let words = format!("{}: {}", error.key().unwrap_or_default(), error.message().unwrap_or_default());
                return Err(of_call(&what, error.code(), &words, &HINTS).into());
            }
        }
        let what = format!("end the uploads in `{bucket}`");
        loop {
            let told = self.client.list_multipart_uploads().bucket(bucket).send().await;
            let told = told.map_err(|error| refused(&what, &error))?;
            for upload in told.uploads() {
                let (key, id) = (upload.key().unwrap_or_default(), upload.upload_id().unwrap_or_default());
                let ended = self.client.abort_multipart_upload().bucket(bucket).key(key).upload_id(id).send().await;
                ended.map_err(|error| refused(&what, &error))?;
            }
            if told.is_truncated() != Some(true) {
                return Ok(());
            }
        }
    }

    /// Removes an empty bucket; one that is not there is no failure.
    pub async fn remove(&self, bucket: &str) -> Result<()> {
        match self.client.delete_bucket().bucket(bucket).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("NoSuchBucket") => Ok(()),
            Err(error) => Err(refused(&format!("remove the bucket `{bucket}`"), &error)),
        }
    }
}

/// What mends an error, by how its code begins.
const HINTS: [(&str, &str); 2] = [
    ("AccessDenied", "the deploying identity lacks this permission; infra/README.md lists what it needs"),
    ("BucketNotEmpty", "somebody wrote to it meanwhile; run the same command again"),
];

fn refused<E>(what: &str, error: &SdkError<E>) -> anyhow::Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    failure::refused(what, (error.code(), error.message()), error, &HINTS).into()
}
