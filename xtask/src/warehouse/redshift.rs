//! Amazon Redshift Serverless, where an IAM role that asks is the database user `"IAMR:<role>"`, which owns nothing and
//! may do nothing until it is granted (Amazon Redshift Management Guide, "Using the Amazon Redshift Data API").
//!
//! Users and roles have no IF NOT EXISTS, so the plan depends on what is there; everything else may run again. No
//! table has a primary key: Redshift does not enforce it, and its planner would believe it.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::BTreeSet;

use super::{ROLES, schemas};
use crate::failure::Failure;

/// Who enters the warehouse, as database users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Users {
    /// Runs `copy`.
    pub loader: String,
    /// Runs dbt.
    pub transformer: String,
    /// Look at it.
    pub readers: Vec<String>,
}

impl Users {
    /// From the names of IAM roles. A reader may also be a database user, `IAM:<user>` or another with a colon in it.
    pub fn of_roles(loader: &str, transformer: &str, readers: &[String]) -> Result<Self, Failure> {
        let readers = readers.iter().map(|name| if name.contains(':') { sound(name) } else { of_role(name) });
        let users = Self {
            loader: of_role(loader)?,
            transformer: of_role(transformer)?,
            readers: readers.collect::<Result<_, _>>()?,
        };
        if users.loader == users.transformer {
            let failure = Failure::new(format!("the IAM role `{loader}` cannot be loader and transformer at once"));
            return Err(failure.hint("each job has a role of its own, so that dbt cannot write what was loaded"));
        }
        Ok(users)
    }

    fn each(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let readers = self.readers.iter().map(|user| (user.as_str(), "reader"));
        [(self.loader.as_str(), "loader"), (self.transformer.as_str(), "transformer")].into_iter().chain(readers)
    }

    fn with(&self, role: &str) -> &str {
        if role == "loader" { &self.loader } else { &self.transformer }
    }
}

fn of_role(name: &str) -> Result<String, Failure> {
    if name.contains([':', '/']) {
        let failure = Failure::new(format!("`{name}` is not the name of an IAM role"));
        return Err(failure.hint("give the name alone, without `arn:…:role/` and path"));
    }
    sound(&format!("IAMR:{name}"))
}

/// IAM's names of users and roles are 1 to 64 of `A-Za-z0-9+=,.@_-` (IAM User Guide, "IAM and AWS STS quotas").
fn sound(user: &str) -> Result<String, Failure> {
    let name = user.split_once(':').map_or(user, |(_, name)| name);
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-:".contains(&byte);
    if (1..=64).contains(&name.len()) && user.bytes().all(legal) {
        return Ok(user.to_owned());
    }
    Err(Failure::new(format!("`{name}` is no name of a role or user in IAM"))
        .hint("1 to 64 letters, digits or `+=,.@_-`"))
}

/// Asks what is there already: lines of kind, name, and the role that a grant gives.
pub const WHAT_IS_THERE: [&str; 3] = [
    "SELECT 'user', usename, '' FROM pg_user",
    "SELECT 'role', role_name, '' FROM svv_roles",
    "SELECT 'grant', user_name, role_name FROM svv_user_grants",
];

/// What is there already: users, roles, and who has which role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found(BTreeSet<[String; 3]>);

impl Found {
    /// From the lines of [`WHAT_IS_THERE`].
    pub fn read(lines: impl IntoIterator<Item = Vec<String>>) -> Self {
        let line = |line: Vec<String>| <[String; 3]>::try_from(line).ok();
        // `name` is a type that is filled up with blanks in some answers.
        Self(lines.into_iter().filter_map(line).map(|line| line.map(|text| text.trim().to_owned())).collect())
    }

    fn has(&self, kind: &str, name: &str, role: &str) -> bool {
        self.0.contains(&[kind, name, role].map(str::to_owned))
    }
}

