//! Prepares a warehouse for a source: a local server here, any other one in `warehouse/preparation`.

#[cfg(feature = "cloud")]
mod preparation;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use contract::Contract;
use postgres_protocol::password::scram_sha_256;

#[cfg(feature = "cloud")]
pub use preparation::Preparation;

use crate::edge::files;
use crate::edge::postgres::{self, Login, Server};
use crate::warehouse::{DATABASE, ROLES, bootstrap};

/// The contract of the source that dbt and the DAGs use.
pub const CONTRACT: &str = "jobs/contracts/spacex.yaml";

pub fn prepare(server: &Server, source: &str, passwords: &BTreeMap<String, String>) -> Result<()> {
    create_database(server, DATABASE)?.execute(&bootstrap(&[source.to_owned()], &verifiers(passwords), &[]))
}

/// Creates a database if it does not exist; returns the superuser's login to it.
pub fn create_database(server: &Server, name: &str) -> Result<Login> {
    let admin = |database| server.login(postgres::SUPERUSER, server.password.expose(), database);
    let found = admin("postgres").query(&format!("SELECT 1 FROM pg_database WHERE datname = '{name}'"))?;
    if found.rows.is_empty() {
        admin("postgres").execute(&[format!("CREATE DATABASE {name}")])?;
    }
    Ok(admin(name))
}

/// Generates a new password for each role.
pub fn passwords() -> Result<BTreeMap<String, String>> {
    ROLES.into_iter().map(|role| Ok((role.to_owned(), files::secret()?))).collect()
}

fn verifiers(passwords: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    passwords.iter().map(|(role, password)| (role.clone(), scram_sha_256(password.as_bytes()))).collect()
}

/// Reads a contract, by default [`CONTRACT`].
pub fn contract(file: Option<&Path>) -> Result<Contract> {
    let (path, shown) = match file {
        Some(file) => (file.to_owned(), file.display().to_string()),
        None => (files::root().join(CONTRACT), CONTRACT.to_owned()),
    };
    let text = files::read(&path)?.with_context(|| format!("the contract `{shown}` does not exist"))?;
    Ok(Contract::parse(&text, &shown)?)
}
