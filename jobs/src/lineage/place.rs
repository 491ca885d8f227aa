//! A dataset's address according to OpenLineage's naming convention (<https://openlineage.io/docs/spec/naming>); it
//! never contains a user, password or query.
//!
//! | what | namespace | name |
//! |---|---|---|
//! | S3 | `s3://{bucket}` | `{key}` |
//! | local files | `file` | `{path}` |
//! | PostgreSQL | `postgres://{host}:{port}` | `{database}.{schema}.{table}` |
//! | Redshift | `redshift://{cluster}.{region}:{port}` | `{database}.{schema}.{table}` |
//!
//! The convention does not cover two places. An HTTP API follows its general rule: the namespace is the scheme and
//! authority, and the name is the path. For Redshift Serverless, the workgroup replaces the cluster.

use url::{Position, Url};

/// A dataset's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub namespace: String,
    pub name: String,
}

impl Place {
    /// Returns the place of object `key` below `http(s)://host`, `file:///dir` or `s3://bucket/prefix`.
    pub fn below(url: &str, key: &str) -> Self {
        let Ok(parsed) = Url::parse(url) else { return Self { namespace: "unknown".to_owned(), name: key.to_owned() } };
        let within = match parsed.to_file_path() {
            Ok(folder) if parsed.scheme() == "file" => folder.display().to_string(),
            _ => parsed.path().to_owned(),
        };
        let name = format!("{}/{}", within.trim_end_matches('/'), key.trim_start_matches('/'));
        let authority = format!("{}://{}", parsed.scheme(), &parsed[Position::BeforeHost..Position::AfterPort]);
        match parsed.scheme() {
            "file" => Self { namespace: "file".to_owned(), name },
            "s3" => Self { namespace: authority, name: name.trim_start_matches('/').to_owned() },
            _ => Self { namespace: authority, name },
        }
    }

    /// Returns the place of a warehouse; `name` contains only the database.
    pub fn of_warehouse(url: &str, region: Option<&str>) -> Self {
        let parsed = Url::parse(url);
        let host = parsed.as_ref().ok().and_then(Url::host_str).filter(|host| !host.is_empty()).unwrap_or("localhost");
        let port = parsed.as_ref().ok().and_then(Url::port);
        let database = parsed.as_ref().map_or("", |url| url.path().trim_matches('/')).to_owned();
        if parsed.as_ref().is_ok_and(|url| url.scheme() == "redshift") {
            let region = region.map_or(String::new(), |region| format!(".{region}"));
            let namespace = format!("redshift://{host}{region}:{}", port.unwrap_or(5439));
            return Self { namespace, name: database };
        }
        // The default database of PostgreSQL has the user's name.
        let user = parsed.as_ref().map_or("", Url::username);
        let name = if database.is_empty() { user.to_owned() } else { database };
        Self { namespace: format!("postgres://{host}:{}", port.unwrap_or(5432)), name }
    }
}

/// Returns the text with every URL stripped of its user, password, query and fragment.
pub fn without_secrets(text: &str) -> String {
    let ends = |c: char| c.is_whitespace() || matches!(c, '`' | '"' | '\'' | '<' | '>');
    let mut parts = text.split("://");
    let mut safe = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (url, after) = part.split_at(part.find(ends).unwrap_or(part.len()));
        let address = url.split(['?', '#']).next().unwrap_or_default();
        let (host, path) = address.split_at(address.find('/').unwrap_or(address.len()));
        // A password may contain a `/`; in that case, the last `@` counts.
        let (host, path) = match url.rsplit_once('@') {
            Some((_, rest)) if !host.contains('@') => (rest.split(['/', '?', '#']).next().unwrap_or_default(), ""),
            _ => (host.rsplit('@').next().unwrap_or_default(), path),
        };
        safe = safe + "://" + host + path + after;
    }
    safe
}

#[cfg(test)]
#[path = "../../tests/unit/lineage/place.rs"]
mod tests;
