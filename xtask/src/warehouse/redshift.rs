//! The statements that prepare Amazon Redshift Serverless. An IAM role is the database user `"IAMR:<role>"`, which
//! has no privileges until they are granted (Amazon Redshift Management Guide, "Using the Amazon Redshift Data API").
//!
//! CREATE USER and CREATE ROLE have no IF NOT EXISTS, so the plan depends on the existing users and roles. No table
//! has a primary key: Redshift does not enforce primary keys, but its planner relies on them.

use std::collections::BTreeSet;

use super::ledger::{FINDINGS, describe};
use super::{MARTS, ROLES, check_developers, development, is_misplaced, layers, readers, schemas};
use crate::failure::Failure;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Users {
    pub loader: String,
    pub transformer: String,
    /// Users with read access only.
    pub readers: Vec<String>,
    /// Users who build the marts in schemas of their own.
    pub developers: Vec<String>,
}

impl Users {
    /// Derives the users from IAM role names. A reader or a developer can also be a database user with a colon, such as
    /// `IAM:<user>`.
    pub fn of_roles(
        loader: &str,
        transformer: &str,
        readers: &[String],
        developers: &[String],
    ) -> Result<Self, Failure> {
        let people = |names: &[String]| {
            let user = |name: &String| if name.contains(':') { valid(name) } else { of_role(name) };
            names.iter().map(user).collect::<Result<Vec<_>, _>>()
        };
        let users = Self {
            loader: of_role(loader)?,
            transformer: of_role(transformer)?,
            readers: people(readers)?,
            developers: people(developers)?,
        };
        check_developers(&users.developers)?;
        if users.loader == users.transformer {
            let failure = Failure::new(format!("the IAM role `{loader}` cannot be both loader and transformer"));
            return Err(failure.hint("use one role per job, so that dbt cannot write loaded data"));
        }
        Ok(users)
    }

    fn each(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let readers = self.readers.iter().chain(&self.developers).map(|user| (user.as_str(), "reader"));
        [(self.loader.as_str(), "loader"), (self.transformer.as_str(), "transformer")].into_iter().chain(readers)
    }

    fn with(&self, role: &str) -> &str {
        if role == "loader" { &self.loader } else { &self.transformer }
    }
}

fn of_role(name: &str) -> Result<String, Failure> {
    if name.contains([':', '/']) {
        let failure = Failure::new(format!("`{name}` is not an IAM role name"));
        return Err(failure.hint("use only the name, without `arn:…:role/` or a path"));
    }
    valid(&format!("IAMR:{name}"))
}

/// Checks that a name has 1 to 64 characters of `A-Za-z0-9+=,.@_-`, the limits for IAM users and roles (IAM User Guide,
/// "IAM and AWS STS quotas").
fn valid(user: &str) -> Result<String, Failure> {
    let name = user.split_once(':').map_or(user, |(_, name)| name);
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-:".contains(&byte);
    if (1..=64).contains(&name.len()) && user.bytes().all(legal) {
        return Ok(user.to_owned());
    }
    Err(Failure::new(format!("`{name}` is not a valid IAM role or user name"))
        .hint("use 1 to 64 letters, digits and characters of `+=,.@_-`"))
}

/// Queries for existing users, roles, grants and views, which return kind, name, and the granted role or the schema.
pub const EXISTING: [&str; 4] = [
    "SELECT 'user', usename, '' FROM pg_user",
    "SELECT 'role', role_name, '' FROM svv_roles",
    "SELECT 'grant', user_name, role_name FROM svv_user_grants",
    "SELECT 'view', viewname, schemaname FROM pg_views WHERE schemaname = 'analytics'",
];

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Existing(BTreeSet<[String; 3]>);

impl Existing {
    /// Reads the rows that the [`EXISTING`] queries return.
    pub fn read(lines: impl IntoIterator<Item = Vec<String>>) -> Self {
        let line = |line: Vec<String>| <[String; 3]>::try_from(line).ok();
        // Redshift pads values of the type `name` with blanks in some responses.
        Self(lines.into_iter().filter_map(line).map(|line| line.map(|text| text.trim().to_owned())).collect())
    }

    fn has(&self, kind: &str, name: &str, role: &str) -> bool {
        self.0.contains(&[kind, name, role].map(str::to_owned))
    }
}

