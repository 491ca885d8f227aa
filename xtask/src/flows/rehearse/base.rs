//! The base image of a rehearsal's images: that of the settings, or Debian's Python if it cannot be pulled.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use super::stage::BASE;
use super::{RehearsalProgress, RehearsalRequest, Stage};
use crate::edge::aws::Aws;
use crate::edge::docker::Engine;
use crate::edge::ecr::Ecr;
use crate::edge::{files, machine, shell};
use crate::failure::Failure;
use crate::rehearsal::ADMINISTRATOR;
use crate::settings::Settings;

/// Returns the environment variables for building images. A generated Debian image replaces a base image that cannot be
/// pulled; `IMAGE_CA_BUNDLE` defaults to the system's bundle.
pub(super) fn base(
    stage: &Stage,
    request: &RehearsalRequest,
    settings: &Settings,
    report: &mut dyn FnMut(RehearsalProgress),
) -> Result<BTreeMap<String, String>> {
    let mut kept = request.variables.clone();
    if !kept.contains_key("IMAGE_CA_BUNDLE") {
        let bundle = machine::certificates();
        kept.extend(bundle.map(|bundle| ("IMAGE_CA_BUNDLE".to_owned(), bundle.display().to_string())));
    }
    let base = &settings.images.dbt.base;
    if kept.contains_key("IMAGE_BASE") || Engine::connect(stage.docker_host.as_deref())?.image(base)?.is_some() {
        return Ok(kept);
    }
    // The script pushes the image, because only a pushed image has a digest.
    let variables = stage.place.variables(&settings.region, ADMINISTRATOR, BTreeMap::new());
    let aws = Aws::for_settings(settings, &variables)?;
    aws.wait(Ecr::new(&aws.config).create(BASE))?;
    let script = files::root().join("xtask/emulator/base-image.sh").display().to_string();
    let found = shell::read(&script, &[base, &stage.place.registry()], "").with_context(|| {
        let failure = Failure::new(format!("cannot pull `{base}`, and cannot build a base image instead"));
        failure.hint("set IMAGE_BASE to an image that this machine can pull, with its digest")
    })?;
    if found != *base {
        let name = base.split('@').next().unwrap_or(base);
        report(RehearsalProgress::Step(format!("cannot pull `{name}`; using Debian's Python as the base image")));
    }
    kept.insert("IMAGE_BASE".to_owned(), found);
    Ok(kept)
}
