//! S3 buckets: the owner of a name, and all object versions in a bucket.

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::types::{BucketVersioningStatus, Delete, ObjectIdentifier};
use connect::call::{CallResult, call_failure};

use crate::failure::of_call;

/// Objects in one DeleteObjects request (Amazon S3 API Reference).
const PAGE: i32 = 1_000;

/// S3 in an account.
#[derive(Clone, Debug)]
pub struct Buckets {
    client: Client,
}

/// The owner of a bucket name; names are unique in all of AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// No bucket has this name.
    None,
    /// This account.
    Caller,
    /// Another account, or access is denied, or the bucket is in another region (Amazon S3 API Reference, HeadBucket: 403, 400
    /// and 301).
    Other,
}

/// The size of a bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Current objects.
    pub objects: u64,
    /// All versions, including old ones and delete markers.
    pub versions: u64,
    /// Bytes of all versions.
    pub bytes: u64,
}

impl Buckets {
    /// With the SDK's client. An emulator on this machine needs path-style URLs: `bucket.host` does not resolve.
    pub fn new(config: &SdkConfig, emulated: bool) -> Self {
        Self { client: Client::from_conf(Builder::from(config).force_path_style(emulated).build()) }
    }

    /// The owner of a bucket name.
    pub async fn owner(&self, bucket: &str, account: &str) -> Result<Owner> {
        let response = self.client.head_bucket().bucket(bucket).expected_bucket_owner(account).send().await;
        let Err(error) = response else { return Ok(Owner::Caller) };
        // A response to HEAD has no body and so no error code (API Reference, HeadBucket).
        match error.raw_response().map(|response| response.status().as_u16()) {
            Some(404) => Ok(Owner::None),
            Some(403 | 301 | 400) => Ok(Owner::Other),
            _ => Err(call_failure(&format!("find the owner of the bucket `{bucket}`"), &error, &HINTS).into()),
        }
    }

    /// Whether versioning is enabled for a bucket.
    pub async fn is_versioned(&self, bucket: &str) -> Result<bool> {
        let response = self
            .client
            .get_bucket_versioning()
            .bucket(bucket)
            .send()
            .await
            .or_failure(format!("read the versioning of `{bucket}`"), &HINTS)?;
        Ok(response.status() == Some(&BucketVersioningStatus::Enabled))
    }

    /// The ARN of the KMS key that encrypts new objects, unless AWS owns the key.
    pub async fn key(&self, bucket: &str) -> Result<Option<String>> {
        let response = self
            .client
            .get_bucket_encryption()
            .bucket(bucket)
            .send()
            .await
            .unless("ServerSideEncryptionConfigurationNotFoundError")
            .or_failure(format!("read the encryption of `{bucket}`"), &HINTS)?;
        let Some(response) = response else { return Ok(None) };
        let rules = response.server_side_encryption_configuration.map(|found| found.rules).unwrap_or_default();
        let mut keys =
            rules.into_iter().filter_map(|rule| rule.apply_server_side_encryption_by_default?.kms_master_key_id);
        Ok(keys.find(|key| key.starts_with("arn:") && key.contains(":key/")))
    }

    /// The size of a bucket, if it exists.
    pub async fn content(&self, bucket: &str) -> Result<Option<Content>> {
        let (mut content, mut key, mut version) = (Content::default(), None, None);
        loop {
            let call = self.client.list_object_versions().bucket(bucket);
            let page = match call.set_key_marker(key).set_version_id_marker(version).send().await {
                Err(error) if error.code() == Some("NoSuchBucket") => return Ok(None),
                page => page.or_failure(format!("list the versions in `{bucket}`"), &HINTS)?,
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

    /// Deletes every version of every object, and aborts unfinished uploads.
    pub async fn empty(&self, bucket: &str) -> Result<()> {
        loop {
            let action = format!("list the versions in `{bucket}`");
            let page = self
                .client
                .list_object_versions()
                .bucket(bucket)
                .max_keys(PAGE)
                .send()
                .await
                .or_failure(&action, &HINTS)?;
            let of = |key: Option<&str>, version: Option<&str>| {
                let one =
                    ObjectIdentifier::builder().key(key.unwrap_or_default()).set_version_id(version.map(str::to_owned));
                one.build().context("an object without a key")
            };
            let versions = page.versions().iter().map(|version| of(version.key(), version.version_id()));
            let markers = page.delete_markers().iter().map(|marker| of(marker.key(), marker.version_id()));
            let all: Vec<ObjectIdentifier> = versions.chain(markers).collect::<Result<_>>()?;
            if all.is_empty() {
                break;
            }
            let action = format!("empty `{bucket}`");
            let delete = Delete::builder().set_objects(Some(all)).quiet(true).build().context("no objects")?;
            let response =
                self.client.delete_objects().bucket(bucket).delete(delete).send().await.or_failure(&action, &HINTS)?;
            if let Some(error) = response.errors().first() {
                let message = format!("{}: {}", error.key().unwrap_or_default(), error.message().unwrap_or_default());
                return Err(of_call(&action, error.code(), &message, &HINTS).into());
            }
        }
        let action = format!("abort the uploads in `{bucket}`");
        loop {
            let response =
                self.client.list_multipart_uploads().bucket(bucket).send().await.or_failure(&action, &HINTS)?;
            for upload in response.uploads() {
                let (key, id) = (upload.key().unwrap_or_default(), upload.upload_id().unwrap_or_default());
                self.client
                    .abort_multipart_upload()
                    .bucket(bucket)
                    .key(key)
                    .upload_id(id)
                    .send()
                    .await
                    .or_failure(&action, &HINTS)?;
            }
            if response.is_truncated() != Some(true) {
                return Ok(());
            }
        }
    }

    /// Deletes an empty bucket, if it exists.
    pub async fn remove(&self, bucket: &str) -> Result<()> {
        let call = self.client.delete_bucket().bucket(bucket).send().await;
        call.unless("NoSuchBucket").map(drop).or_failure(format!("delete the bucket `{bucket}`"), &HINTS)
    }
}

/// Hints by the start of the error code.
const HINTS: [(&str, &str); 2] = [
    ("AccessDenied", "the deploying identity lacks this permission; infra/README.md lists the required ones"),
    ("BucketNotEmpty", "another client wrote to it meanwhile; run the same command again"),
];
