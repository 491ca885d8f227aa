//! S3 buckets: their owners, settings and object versions.

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::types::{BucketVersioningStatus, Delete, ObjectIdentifier};
use connect::call::{CallResult, call_failure};
use serde::Serialize;

use crate::failure::of_call;

/// Maximum number of objects per DeleteObjects request (Amazon S3 API Reference).
const PAGE: i32 = 1_000;

#[derive(Clone, Debug)]
pub struct Buckets {
    client: Client,
}

/// The owner of a bucket name; bucket names are globally unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    None,
    Caller,
    /// Owned by another account, not accessible to the caller, or in another region (Amazon S3 API Reference,
    /// HeadBucket: 403, 400 and 301).
    Other,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Content {
    pub objects: u64,
    /// All versions, including old ones and delete markers.
    pub versions: u64,
    pub bytes: u64,
}

impl Buckets {
    /// An emulator on this machine needs path-style URLs: `bucket.host` does not resolve.
    pub fn new(config: &SdkConfig, emulated: bool) -> Self {
        Self { client: Client::from_conf(Builder::from(config).force_path_style(emulated).build()) }
    }

    pub async fn owner(&self, bucket: &str, account: &str) -> Result<Owner> {
        let response = self.client.head_bucket().bucket(bucket).expected_bucket_owner(account).send().await;
        let Err(error) = response else { return Ok(Owner::Caller) };
        // A HEAD response has no body and therefore no error code (API Reference, HeadBucket).
        match error.raw_response().map(|response| response.status().as_u16()) {
            Some(404) => Ok(Owner::None),
            Some(403 | 301 | 400) => Ok(Owner::Other),
            _ => Err(call_failure(&format!("find the owner of the bucket `{bucket}`"), &error, &HINTS).into()),
        }
    }

    pub async fn is_versioned(&self, bucket: &str) -> Result<bool> {
        let call = self.client.get_bucket_versioning().bucket(bucket).send().await;
        let response = call.or_failure(format!("read the versioning configuration of `{bucket}`"), &HINTS)?;
        Ok(response.status() == Some(&BucketVersioningStatus::Enabled))
    }

    /// Returns the ARN of the KMS key that encrypts new objects, unless AWS owns the key.
    pub async fn key(&self, bucket: &str) -> Result<Option<String>> {
        let call = self.client.get_bucket_encryption().bucket(bucket).send().await;
        let response = call.unless("ServerSideEncryptionConfigurationNotFoundError");
        let response = response.or_failure(format!("read the encryption configuration of `{bucket}`"), &HINTS)?;
        let configuration = response.and_then(|response| response.server_side_encryption_configuration);
        let rules = configuration.into_iter().flat_map(|configuration| configuration.rules);
        let mut keys = rules.filter_map(|rule| rule.apply_server_side_encryption_by_default?.kms_master_key_id);
        Ok(keys.find(|key| key.starts_with("arn:") && key.contains(":key/")))
    }

    /// Counts the objects: one request per 1,000 versions.
    pub async fn content(&self, bucket: &str) -> Result<Content> {
        let (mut content, mut key, mut version) = (Content::default(), None, None);
        loop {
            let call = self.client.list_object_versions().bucket(bucket);
            let page = call.set_key_marker(key).set_version_id_marker(version).send().await;
            let page = page.or_failure(format!("list the object versions in `{bucket}`"), &HINTS)?;
            content.versions += (page.versions().len() + page.delete_markers().len()) as u64;
            for version in page.versions() {
                content.objects += u64::from(version.is_latest() == Some(true));
                content.bytes += version.size().unwrap_or(0).unsigned_abs();
            }
            if page.is_truncated() != Some(true) {
                return Ok(content);
            }
            (key, version) = (page.next_key_marker, page.next_version_id_marker);
        }
    }

