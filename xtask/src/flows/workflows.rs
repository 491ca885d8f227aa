//! GitHub workflows: generated from the deployments' settings, and compared with them.
//!
//! A file with the generated header belongs to `ci-gen`; any other file in the folder is not changed, and what the rules
//! would refuse in it is a warning.

pub mod github;

use anyhow::{Result, ensure};

use super::configure;
use crate::edge::files;
use crate::failure::Failure;
use crate::platform::partition;
use crate::settings::{Auth, Variables};
use crate::workflow::{self, Deployment, FOLDER, File, HEADER, HOOKS, Pins};

/// Returns the deployments that the workflows use, in their order: of every module, except those with `deploy_on: never`.
/// `.env` and the environment are ignored, because the files are committed.
pub fn deployments() -> Result<Vec<Deployment>> {
    let of = |module: String| {
        let settings = configure::module(Some(&module), &Variables::new())?.resolved.settings;
        Ok(Deployment { partition: partition(&settings.region), module, settings })
    };
    let found = configure::modules()?.into_iter().map(of).collect::<Result<_>>()?;
    workflow::in_order(found).map_err(|(what, fix)| Failure::new(what).hint(fix).into())
}

/// Returns the YAML files in a folder with their paths relative to the repository root, sorted; none if it does not exist.
fn texts(folder: &str) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for path in files::list(&files::root().join(folder)).unwrap_or_default() {
        if !path.extension().is_some_and(|end| end == "yml" || end == "yaml") {
            continue;
        }
        let name = path.file_name().map(|name| format!("{folder}/{}", name.to_string_lossy())).unwrap_or_default();
        found.extend(files::read(&path)?.map(|text| (name, text)));
    }
    found.sort();
    Ok(found)
}

/// Returns the warnings about the workflow files that `ci-gen` does not own.
pub fn warnings() -> Result<Vec<String>> {
    let foreign = texts(FOLDER)?.into_iter().filter(|(_, text)| !text.starts_with(HEADER));
    Ok(foreign.flat_map(|(name, text)| workflow::warnings(&name, &text)).collect())
}

/// Generates the files with the committed pins. Also returns the files that are no longer generated, and invalid pins.
fn generate() -> Result<(Vec<File>, Vec<String>, Vec<String>)> {
    let (committed, _): (Vec<_>, Vec<_>) = texts(FOLDER)?.into_iter().partition(|(_, text)| text.starts_with(HEADER));
    let (hooks, mut of_hooks, mut invalid) = (texts(HOOKS)?, Pins::new(), Vec::new());
    for (name, text) in &hooks {
        let (pins, wrong) = workflow::hook_pins(name, text);
        of_hooks.extend(pins);
        invalid.extend(wrong);
    }
    let (pins, wrong) = workflow::read(committed.iter().map(|(name, text)| (name.as_str(), text.as_str())), of_hooks);
    invalid.extend(wrong);
    let mut files = workflow::files(&deployments()?, &pins)?;
    for (name, text) in &hooks {
        invalid.extend(workflow::insert(name, text, &mut files, &pins).err().into_iter().flatten());
    }
    let names = committed.into_iter().map(|(name, _)| name);
    let stale = names.filter(|name| files.iter().all(|file| file.path != *name)).collect();
    Ok((files, stale, invalid))
}

/// Generates the files with other settings, for tests.
pub fn variant(change: impl Fn(&mut Auth)) -> Result<Vec<File>> {
    let mut deployments = deployments()?;
    deployments.iter_mut().for_each(|deployment| change(&mut deployment.settings.auth));
    let committed = texts(FOLDER)?;
    let texts = committed.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let (pins, _) = workflow::read(texts.filter(|(_, text)| text.starts_with(HEADER)), Pins::new());
    Ok(workflow::files(&deployments, &pins)?)
}

/// Writes the files that are out of date and deletes those that are no longer generated; returns their names. Fails if
/// pins are invalid, or if a file to be generated already exists but was not generated.
pub fn write() -> Result<Vec<String>> {
    let (files, stale, invalid) = generate()?;
    ensure!(invalid.is_empty(), "{}", invalid.join("\n"));
    let mut changed = Vec::new();
    for file in files {
        let path = files::root().join(&file.path);
        let found = files::read(&path)?;
        if found.as_deref() == Some(file.text.as_str()) {
            continue;
        }
        let foreign = found.is_some_and(|text| !text.starts_with(HEADER));
        let message = format!("{} exists but was not generated", file.path);
        ensure!(!foreign, Failure::new(message).hint("rename or delete it"));
        files::write(&path, &file.text)?;
        changed.push(format!("Wrote {}", file.path));
    }
    for name in stale {
        files::remove(&files::root().join(&name))?;
        changed.push(format!("Deleted {name}"));
    }
    Ok(changed)
}

/// Returns all problems in the committed files: invalid pins, differences, stale files.
pub fn check() -> Result<Vec<String>> {
    let (files, stale, mut problems) = generate()?;
    problems.extend(stale.into_iter().map(|name| format!("{name} is no longer generated")));
    for file in files {
        match files::read(&files::root().join(&file.path))? {
            Some(text) => problems.extend(difference(&text, &file)),
            None => problems.push(format!("{} is missing", file.path)),
        }
    }
    Ok(problems)
}

/// Describes the first line that differs.
fn difference(text: &str, file: &File) -> Option<String> {
    let same = text.lines().zip(file.text.lines()).take_while(|(found, expected)| found == expected).count();
    let [found, expected] = [text, file.text.as_str()].map(|text| text.lines().nth(same));
    let quoted =
        |line: Option<&str>| line.map_or("the end of the file".to_owned(), |line| format!("`{}`", line.trim()));
    (found != expected)
        .then(|| format!("{}:{}: {} instead of {}", file.path, same + 1, quoted(found), quoted(expected)))
}
