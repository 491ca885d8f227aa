//! `dependabot.yml`: which dependencies Dependabot updates. A release must be a week old, so that a withdrawn one is skipped.

use serde::Serialize;

use super::entries::Entries;
use super::{File, HEADER};

/// The minimum age of a release in days.
const COOLDOWN: u32 = 7;

/// Each ecosystem and its folders.
pub(super) const KEPT: [(&str, &[&str]); 5] = [
    ("cargo", &["/"]),
    (
        "pip",
        &[
            "/dags",
            "/dags/tests",
            "/dbt",
            "/infra",
            "/jobs/tests/it/needs_openlineage",
            "/xtask/ci",
            "/xtask/tests/it/needs_docker",
            "/xtask/tests/it/needs_docker/plain",
            "/xtask/tests/it/needs_speed",
        ],
    ),
    ("npm", &["/xtask/ci"]),
    ("docker", &["/dbt", "/jobs", "/xtask/tests/it/needs_docker/plain"]),
    ("github-actions", &["/"]),
];

#[derive(Serialize)]
struct Dependabot {
    version: u32,
    updates: Vec<Update>,
}

#[derive(Serialize)]
struct Update {
    #[serde(rename = "package-ecosystem")]
    ecosystem: &'static str,
    directories: &'static [&'static str],
    schedule: Entries<&'static str>,
    cooldown: Entries<u32>,
    groups: Entries<Entries<[&'static str; 1]>>,
}

pub(super) fn file() -> Result<File, serde_yaml::Error> {
    let update = |(ecosystem, directories): (&'static str, &'static [&'static str])| Update {
        ecosystem,
        directories,
        schedule: Entries::of([("interval", "weekly")]),
        cooldown: Entries::of([("default-days", COOLDOWN)]),
        // One pull request for all: each costs a complete run of the tests.
        groups: Entries::of([(ecosystem, Entries::of([("patterns", ["*"])]))]),
    };
    let value = Dependabot { version: 2, updates: KEPT.into_iter().map(update).collect() };
    let text = format!("{HEADER}\n\n{}", serde_yaml::to_string(&value)?);
    Ok(File { path: ".github/dependabot.yml".to_owned(), text })
}
