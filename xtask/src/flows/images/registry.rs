//! ECR as the images' home: one question a repository says whether an image is there; a token is asked for only to push.

use std::cell::OnceCell;

use anyhow::{Context, Result};

use super::{Listener, Request};
use crate::edge::aws::Aws;
use crate::edge::docker::{Engine, Image, Pushed};
use crate::edge::ecr::{Ecr, Login};
use crate::failure::Failure;
use crate::flows::account;
use crate::image::{INGESTION, ImagePlan};
use crate::settings::Settings;

/// The registry that is pushed to.
pub(super) struct Registry<'a> {
    settings: &'a Settings,
    aws: Aws,
    ecr: Ecr,
    /// Another host than ECR's own.
    host: Option<String>,
    login: OnceCell<Login>,
}

/// An image in the registry.
pub(super) struct There {
    /// Of its manifest.
    pub digest: String,
    /// Host, repository and digest.
    pub uri: String,
}

impl<'a> Registry<'a> {
    /// # Errors
    /// When the credentials are of another account than the settings'.
    pub(super) fn open(request: &'a Request) -> Result<Self> {
        let aws = Aws::of(&request.settings, &request.variables)?;
        account::check(&request.settings, &aws)?;
        // An emulator's registry is where the emulator is, whatever name it gives.
        let (ecr, host) = (Ecr::new(&aws.config), request.registry.clone().or_else(|| aws.emulator()));
        Ok(Self { settings: &request.settings, aws, ecr, host, login: OnceCell::new() })
    }

    /// The image of a plan, if it is there.
    pub(super) fn find(&self, plan: &ImagePlan) -> Result<Option<There>> {
        let found = self.aws.wait(self.ecr.find(self.repository(plan), plan.key().as_str()))?;
        Ok(found.map(|found| {
            // The endpoints of Amazon ECR; those in China have a domain of their own.
            let region = &self.settings.region;
            let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
            let own = format!("{}.dkr.ecr.{region}.{domain}", found.account);
            self.there(plan, self.host.as_deref().unwrap_or(&own), found.digest)
        }))
    }

    /// Pushes what the engine has under the plan's key.
    pub(super) fn push(&self, plan: &ImagePlan, engine: &Engine, tell: &mut dyn Listener) -> Result<(There, Pushed)> {
        let (login, key) = (self.login()?, plan.key());
        let host = self.host.as_deref().unwrap_or(&login.host);
        let repository = format!("{host}/{}", self.repository(plan));
        tell.step(&format!("Pushing {} {}", plan.name, key.short()));
        let local = format!("{}:{key}", plan.name);
        let pushed = engine.push(&local, &repository, key.as_str(), (&login.user, &login.password), &mut |progress| {
            tell.progress(plan.name, progress);
        });
        let image = engine.image(&local)?.context("the engine has lost the image")?;
        match pushed {
            Ok(pushed) => {
                let digest = image.digests.iter().find_map(|digest| digest.strip_prefix(&format!("{repository}@")));
                let digest = digest.context("the engine does not tell the digest of what it pushed")?;
                Ok((self.there(plan, host, digest.to_owned()), pushed))
            }
            // Somebody else was first, and the tag does not move. The same image is what we want (ECR refuses even that),
            // another one is for people to look at.
            Err(error) => match self.find(plan)? {
                Some(there) if self.is(plan, &there, &image)? => Ok((there, Pushed::default())),
                Some(there) => {
                    let words =
                        format!("`{repository}` has another image ({}) under the tag {}", there.digest, key.short());
                    let hint = "a tag is never moved, and the same inputs were pushed before: leave out `--no-cache` to use \
                                that image, or delete it first";
                    Err(Failure::new(words).hint(hint).into())
                }
                None => Err(error),
            },
        }
    }

    /// Whether the engine's image is the one in the registry. An engine calls an image by its configuration's digest, or
    /// by its manifest's if containerd stores the images.
    fn is(&self, plan: &ImagePlan, there: &There, image: &Image) -> Result<bool> {
        let configuration = || self.aws.wait(self.ecr.configuration(self.repository(plan), &there.digest));
        Ok(image.id == there.digest || configuration()?.as_deref() == Some(&image.id))
    }

    fn repository(&self, plan: &ImagePlan) -> &str {
        if plan.name == INGESTION { &self.settings.registry.ingestion } else { &self.settings.registry.dbt }
    }

    fn there(&self, plan: &ImagePlan, host: &str, digest: String) -> There {
        There { uri: format!("{host}/{}@{digest}", self.repository(plan)), digest }
    }

    /// Good for twelve hours, so one is enough for a run.
    fn login(&self) -> Result<&Login> {
        if let Some(login) = self.login.get() {
            return Ok(login);
        }
        let login = self.aws.wait(self.ecr.login())?;
        Ok(self.login.get_or_init(|| login))
    }
}
