//! GitHub's workflows: written from the deployments' settings, and held against them.

pub mod github;

use anyhow::{Context, Result};
use serde_yaml::Value;

use super::configure;
use crate::edge::files;
use crate::failure::Failure;
use crate::platform::partition;
use crate::settings::Variables;
use crate::workflow::{self, Deployment, FOLDER, File, MODULES, Pins};

/// The deployments that the workflows may reach. Neither `.env` nor the environment counts: the files are committed.
///
/// # Errors
/// With every problem of the settings, or an environment that two share.
pub fn deployments() -> Result<Vec<Deployment>> {
    let of = |module: &&str| {
        let found = configure::module(Some(module), &Variables::new())?;
        Ok(Deployment::new(module, found.settings(), partition(&found.settings().region)))
    };
    let deployments: Vec<Deployment> = MODULES.iter().map(of).collect::<Result<_>>()?;
    // One environment for two deployments would be one role and one approval for both.
    if let Some(name) = workflow::shared(&deployments) {
        let failure = Failure::new(format!("GitHub's environment `{name}` is of two deployments"));
        return Err(failure.hint("give each an `auth.environment` of its own").into());
    }
    Ok(deployments)
}

/// What the files must be, with the pins that are committed; and what is wrong with those.
fn wanted() -> Result<(Vec<File>, Vec<String>)> {
    let folder = files::root().join(FOLDER);
    let mut texts = Vec::new();
    for path in files::list(&folder).unwrap_or_default() {
        let name = path.file_name().map(|name| format!("{FOLDER}/{}", name.to_string_lossy())).unwrap_or_default();
        texts.extend(files::read(&path)?.map(|text| (name, text)));
    }
    texts.sort();
    let (pins, wrong): (Pins, _) = workflow::read(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    let files = workflow::files(&deployments()?, &pins)?;
    // What is in the folder and is not ours is a workflow that nothing holds.
    let strange = texts.iter().filter(|(name, _)| !files.iter().any(|file| file.path == *name));
    let strange = strange.map(|(name, _)| format!("{name}: is nothing that `cargo xtask ci-gen` writes"));
    let wrong = wrong.into_iter().chain(strange).collect();
    Ok((files, wrong))
}

/// Writes what is not current, and gives its names. Pins stay as they are committed.
///
/// # Errors
/// With what is wrong about the pins: they are mended by hand, or by the bot that wrote them.
pub fn write() -> Result<Vec<String>> {
    let (files, wrong) = wanted()?;
    anyhow::ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    let mut written = Vec::new();
    for file in files {
        let path = files::root().join(&file.path);
        if files::read(&path)?.as_deref() != Some(file.text.as_str()) {
            files::write(&path, &file.text)?;
            written.push(file.path);
        }
    }
    Ok(written)
}

/// Everything that is wrong with the committed files: pins, differences, rules.
///
/// # Errors
/// When the settings have problems.
pub fn check() -> Result<Vec<String>> {
    let (files, mut wrong) = wanted()?;
    for file in files {
        let Some(text) = files::read(&files::root().join(&file.path))? else {
            wrong.push(format!("{}: is not there", file.path));
            continue;
        };
        let found: Value = match serde_yaml::from_str(&text).with_context(|| file.path.clone()) {
            Ok(found) => found,
            Err(error) => {
                wrong.push(format!("{error:#}"));
                continue;
            }
        };
        let differences = workflow::differences(&found, &file.value).into_iter();
        wrong.extend(differences.map(|difference| format!("{}: {difference}", file.path)));
        if file.path.starts_with(FOLDER) {
            // Pins are told above, also those that differ from file to file.
            let broken = workflow::broken(&file.path, &text, &found).into_iter();
            let new: Vec<String> = broken.filter(|line| !wrong.iter().any(|told| line.contains(told))).collect();
            wrong.extend(new);
        }
    }
    Ok(wrong)
}