pub fn plan(sources: &[String], users: &Users, existing: &Existing) -> Vec<String> {
    let mut statements = Vec::new();
    for user in users.each().map(|(user, _)| user).collect::<BTreeSet<_>>() {
        if !existing.has("user", user, "") {
            statements.push(format!("CREATE USER \"{user}\" PASSWORD DISABLE"));
        }
    }
    for role in ROLES {
        if !existing.has("role", role, "") {
            statements.push(format!("CREATE ROLE {role}"));
        }
    }
    for (user, role) in users.each() {
        if !existing.has("grant", user, role) {
            statements.push(format!("GRANT ROLE {role} TO \"{user}\""));
        }
    }
    let of_jobs = schemas(sources).into_iter().map(|(schema, role)| (schema, users.with(role)));
    let of_developer = |user: &'_ String| layers(&development(user));
    let of_developers = users.developers.iter().flat_map(|user| of_developer(user).map(|layer| (layer, user.as_str())));
    for (schema, owner) in of_jobs.chain(of_developers) {
        statements.push(format!("CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION \"{owner}\""));
        statements.push(format!("ALTER SCHEMA {schema} OWNER TO \"{owner}\""));
    }
    for (table, columns) in TABLES {
        statements.push(format!("CREATE TABLE IF NOT EXISTS etl.{table} ({columns})"));
        statements.push(format!("ALTER TABLE etl.{table} OWNER TO \"{}\"", users.loader));
        statements.extend(describe(table));
    }
    for (schemas, role, readers) in readers(sources) {
        let owner = users.with(role);
        for reader in readers {
            statements.push(format!("GRANT USAGE ON SCHEMA {schemas} TO ROLE {reader}"));
            statements.push(format!("GRANT SELECT ON ALL TABLES IN SCHEMA {schemas} TO ROLE {reader}"));
            statements.push(format!(
                "ALTER DEFAULT PRIVILEGES FOR USER \"{owner}\" IN SCHEMA {schemas} GRANT SELECT ON TABLES TO ROLE {reader}"
            ));
        }
    }
    // With `--defer`, dbt reads the views that a developer has not built.
    let deferred = layers(MARTS)[1..].join(", ");
    for user in &users.developers {
        statements.push(format!("GRANT USAGE ON SCHEMA {deferred} TO \"{user}\""));
        statements.push(format!("GRANT SELECT ON ALL TABLES IN SCHEMA {deferred} TO \"{user}\""));
        statements.push(format!(
            "ALTER DEFAULT PRIVILEGES FOR USER \"{}\" IN SCHEMA {deferred} GRANT SELECT ON TABLES TO \"{user}\"",
            users.transformer
        ));
    }
    // Granted to the users, because the SVV_TABLE_INFO documentation only mentions grants to users.
    for user in [&users.transformer].into_iter().chain(&users.developers) {
        statements.extend(READ_BY_DBT.lines().map(|view| format!("GRANT SELECT ON {view} TO \"{user}\"")));
    }
    for [_, view, _] in existing.0.iter().filter(|[kind, view, _]| kind == "view" && is_misplaced(view)) {
        statements.push(format!("DROP VIEW IF EXISTS {MARTS}.\"{view}\""));
    }
    statements
}

/// The system views that dbt-redshift was seen to read on the Redshift emulator, one in each line; its `needs_dbt` tests
/// generate the file. Without a grant, only superusers can read them (Database Developer Guide, "SVV_TABLE_INFO"; dbt
/// docs, "Connect Redshift", metadata operations).
const READ_BY_DBT: &str = include_str!("read_by_dbt.txt");

/// The tables of the ledger.
const TABLES: [(&str, &str); 5] = [
    ("load_lock", "held boolean"),
    (
        "runs",
        "seq bigint NOT NULL, source varchar(64) NOT NULL, run_id varchar(64) NOT NULL, fetched_at timestamp NOT NULL, \
         loaded_at timestamp NOT NULL, committed_at timestamp NOT NULL DEFAULT getdate(), collections super NOT NULL, \
         tables super NOT NULL",
    ),
    ("heads", "source varchar(64) NOT NULL, seq bigint NOT NULL"),
    ("attempts", "token varchar(64) NOT NULL, expires_at timestamp NOT NULL"),
    ("findings", FINDINGS),
];

#[cfg(test)]
#[path = "../../tests/unit/warehouse/redshift.rs"]
mod tests;
