//! Files that are written from something else and committed: what each must be, and whether it is.

use std::path::PathBuf;

use anyhow::{Context, Result};
use contract::{Contract, Exit};

use super::configure;
use crate::edge::{files, terminal};
use crate::failure::Failure;
use crate::settings::{self, DEFAULT_MODULE, Settings, Variables};
use crate::{dbt, platform};

/// The source that dbt and the DAGs are for.
const CONTRACT: &str = "jobs/contracts/spacex.yaml";

/// A file and what it must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// The command that writes it.
    pub command: &'static str,
    /// Where it is, from the root.
    pub path: PathBuf,
    /// What it must hold.
    pub text: String,
}

/// dbt's sources.
pub fn dbt_sources() -> Result<Generated> {
    let path = PathBuf::from("dbt/models/staging/__sources.yml");
    Ok(Generated { command: "cargo xtask dbt-sources", path, text: dbt::sources(&contract()?, CONTRACT) })
}

/// What the DAGs know of a deployment, by default of `dev`. Neither `.env` nor the environment counts, and no account is
/// in it: the file is committed.
pub fn dag_settings(module: Option<&str>) -> Result<Generated> {
    let found = configure::module(Some(module.unwrap_or(DEFAULT_MODULE)), &Variables::new())?;
    let text = platform(found.settings(), platform::NO_ACCOUNT)?;
    Ok(Generated { command: "cargo xtask dag-settings", path: PathBuf::from(platform::FILE), text })
}

/// What the DAGs know of a deployment in an account.
pub fn platform(settings: &Settings, account: &str) -> Result<String> {
    Ok(platform::render(settings, &contract()?.source, account))
}

/// The settings' JSON Schema: of files that stand alone, and of those that extend another.
pub fn settings_schemas() -> [Generated; 2] {
    let file = |name: &str, text| {
        let path = PathBuf::from(settings::FOLDER).join(name);
        Generated { command: "cargo xtask settings-schema", path, text }
    };
    [file("schema.json", settings::schema()), file("overlay.schema.json", settings::overlay_schema())]
}

/// The source that is loaded.
pub fn source() -> Result<String> {
    Ok(contract()?.source)
}

fn contract() -> Result<Contract> {
    let text = files::read(&files::root().join(CONTRACT))?.with_context(|| format!("there is no `{CONTRACT}`"))?;
    Ok(Contract::parse(&text, CONTRACT)?)
}

impl Generated {
    /// Writes the file where it differs; with `check` only says so.
    pub fn settle(&self, check: bool) -> Result<Exit> {
        let (path, shown) = (files::root().join(&self.path), self.path.display());
        let found = files::read(&path)?;
        if found.as_deref() == Some(self.text.as_str()) {
            terminal::step(&format!("{shown} is current"));
            return Ok(Exit::Done);
        }
        if !check {
            files::write(&path, &self.text)?;
            terminal::step(&format!("Wrote {shown}"));
            return Ok(Exit::Done);
        }
        let found = found.unwrap_or_default();
        let line = 1 + found.lines().zip(self.text.lines()).take_while(|(found, wanted)| found == wanted).count();
        let failure = Failure::new(format!("{shown} is not current from line {line} on"));
        Err(failure.hint(format!("run `{}` and commit the result", self.command)).into())
    }
}
