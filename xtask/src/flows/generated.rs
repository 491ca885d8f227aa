//! Committed generated files: their content, and whether they are up to date.

use std::path::PathBuf;

use anyhow::Result;
use contract::{Contract, Exit};

use super::configure;
use super::warehouse::contract;
use crate::edge::{files, terminal};
use crate::failure::Failure;
use crate::settings::{self, CONTRACTS, DEFAULT_MODULE, Variables};
use crate::{dbt, platform};

/// A file and its generated content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// The command that writes it.
    pub command: &'static str,
    /// Path, relative to the repository root.
    pub path: PathBuf,
    /// The generated content.
    pub text: String,
}

/// Generates dbt's sources files: one for each contract.
pub fn dbt_sources() -> Result<Vec<Generated>> {
    let mut paths = files::list(&files::root().join(CONTRACTS))?;
    paths.retain(|path| path.extension().is_some_and(|end| end == "yaml"));
    paths.sort();
    let file = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().display();
        Ok(sources(&contract(Some(path))?, &format!("{CONTRACTS}/{name}")))
    };
    let all: Vec<Generated> = paths.iter().map(file).collect::<Result<_>>()?;
    for (index, one) in all.iter().enumerate() {
        if all[..index].iter().any(|other| other.path == one.path) {
            let failure =
                Failure::new(format!("two contracts in {CONTRACTS} have the source of `{}`", one.path.display()));
            return Err(failure.hint("rename one source, or move one contract to another folder").into());
        }
    }
    Ok(all)
}

/// Generates the sources file of a contract.
pub fn sources(contract: &Contract, contract_file: &str) -> Generated {
    let path = PathBuf::from("dbt/models/staging").join(&contract.source).join("__sources.yml");
    Generated { command: "cargo xtask dbt-sources", path, text: dbt::sources(contract, contract_file) }
}

/// Generates the DAG settings for a deployment, by default `dev`. They do not depend on `.env` or the environment and
/// contain no account, because the file is committed.
pub fn dag_settings(module: Option<&str>) -> Result<Generated> {
    let found = configure::module(Some(module.unwrap_or(DEFAULT_MODULE)), &Variables::new())?;
    let text = platform::render(found.settings(), settings::NO_ACCOUNT);
    Ok(Generated { command: "cargo xtask dag-settings", path: PathBuf::from(platform::FILE), text })
}

/// Generates the JSON Schemas of the settings: one for complete files, and one for files that extend another file.
pub fn settings_schemas() -> [Generated; 2] {
    let file = |name: &str, text| {
        let path = PathBuf::from(settings::FOLDER).join(name);
        Generated { command: "cargo xtask settings-schema", path, text }
    };
    [file("schema.json", settings::schema()), file("overlay.schema.json", settings::overlay_schema())]
}

impl Generated {
    /// Writes the file if it differs; with `check`, fails instead.
    pub fn settle(&self, check: bool) -> Result<Exit> {
        let (path, shown) = (files::root().join(&self.path), self.path.display());
        let found = files::read(&path)?.unwrap_or_default();
        let done = if found == self.text {
            format!("{shown} is up to date")
        } else if check {
            let line = 1 + found.lines().zip(self.text.lines()).take_while(|(found, wanted)| found == wanted).count();
            let failure = Failure::new(format!("{shown} is out of date from line {line} on"));
            return Err(failure.hint(format!("run `{}` and commit the result", self.command)).into());
        } else {
            files::write(&path, &self.text)?;
            format!("Wrote {shown}")
        };
        terminal::step(&done);
        Ok(Exit::Done)
    }
}
