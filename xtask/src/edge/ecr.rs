//! Amazon ECR: the images in a repository, and the login token for a push.

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use aws_sdk_ecr::Client;
use aws_sdk_ecr::types::{ImageDetail, ImageIdentifier};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use connect::Secret;
use connect::call::CallResult;

#[derive(Debug)]
pub struct Ecr {
    client: Client,
}

/// Credentials for a push, valid for twelve hours.
#[derive(Debug)]
pub struct Login {
    /// Always `AWS`.
    pub user: String,
    pub password: Secret,
    pub host: String,
}

impl Ecr {
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }

    pub async fn find(&self, repository: &str, tag: &str) -> Result<Option<ImageDetail>> {
        self.image(repository, ImageIdentifier::builder().image_tag(tag).build()).await
    }

    pub async fn has(&self, repository: &str, digest: &str) -> Result<bool> {
        Ok(self.image(repository, ImageIdentifier::builder().image_digest(digest).build()).await?.is_some())
    }

    async fn image(&self, repository: &str, image: ImageIdentifier) -> Result<Option<ImageDetail>> {
        let call = self.client.describe_images().repository_name(repository).image_ids(image).send().await;
        let response = call.unless("ImageNotFoundException").or_failure(reading(repository), &HINTS)?;
        Ok(response.and_then(|response| response.image_details.unwrap_or_default().into_iter().next()))
    }

    /// Returns the digests of all images in a repository; an empty list if the repository does not exist.
    pub async fn digests(&self, repository: &str) -> Result<Vec<String>> {
        let call = self.client.describe_images().repository_name(repository).into_paginator().items().send();
        let images = call.try_collect().await.unless("RepositoryNotFoundException");
        let images = images.or_failure(reading(repository), &HINTS)?.unwrap_or_default();
        Ok(images.into_iter().filter_map(|image| image.image_digest).collect())
    }

    pub async fn create(&self, repository: &str) -> Result<()> {
        let call = self.client.create_repository().repository_name(repository).send().await;
        call.map(drop).or_failure(format!("create the repository `{repository}`"), &HINTS)
    }

    pub async fn remove(&self, repository: &str, digest: &str) -> Result<()> {
        let image = ImageIdentifier::builder().image_digest(digest).build();
        let call = self.client.batch_delete_image().repository_name(repository).image_ids(image).send().await;
        call.map(drop).or_failure(format!("delete an image in `{repository}`"), &HINTS)
    }

    /// Returns the digest of an image's configuration, which the Docker engine uses as the image ID.
    pub async fn configuration(&self, repository: &str, digest: &str) -> Result<Option<String>> {
        let image = ImageIdentifier::builder().image_digest(digest).build();
        let call = self.client.batch_get_image().repository_name(repository).image_ids(image).send().await;
        let response = call.or_failure(format!("read the manifest of an image in `{repository}`"), &HINTS)?;
        let manifest = response.images().first().and_then(|image| image.image_manifest()).unwrap_or("null");
        let manifest: serde_json::Value =
            serde_json::from_str(manifest).context("the image manifest in ECR is not valid JSON")?;
        Ok(manifest["config"]["digest"].as_str().map(str::to_owned))
    }

    pub async fn login(&self) -> Result<Login> {
        let response = self.client.get_authorization_token().send().await;
        let response = response.or_failure("get an authorization token from ECR", &HINTS)?;
        let data = response.authorization_data().first().context("ECR did not return an authorization token")?;
        let invalid = "ECR returned an invalid authorization token";
        let token = STANDARD.decode(data.authorization_token().unwrap_or_default()).context(invalid)?;
        let token = String::from_utf8(token).context(invalid)?;
        let (user, password) = token.split_once(':').context(invalid)?;
        let host = data.proxy_endpoint().unwrap_or_default().trim_start_matches("https://").to_owned();
        Ok(Login { user: user.to_owned(), password: password.into(), host })
    }
}

fn reading(repository: &str) -> String {
    format!("read the ECR repository `{repository}`")
}

const HINTS: [(&str, &str); 2] = [
    ("RepositoryNotFound", "run `cargo xtask deploy` first: its `registry` stack contains both repositories"),
    ("AccessDenied", "the caller needs ecr:DescribeImages and ecr:GetAuthorizationToken"),
];
