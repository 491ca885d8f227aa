//! The settings for a command, from the module's files and the variables.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::edge::{files, machine};
use crate::failure::Failure;
use crate::settings::{self, DEFAULT_MODULE, Document, FOLDER, Problems, Resolved, Settings, Variables, given};

/// Settings, and their source.
#[derive(Clone, Debug)]
pub struct Configured {
    /// The module's name, or the path of a file that is not a module.
    pub module: String,
    /// The file's name in messages.
    pub file: String,
    /// The settings, and the overridden keys.
    pub resolved: Resolved,
}

impl Configured {
    /// The settings themselves.
    pub fn settings(&self) -> &Settings {
        &self.resolved.settings
    }
}

/// The variables of the environment, and below them those of `.env` in the repository or of another file.
///
/// # Errors
/// With every problem of that file, or when a given file does not exist: the command would use other settings and another
/// account. Only the default `.env` may be missing.
pub fn variables(dot_env: Option<&Path>) -> Result<Variables> {
    let (shown, path) = match dot_env {
        Some(path) => (path.display().to_string(), path.to_owned()),
        None => (".env".to_owned(), files::root().join(".env")),
    };
    let below = match files::bytes(&path)? {
        Some(bytes) => settings::text_of(&shown, bytes)
            .map_err(|problem| vec![problem])
            .and_then(|text| settings::dot_env(&shown, &text))
            .map_err(|list| Problems { of: shown, list })?,
        None if dot_env.is_none() => Variables::new(),
        None => {
            let failure = Failure::new(format!("the file `{shown}` of --dot-env does not exist"));
            return Err(failure.hint("correct the path, or omit --dot-env to read `.env`").into());
        }
    };
    Ok(machine::with_environment(below))
}

/// The settings of a module: that of `--env`, else of SETTINGS_MODULE, else `dev`.
///
/// # Errors
/// With every problem of the files.
pub fn module(asked: Option<&str>, variables: &Variables) -> Result<Configured> {
    let (module, how) = chosen(asked, variables);
    let path = files::root().join(FOLDER).join(format!("{module}.yaml"));
    let shown = format!("{FOLDER}/{module}.yaml");
    let text = if is_name(&module) { read(&path, &shown)? } else { None };
    let Some(text) = text else {
        let failure = Failure::new(format!("settings `{module}` do not exist (selected by {how})"));
        return Err(failure.hint(format!("available: {}", modules()?)).into());
    };
    let configured = resolve(&format!("settings `{module}`"), &shown, &text, variables)?;
    Ok(Configured { module, ..configured })
}

/// The settings of any file.
///
/// # Errors
/// As [`module`].
pub fn file(path: &Path, variables: &Variables) -> Result<Configured> {
    let shown = path.display().to_string();
    let text = read(path, &shown)?.with_context(|| format!("`{shown}` does not exist"))?;
    resolve(&shown, &shown, &text, variables)
}

/// Whether it can be a module: a name and not a path, so that no file outside the folder is read.
fn is_name(module: &str) -> bool {
    !module.is_empty() && module.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// The module, and what selects it.
fn chosen(asked: Option<&str>, variables: &Variables) -> (String, String) {
    match (asked, given(variables, "SETTINGS_MODULE")) {
        (Some(asked), _) => (asked.to_owned(), "--env".to_owned()),
        (None, Some(module)) => {
            (module.to_owned(), format!("SETTINGS_MODULE in {}", variables["SETTINGS_MODULE"].origin))
        }
        (None, None) => (DEFAULT_MODULE.to_owned(), "the default".to_owned()),
    }
}

fn read(path: &Path, shown: &str) -> Result<Option<String>> {
    let Some(bytes) = files::bytes(path)? else { return Ok(None) };
    let text =
        settings::text_of(shown, bytes).map_err(|problem| Problems { of: shown.to_owned(), list: vec![problem] });
    Ok(Some(text?))
}

fn resolve(of: &str, shown: &str, text: &str, variables: &Variables) -> Result<Configured> {
    let own = Document { file: shown, text };
    let base = match settings::extends(text) {
        None => None,
        Some(module) => {
            let name = format!("{FOLDER}/{module}.yaml");
            let found = if is_name(&module) { read(&files::root().join(&name), &name)? } else { None };
            let missing = || {
                let failure = Failure::new(format!("{shown} extends `{module}`, which does not exist"));
                modules().map_or_else(|error| error, |all| failure.hint(format!("available: {all}")).into())
            };
            Some((found.ok_or_else(missing)?, name))
        }
    };
    let base = base.as_ref().map(|(text, file)| Document { file, text });
    let resolved = settings::resolve(of, own, base, variables)?;
    Ok(Configured { module: shown.to_owned(), file: shown.to_owned(), resolved })
}

/// All modules.
fn modules() -> Result<String> {
    let modules = files::list(&files::root().join(FOLDER))?
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"));
    let mut names: Vec<String> =
        modules.filter_map(|path: PathBuf| Some(path.file_stem()?.to_string_lossy().into_owned())).collect();
    names.sort();
    Ok(names.join(", "))
}
