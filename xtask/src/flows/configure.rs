//! Resolves a command's settings from the module's files and the variables.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use contract::Contract;

use crate::edge::{files, machine};
use crate::failure::Failure;
use crate::settings::{
    self, CONTRACTS, DEFAULT_MODULE, Document, FOLDER, Resolved, Settings, Source, Variables, given,
};

#[derive(Clone, Debug)]
pub struct Configured {
    /// The module name, or the path of a file that is not a module.
    pub module: String,
    pub file: String,
    pub resolved: Resolved,
    /// The contract of each source, by the source's name.
    pub contracts: BTreeMap<String, Contract>,
}

impl Configured {
    pub fn settings(&self) -> &Settings {
        &self.resolved.settings
    }
}

/// Returns the environment variables and, with lower precedence, those from `.env` in the repository or from another
/// file. Only the default `.env` may be missing: if a requested file were ignored, the command would use different
/// settings and a different account.
pub fn variables(dot_env: Option<&Path>) -> Result<Variables> {
    let (shown, path) = match dot_env {
        Some(path) => (path.display().to_string(), path.to_owned()),
        None => (".env".to_owned(), files::root().join(".env")),
    };
    let below = match files::bytes(&path)? {
        Some(bytes) => settings::dot_env(&shown, &settings::text_of(&shown, &bytes)?)?,
        None if dot_env.is_none() => Variables::new(),
        None => {
            let failure = Failure::new(format!("the --dot-env file `{shown}` does not exist"));
            return Err(failure.hint("correct the path, or omit --dot-env to read `.env`").into());
        }
    };
    Ok(machine::with_environment(below))
}

/// Returns a module's settings; the module is `--env`, or else SETTINGS_MODULE, or else `dev`.
pub fn module(asked: Option<&str>, variables: &Variables) -> Result<Configured> {
    let (module, how) = match (asked, given(variables, "SETTINGS_MODULE")) {
        (Some(asked), _) => (asked, "--env".to_owned()),
        (None, Some(module)) => (module, format!("SETTINGS_MODULE in {}", variables["SETTINGS_MODULE"].origin)),
        (None, None) => (DEFAULT_MODULE, "the default".to_owned()),
    };
    let path = files::root().join(FOLDER).join(format!("{module}.yaml"));
    let shown = format!("{FOLDER}/{module}.yaml");
    let text = if is_name(module) { read(&path, &shown)? } else { None };
    let Some(text) = text else {
        let failure = Failure::new(format!("the settings module `{module}` does not exist (selected by {how})"));
        return Err(failure.hint(format!("available: {}", modules()?.join(", "))).into());
    };
    let configured = resolve(&format!("settings `{module}`"), &shown, &text, variables)?;
    Ok(Configured { module: module.to_owned(), ..configured })
}

pub fn file(path: &Path, variables: &Variables) -> Result<Configured> {
    let shown = path.display().to_string();
    let text = read(path, &shown)?.with_context(|| format!("`{shown}` does not exist"))?;
    resolve(&shown, &shown, &text, variables)
}

/// Returns the settings in the text of a module's file that is not written yet, without variables.
pub fn text(shown: &str, text: &str) -> Result<Configured> {
    resolve(shown, shown, text, &Variables::new())
}

/// Whether this can be a module name. Paths are rejected, so that no file outside the folder is read.
fn is_name(module: &str) -> bool {
    !module.is_empty() && module.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

fn read(path: &Path, shown: &str) -> Result<Option<String>> {
    Ok(files::bytes(path)?.map(|bytes| settings::text_of(shown, &bytes)).transpose()?)
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
                modules()
                    .map_or_else(|error| error, |all| failure.hint(format!("available: {}", all.join(", "))).into())
            };
            Some((found.ok_or_else(missing)?, name))
        }
    };
    let base = base.as_ref().map(|(text, file)| Document { file, text });
    let mut resolved = settings::resolve(of, own, base, variables)?;
    // The dbt project has the models of every contract, so a source that is not listed is known, but disabled.
    for path in files::list(&files::root().join(CONTRACTS))? {
        let file = path.file_name().and_then(OsStr::to_str).and_then(|file| file.strip_suffix(".yaml"));
        let listed = resolved.settings.ingestions();
        let is_listed = |name: &str| listed.iter().any(|one| one.contract == format!("{CONTRACTS}/{name}.yaml"));
        if let Some(name) = file.filter(|name| !is_listed(name)) {
            let unlisted = Source { enabled: Some(false), ..Source::default() };
            resolved.settings.sources.insert(name.to_owned(), unlisted);
        }
    }
    let (mut contracts, mut problems) = (BTreeMap::new(), Vec::new());
    for source in resolved.settings.ingestions() {
        let (name, file) = (source.source.clone(), source.contract.clone());
        match files::read(&files::root().join(&file))? {
            None => {
                let fix = format!("the contract `{file}` does not exist; create it, or correct the source's name");
                problems.push((format!("sources.{name}"), fix));
            }
            Some(text) => {
                let contract = Contract::parse(&text, &file)?;
                if contract.source != name {
                    let fix = format!("{file} describes the source `{}`; use that name", contract.source);
                    problems.push((format!("sources.{name}"), fix));
                }
                let secrets: Vec<String> = contract.secrets().iter().map(|secret| format!("`{secret}`")).collect();
                match (&source.secret, secrets.is_empty()) {
                    (None, false) if source.enabled => {
                        let found = format!("its contract needs the secrets {}", secrets.join(", "));
                        let fix = "set `secret` to where they are (docs/requests.md), or `enabled: false`";
                        problems.push((format!("sources.{name}"), format!("{found}; {fix}")));
                    }
                    (Some(_), true) => {
                        let fix = "its contract needs no secrets; remove this key".to_owned();
                        problems.push((format!("sources.{name}.secret"), fix));
                    }
                    _ => {}
                }
                let wrong = source.problem_with_groups(&contract);
                problems.extend(wrong.map(|problem| (format!("sources.{name}.groups"), problem)));
                contracts.insert(name, contract);
            }
        }
    }
    ensure!(problems.is_empty(), settings::located(of, own, base, problems));
    Ok(Configured { module: shown.to_owned(), file: shown.to_owned(), resolved, contracts })
}

/// Returns the names of the settings modules, sorted.
pub fn modules() -> Result<Vec<String>> {
    let files = files::list(&files::root().join(FOLDER))?;
    let yaml = files.iter().filter(|path| path.extension().is_some_and(|end| end == "yaml"));
    let mut names: Vec<_> = yaml.filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned())).collect();
    names.sort();
    Ok(names)
}
