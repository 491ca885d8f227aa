//! Access to ECR: one request finds an image; only a push needs a token.

use anyhow::{Context, Result};
use connect::aws::domain;

use super::{BuildProgress, ImageRequest};
use crate::edge::aws::Aws;
use crate::edge::docker::{Engine, ImageInspect, Pushed};
use crate::edge::ecr::Ecr;
use crate::failure::Failure;
use crate::flows::account;
use crate::image::{INGESTION, ImagePlan, short};
use crate::settings::Settings;

pub(super) struct Registry<'a> {
    settings: &'a Settings,
    aws: Aws,
    ecr: Ecr,
    /// The host of an emulated registry.
    host: Option<String>,
}

pub(super) struct RegistryImage {
    /// Digest of the image manifest.
    pub digest: String,
    /// Host, repository and digest.
    pub uri: String,
}

impl<'a> Registry<'a> {
    /// Opens the registry. Fails if the credentials belong to a different account than the one in the settings.
    pub(super) fn open(request: &'a ImageRequest) -> Result<Self> {
        let aws = Aws::for_settings(&request.settings, &request.variables)?;
        account::check(&request.settings, &aws)?;
        // An emulated registry has the emulator's host, even if the emulator returns a different one.
        let (ecr, host) = (Ecr::new(&aws.config), request.registry.clone().or_else(|| aws.emulator()));
        Ok(Self { settings: &request.settings, aws, ecr, host })
    }

    pub(super) fn find(&self, plan: &ImagePlan) -> Result<Option<RegistryImage>> {
        let found = self.aws.wait(self.ecr.find(self.repository(plan), &plan.key()))?;
        Ok(found.map(|found| {
            let (account, region) = (found.registry_id.unwrap_or_default(), &self.settings.region);
            let own = format!("{account}.dkr.ecr.{region}.{}", domain(region));
            self.image(plan, self.host.as_deref().unwrap_or(&own), found.image_digest.unwrap_or_default())
        }))
    }

    /// Makes the engine's image the one in the registry, unless it is already.
    pub(super) fn pull(
        &self,
        plan: &ImagePlan,
        found: &RegistryImage,
        engine: &Engine,
        progress: &mut dyn BuildProgress,
    ) -> Result<()> {
        if let Some(image) = engine.image(&plan.tag())?
            && self.is_same(plan, found, &image)?
        {
            return Ok(());
        }
        let (login, key) = (self.aws.wait(self.ecr.login())?, plan.key());
        progress.step(&format!("Pulling {} {}", plan.name, short(&key)));
        engine.pull(&found.uri, (plan.name, &key), (&login.user, login.password.expose()))
    }

    pub(super) fn push(
        &self,
        plan: &ImagePlan,
        engine: &Engine,
        progress: &mut dyn BuildProgress,
    ) -> Result<(RegistryImage, Pushed)> {
        let (login, key) = (self.aws.wait(self.ecr.login())?, plan.key());
        let host = self.host.as_deref().unwrap_or(&login.host);
        let repository = format!("{host}/{}", self.repository(plan));
        progress.step(&format!("Pushing {} {}", plan.name, short(&key)));
        let local = format!("{}:{key}", plan.name);
        let pushed = engine.push(&local, &repository, &key, (&login.user, login.password.expose()), &mut |pushed| {
            progress.progress(plan.name, pushed);
        });
        let image = engine.image(&local)?.context("the engine no longer has the image")?;
        match pushed {
            Ok(pushed) => {
                let mut digests = image.repo_digests.iter().flatten();
                let digest = digests.find_map(|digest| digest.strip_prefix(&format!("{repository}@")));
                let digest = digest.context("the engine did not report a digest for the pushed image")?;
                Ok((self.image(plan, host, digest.to_owned()), pushed))
            }
            // Another push was faster, and tags are immutable. ECR rejects even the same image, which counts as success
            // here; a different image is an error.
            Err(error) => match self.find(plan)? {
                Some(found) if self.is_same(plan, &found, &image)? => Ok((found, Pushed::default())),
                Some(found) => {
                    let words = format!(
                        "`{repository}` already contains a different image ({}) with the tag {}",
                        found.digest,
                        short(&key)
                    );
                    let hint = "tags are immutable, and an image with the same inputs was pushed before: omit `--no-cache` to \
                                use that image, or delete the image first";
                    Err(Failure::new(words).hint(hint).into())
                }
                None => Err(error),
            },
        }
    }

    /// Whether the engine's image is the one in the registry. An engine identifies an image by its configuration
    /// digest, or by its manifest digest if containerd stores the images.
    fn is_same(&self, plan: &ImagePlan, found: &RegistryImage, image: &ImageInspect) -> Result<bool> {
        let configuration = || self.aws.wait(self.ecr.configuration(self.repository(plan), &found.digest));
        let id = image.id.as_deref().unwrap_or_default();
        Ok(id == found.digest || configuration()?.as_deref() == Some(id))
    }

    fn repository(&self, plan: &ImagePlan) -> &str {
        if plan.name == INGESTION { &self.settings.registry.ingestion } else { &self.settings.registry.dbt }
    }

    fn image(&self, plan: &ImagePlan, host: &str, digest: String) -> RegistryImage {
        RegistryImage { uri: format!("{host}/{}@{digest}", self.repository(plan)), digest }
    }
}
