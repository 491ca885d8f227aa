//! Amazon ECR: what a repository has, and who may push.

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use aws_sdk_ecr::Client;
use aws_sdk_ecr::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ecr::types::ImageIdentifier;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::failure;

/// The registry of an account in a region.
#[derive(Debug)]
pub struct Ecr {
    client: Client,
}

/// An image that a repository has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Of its manifest.
    pub digest: String,
    /// The account that the registry belongs to.
    pub account: String,
}

/// Who may push for the next twelve hours, and where to.
pub struct Login {
    /// `AWS`.
    pub user: String,
    /// The token.
    pub password: String,
    /// The registry's host.
    pub host: String,
}

impl Ecr {
    /// With a client made by the SDK.
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }

    /// The image with a tag, if the repository has one.
    pub async fn find(&self, repository: &str, tag: &str) -> Result<Option<Found>> {
        let wanted = ImageIdentifier::builder().image_tag(tag).build();
        match self.client.describe_images().repository_name(repository).image_ids(wanted).send().await {
            Ok(told) => Ok(told.image_details().first().map(|image| Found {
                digest: image.image_digest().unwrap_or_default().to_owned(),
                account: image.registry_id().unwrap_or_default().to_owned(),
            })),
            Err(error) if error.code() == Some("ImageNotFoundException") => Ok(None),
            Err(error) => Err(refused(&format!("look into ECR's repository `{repository}`"), &error)),
        }
    }

    /// How many images a repository has; none where it is not there.
    pub async fn count(&self, repository: &str) -> Result<usize> {
        let mut pages = self.client.describe_images().repository_name(repository).into_paginator().send();
        let mut count = 0;
        while let Some(page) = pages.next().await {
            count += match page {
                Err(error) if error.code() == Some("RepositoryNotFoundException") => return Ok(0),
                page => page.map_err(|error| refused(&format!("look into ECR's repository `{repository}`"), &error))?,
            }
            .image_details()
            .len();
        }
        Ok(count)
    }

    /// Makes a repository.
    pub async fn make(&self, repository: &str) -> Result<()> {
        let told = self.client.create_repository().repository_name(repository).send().await;
        told.map(drop).map_err(|error| refused(&format!("make the repository `{repository}`"), &error))
    }

    /// The digests of all images of a repository, but beyond the first page of them.
    pub async fn digests(&self, repository: &str) -> Result<Vec<String>> {
        let told = self.client.describe_images().repository_name(repository).send().await;
        let told = told.map_err(|error| refused(&format!("look into ECR's repository `{repository}`"), &error))?;
        Ok(told.image_details().iter().filter_map(|image| image.image_digest().map(str::to_owned)).collect())
    }

    /// Takes an image out of a repository.
    pub async fn remove(&self, repository: &str, digest: &str) -> Result<()> {
        let image = ImageIdentifier::builder().image_digest(digest).build();
        let told = self.client.batch_delete_image().repository_name(repository).image_ids(image).send().await;
        told.map(drop).map_err(|error| refused(&format!("delete an image in `{repository}`"), &error))
    }

    /// Whether a repository has the image with a digest.
    pub async fn has(&self, repository: &str, digest: &str) -> Result<bool> {
        let wanted = ImageIdentifier::builder().image_digest(digest).build();
        match self.client.describe_images().repository_name(repository).image_ids(wanted).send().await {
            Ok(told) => Ok(!told.image_details().is_empty()),
            Err(error) if error.code() == Some("ImageNotFoundException") => Ok(false),
            Err(error) => Err(refused(&format!("look into ECR's repository `{repository}`"), &error)),
        }
    }

    /// The digest of the configuration of the image with a digest: what the engine calls the image's id.
    pub async fn configuration(&self, repository: &str, digest: &str) -> Result<Option<String>> {
        let wanted = ImageIdentifier::builder().image_digest(digest).build();
        let told = self.client.batch_get_image().repository_name(repository).image_ids(wanted).send().await;
        let told = told.map_err(|error| refused(&format!("show an image of `{repository}`"), &error))?;
        let manifest = told.images().first().and_then(|image| image.image_manifest()).unwrap_or("null");
        let manifest: serde_json::Value = serde_json::from_str(manifest).context("ECR's manifest is not JSON")?;
        Ok(manifest["config"]["digest"].as_str().map(str::to_owned))
    }

    /// A token to push with.
    pub async fn login(&self) -> Result<Login> {
        let told = self.client.get_authorization_token().send().await;
        let told = told.map_err(|error| refused("get a token of ECR to push with", &error))?;
        let data = told.authorization_data().first().context("ECR gave no token")?;
        let token =
            STANDARD.decode(data.authorization_token().unwrap_or_default()).context("ECR's token cannot be read")?;
        let token = String::from_utf8(token).context("ECR's token cannot be read")?;
        let (user, password) = token.split_once(':').context("ECR's token cannot be read")?;
        let host = data.proxy_endpoint().unwrap_or_default().trim_start_matches("https://").to_owned();
        Ok(Login { user: user.to_owned(), password: password.to_owned(), host })
    }
}

/// What mends an error, by how its code begins.
const HINTS: [(&str, &str); 2] = [
    ("RepositoryNotFound", "make it first: the stack `registry` of `cargo xtask deploy` has both repositories"),
    ("AccessDenied", "the caller needs ecr:DescribeImages and ecr:GetAuthorizationToken"),
];

fn refused<E>(what: &str, error: &SdkError<E>) -> anyhow::Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    failure::refused(what, (error.code(), error.message()), error, &HINTS).into()
}
