//! The deployment of a rehearsal, as the deploy workflow does it: an administrator creates the roles of GitHub's jobs, and
//! each step uses the role of its job.

use std::collections::BTreeMap;
use std::thread;

use anyhow::{Result, ensure};

use super::RehearsalProgress;
use crate::edge::files;
use crate::failure::Failure;
use crate::flows::deploy::{self, DeployRequest};
use crate::flows::images::{self, ImageRequest};
use crate::flows::workflows::github::STACK;
use crate::image::{DBT, INGESTION};
use crate::rehearsal::{ADMINISTRATOR, BUILD, DEPLOY, MODULE, PLAN, Place};
use crate::settings::Settings;
use crate::stack::{REGISTRY, STORAGE};

type Report<'r> = &'r mut dyn FnMut(RehearsalProgress);

#[derive(Clone, Copy)]
pub(super) struct Deployer<'a> {
    pub(super) place: &'a Place,
    pub(super) settings: &'a Settings,
    /// The variables for image builds.
    pub(super) kept: &'a BTreeMap<String, String>,
}

impl Deployer<'_> {
    /// Returns a request that is signed with this access key.
    pub(super) fn request(&self, key: &str) -> DeployRequest {
        let variables = self.place.variables(&self.settings.region, key, self.kept.clone());
        DeployRequest::new(MODULE, self.settings.clone(), variables)
    }

    pub(super) fn roles(&self, report: Report<'_>) -> Result<()> {
        apply(DeployRequest { folder: Some(files::root().join(STACK)), ..self.request(ADMINISTRATOR) }, "", report)
    }

    /// Creates the registry and the buckets if they are missing.
    pub(super) fn base(&self, report: Report<'_>) -> Result<()> {
        let only = [REGISTRY, STORAGE].map(str::to_owned).into();
        apply(DeployRequest { only, create_only: true, ..self.request(BUILD) }, "", report)
    }

    /// Creates them while the emulator fails one resource: the role that created the others also deletes them.
    pub(super) fn fail(&self, report: Report<'_>) -> Result<()> {
        ensure!(self.base(report).is_err(), "the emulator did not fail the creation of a resource");
        Ok(())
    }

    /// Returns the request to build and push one image.
    pub(super) fn image(&self, image: &str) -> ImageRequest {
        ImageRequest { image: Some(image.to_owned()), ..self.request(BUILD).images() }
    }

    /// Builds and pushes both images at the same time.
    pub(super) fn images(&self) -> Result<()> {
        let work = |image: &str| {
            let request = self.image(image);
            images::apply(&request, &images::plan(&request)?, &mut ()).map(drop)
        };
        thread::scope(|scope| {
            let first = scope.spawn(|| work(INGESTION));
            let second = work(DBT);
            first.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)).and(second)
        })
    }

    /// Deploys the plan of the plan role.
    pub(super) fn approved(&self, report: Report<'_>) -> Result<()> {
        let digest = deploy::plan(self.request(PLAN))?.plan.digest();
        apply(self.request(DEPLOY), &digest, report)
    }
}

/// Plans and deploys; an `approved` digest must be that of the plan.
fn apply(request: DeployRequest, approved: &str, report: Report<'_>) -> Result<()> {
    let plan = deploy::plan(request)?;
    let is_approved = approved.is_empty() || plan.plan.digest() == approved;
    ensure!(is_approved, Failure::new("the deploy role's plan differs from the plan role's"));
    report(RehearsalProgress::Tasks(plan.works()));
    plan.apply(&[], &mut |progress| report(RehearsalProgress::Deploy(progress))).map(drop)
}