/// The statements that prepare a database for a source.
pub fn plan(source: &str, users: &Users, found: &Found) -> Vec<String> {
    let mut statements = Vec::new();
    for user in users.each().map(|(user, _)| user).collect::<BTreeSet<_>>() {
        if !found.has("user", user, "") {
            statements.push(format!("CREATE USER \"{user}\" PASSWORD DISABLE"));
        }
    }
    for role in ROLES {
        if !found.has("role", role, "") {
            statements.push(format!("CREATE ROLE {role}"));
        }
    }
    for (user, role) in users.each() {
        if !found.has("grant", user, role) {
            statements.push(format!("GRANT ROLE {role} TO \"{user}\""));
        }
    }
    for (schema, role) in schemas(source) {
        let owner = users.with(role);
        statements.push(format!("CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION \"{owner}\""));
        statements.push(format!("ALTER SCHEMA {schema} OWNER TO \"{owner}\""));
    }
    for (table, columns) in TABLES {
        statements.push(format!("CREATE TABLE IF NOT EXISTS etl.{table} ({columns})"));
        statements.push(format!("ALTER TABLE etl.{table} OWNER TO \"{}\"", users.loader));
    }
    for (schemas, role, readers) in [
        (format!("{source}, etl"), "loader", &["transformer", "reader"][..]),
        ("analytics".to_owned(), "transformer", &["reader"]),
    ] {
        let owner = users.with(role);
        for reader in readers {
            statements.push(format!("GRANT USAGE ON SCHEMA {schemas} TO ROLE {reader}"));
            statements.push(format!("GRANT SELECT ON ALL TABLES IN SCHEMA {schemas} TO ROLE {reader}"));
            statements.push(format!(
                "ALTER DEFAULT PRIVILEGES FOR USER \"{owner}\" IN SCHEMA {schemas} GRANT SELECT ON TABLES TO ROLE {reader}"
            ));
        }
    }
    // To a user: the page on SVV_TABLE_INFO names no other way than to grant SELECT to users who are not superusers.
    for view in READ_BY_DBT {
        statements.push(format!("GRANT SELECT ON {view} TO \"{}\"", users.transformer));
    }
    statements
}

/// System views that dbt-redshift reads to describe a materialized view that exists (`materialized_view/describe.sql`).
/// Without a grant only superusers see them (Amazon Redshift Database Developer Guide, "SVV_TABLE_INFO"; dbt's page
/// "Connect Redshift", metadata operations).
const READ_BY_DBT: [&str; 2] = ["svv_table_info", "svv_mv_info"];

/// The ledger: the lock that loads take in turn; what was loaded; the head of each source, which every commit writes;
/// and the leases of the attempts at work.
const TABLES: [(&str, &str); 4] = [
    ("load_lock", "held boolean"),
    (
        "runs",
        "seq bigint NOT NULL, source varchar(64) NOT NULL, run_id varchar(64) NOT NULL, fetched_at timestamp NOT NULL, \
         loaded_at timestamp NOT NULL, committed_at timestamp NOT NULL DEFAULT getdate(), collections super NOT NULL, \
         tables super NOT NULL",
    ),
    ("heads", "source varchar(64) NOT NULL, seq bigint NOT NULL"),
    ("attempts", "token varchar(64) NOT NULL, expires_at timestamp NOT NULL"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn users() -> Users {
        Users::of_roles("ingestion", "dbt", &["analyst".to_owned(), "IAM:ann".to_owned()]).expect("sound names")
    }

    #[test]
    fn the_plan_makes_only_users_roles_and_grants_that_are_not_there() {
        let first = plan("zoo", &users(), &Found::default());
        for wanted in [
            "CREATE USER \"IAMR:ingestion\" PASSWORD DISABLE",
            "CREATE USER \"IAM:ann\" PASSWORD DISABLE",
            "CREATE ROLE transformer",
            "GRANT ROLE reader TO \"IAM:ann\"",
            "CREATE SCHEMA IF NOT EXISTS staging_zoo AUTHORIZATION \"IAMR:ingestion\"",
            "ALTER TABLE etl.attempts OWNER TO \"IAMR:ingestion\"",
            "GRANT SELECT ON svv_table_info TO \"IAMR:dbt\"",
            "GRANT SELECT ON svv_mv_info TO \"IAMR:dbt\"",
        ] {
            assert!(first.iter().any(|sql| sql == wanted), "{wanted} is not in {first:#?}");
        }
        let line = |kind: &str, name: &str, role: &str| [kind, name, role].map(str::to_owned).to_vec();
        let mut lines: Vec<_> = users().each().map(|(user, role)| line("grant", user, role)).collect();
        lines.extend(users().each().map(|(user, _)| line("user ", user, "")));
        lines.extend(ROLES.map(|role| line("role", role, "")));
        let again = plan("zoo", &users(), &Found::read(lines));
        assert_eq!(again, first[first.len() - again.len()..]);
        assert!(
            !again
                .iter()
                .any(|sql| ["CREATE USER", "CREATE ROLE", "GRANT ROLE"].iter().any(|start| sql.starts_with(start)))
        );
    }

    #[test]
    fn no_name_that_iam_does_not_allow_comes_into_a_statement() {
        for name in ["", "a b", "x\"; DROP SCHEMA etl; --", "ä", &"x".repeat(65), "arn:aws:iam::1:role/x", "team/x"] {
            assert!(Users::of_roles(name, "dbt", &[]).is_err(), "{name}");
            assert!(Users::of_roles("a", "b", &[format!("IAM:{name}\"")]).is_err(), "{name}");
        }
        assert!(Users::of_roles("same", "same", &[]).is_err());
    }
}
