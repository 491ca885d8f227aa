//! Committed generated files: their content, and whether they are up to date.

use std::path::PathBuf;

use anyhow::{Context, Result};
use contract::{Contract, Exit};

use super::configure;
use crate::edge::{files, terminal};
use crate::failure::Failure;
use crate::settings::{self, DEFAULT_MODULE, Settings, Variables};
use crate::{dbt, platform};

/// The contract of the source that dbt and the DAGs use.
const CONTRACT: &str = "jobs/contracts/spacex.yaml";

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

/// Generates dbt's sources file.
pub fn dbt_sources() -> Result<Generated> {
    let path = PathBuf::from("dbt/models/staging/__sources.yml");
    Ok(Generated { command: "cargo xtask dbt-sources", path, text: dbt::sources(&contract()?, CONTRACT) })
}

/// Generates the DAG settings for a deployment, by default `dev`. They do not depend on `.env` or the environment and
/// contain no account, because the file is committed.
pub fn dag_settings(module: Option<&str>) -> Result<Generated> {
    let found = configure::module(Some(module.unwrap_or(DEFAULT_MODULE)), &Variables::new())?;
    let text = platform(found.settings(), platform::NO_ACCOUNT)?;
    Ok(Generated { command: "cargo xtask dag-settings", path: PathBuf::from(platform::FILE), text })
}

/// Generates the DAG settings for a deployment in an account.
pub fn platform(settings: &Settings, account: &str) -> Result<String> {
    Ok(platform::render(settings, &contract()?.source, account))
}

/// Generates the JSON Schemas of the settings: one for complete files, and one for files that extend another file.
pub fn settings_schemas() -> [Generated; 2] {
    let file = |name: &str, text| {
        let path = PathBuf::from(settings::FOLDER).join(name);
        Generated { command: "cargo xtask settings-schema", path, text }
    };
    [file("schema.json", settings::schema()), file("overlay.schema.json", settings::overlay_schema())]
}

/// Returns the name of the data source.
pub fn source() -> Result<String> {
    Ok(contract()?.source)
}

fn contract() -> Result<Contract> {
    let text = files::read(&files::root().join(CONTRACT))?.with_context(|| format!("`{CONTRACT}` does not exist"))?;
    Ok(Contract::parse(&text, CONTRACT)?)
}

impl Generated {
    /// Writes the file if it differs; with `check`, fails instead.
    pub fn settle(&self, check: bool) -> Result<Exit> {
        let (path, shown) = (files::root().join(&self.path), self.path.display());
        let found = files::read(&path)?;
        if found.as_deref() == Some(self.text.as_str()) {
            terminal::step(&format!("{shown} is up to date"));
            return Ok(Exit::Done);
        }
        if !check {
            files::write(&path, &self.text)?;
            terminal::step(&format!("Wrote {shown}"));
            return Ok(Exit::Done);
        }
        let found = found.unwrap_or_default();
        let line = 1 + found.lines().zip(self.text.lines()).take_while(|(found, wanted)| found == wanted).count();
        let failure = Failure::new(format!("{shown} is out of date from line {line} on"));
        Err(failure.hint(format!("run `{}` and commit the result", self.command)).into())
    }
}