    /// Deletes every version of every object, and aborts unfinished uploads.
    pub async fn empty(&self, bucket: &str) -> Result<()> {
        loop {
            let action = format!("list the object versions in `{bucket}`");
            let call = self.client.list_object_versions().bucket(bucket).max_keys(PAGE);
            let page = call.send().await.or_failure(&action, &HINTS)?;
            let versions = page.versions.into_iter().flatten().map(|version| (version.key, version.version_id));
            let markers = page.delete_markers.into_iter().flatten().map(|marker| (marker.key, marker.version_id));
            let all = versions.chain(markers).map(|(key, version)| {
                let object = ObjectIdentifier::builder().set_key(key).set_version_id(version).build();
                object.context("S3 listed an object without a key")
            });
            let all = all.collect::<Result<Vec<_>>>()?;
            if all.is_empty() {
                break;
            }
            self.delete(bucket, &format!("empty `{bucket}`"), all).await?;
        }
        let action = format!("abort the multipart uploads in `{bucket}`");
        loop {
            let call = self.client.list_multipart_uploads().bucket(bucket).send().await;
            let response = call.or_failure(&action, &HINTS)?;
            for upload in response.uploads.unwrap_or_default() {
                let call = self.client.abort_multipart_upload().bucket(bucket);
                let call = call.set_key(upload.key).set_upload_id(upload.upload_id).send().await;
                call.or_failure(&action, &HINTS)?;
            }
            if response.is_truncated != Some(true) {
                return Ok(());
            }
        }
    }

    async fn delete(&self, bucket: &str, action: &str, objects: Vec<ObjectIdentifier>) -> Result<()> {
        let delete = Delete::builder().set_objects(Some(objects)).quiet(true).build()?;
        let call = self.client.delete_objects().bucket(bucket).delete(delete).send().await;
        let response = call.or_failure(action, &HINTS)?;
        let Some(error) = response.errors().first() else { return Ok(()) };
        let message = format!("{}: {}", error.key().unwrap_or_default(), error.message().unwrap_or_default());
        Err(of_call(action, error.code(), &message, &HINTS).into())
    }

    /// Deletes the noncurrent versions of the objects with a prefix, or only counts them; returns their number.
    pub async fn noncurrent(&self, bucket: &str, prefix: &str, deletes: bool) -> Result<u64> {
        let (mut count, mut key, mut version) = (0, None, None);
        loop {
            let action = format!("list the object versions in `{bucket}`");
            let call = self.client.list_object_versions().bucket(bucket).prefix(prefix).max_keys(PAGE);
            let page =
                call.set_key_marker(key).set_version_id_marker(version).send().await.or_failure(&action, &HINTS)?;
            let old = page.versions().iter().filter(|version| version.is_latest() != Some(true));
            let old = old.map(|version| {
                let (key, id) = (version.key().map(str::to_owned), version.version_id().map(str::to_owned));
                let object = ObjectIdentifier::builder().set_key(key).set_version_id(id).build();
                object.context("S3 listed an object without a key")
            });
            let old = old.collect::<Result<Vec<_>>>()?;
            count += old.len() as u64;
            if deletes && !old.is_empty() {
                self.delete(bucket, &format!("delete old versions in `{bucket}`"), old).await?;
            }
            if page.is_truncated() != Some(true) {
                return Ok(count);
            }
            (key, version) = (page.next_key_marker, page.next_version_id_marker);
        }
    }

    pub async fn remove(&self, bucket: &str) -> Result<()> {
        let call = self.client.delete_bucket().bucket(bucket).send().await;
        call.unless("NoSuchBucket").map(drop).or_failure(format!("delete the bucket `{bucket}`"), &HINTS)
    }
}

const HINTS: [(&str, &str); 2] = [
    ("AccessDenied", "the deploying identity lacks this permission; infra/README.md lists the required ones"),
    ("BucketNotEmpty", "another client wrote to the bucket while it was being deleted; run the same command again"),
];
