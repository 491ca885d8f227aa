//! A new settings module: another deployment with the settings of an existing one, and names of its own.

use std::path::PathBuf;

use anyhow::{Result, bail, ensure};
use regex_lite::Regex;

use super::configure;
use crate::edge::files;
use crate::failure::Failure;
use crate::settings::{self, FOLDER, Variables};

/// Writes the settings of the module; returns the file, relative to the repository root. Nothing is written if a name in it
/// is that of another module.
pub fn write(name: &str, like: &str) -> Result<PathBuf> {
    let is_name = Regex::new("^[a-z][a-z0-9]*(-[a-z0-9]+)*$").is_ok_and(|pattern| pattern.is_match(name));
    let invalid = || Failure::new(format!("`{name}` is not a valid name for a module"));
    ensure!(is_name, invalid().hint("use a-z 0-9 and single hyphens, starting with a letter"));
    let path = PathBuf::from(FOLDER).join(format!("{name}.yaml"));
    let place = files::root().join(&path);
    let exists = || Failure::new(format!("`{}` exists; nothing was written", path.display()));
    ensure!(!place.exists(), exists().hint("choose another name, or edit the file"));
    let found = configure::module(Some(like), &Variables::new())?;
    let of_like = files::read(&files::root().join(&found.file))?.unwrap_or_default();
    if let Some(base) = settings::extends(&of_like) {
        let failure =
            Failure::new(format!("`{like}` extends `{base}`, and an extended file cannot extend another one"));
        return Err(failure.hint(format!("pass --like {base}")).into());
    }
    let text = settings::overlay(name, like, found.settings()).map_err(Failure::new)?;
    let own = configure::text(&path.display().to_string(), &text)?;
    for other in configure::modules()? {
        let found = configure::module(Some(&other), &Variables::new())?;
        if let Some((key, value)) = settings::shared(own.settings(), found.settings()) {
            let failure = Failure::new(format!("the module `{other}` already has the name `{value}` ({key})"));
            bail!(failure.hint("choose another name"));
        }
    }
    files::write(&place, &text)?;
    Ok(path)
}
