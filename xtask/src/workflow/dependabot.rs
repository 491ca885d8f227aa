//! `dependabot.yml`: the dependencies that Dependabot updates. A release must be a week old, so that releases that are
//! soon withdrawn are skipped.

use indexmap::IndexMap;
use serde::Serialize;

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
            "/xtask/ci",
            "/xtask/tests/it/needs_docker",
            "/xtask/tests/it/needs_docker/plain",
            "/xtask/tests/it/needs_speed",
        ],
    ),
    ("npm", &["/xtask/ci", "/xtask/emulator/iam"]),
    ("docker", &["/dbt", "/jobs", "/xtask/tests/it/needs_docker/plain"]),
    ("github-actions", &["/"]),
];

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Update {
    package_ecosystem: &'static str,
    directories: &'static [&'static str],
    schedule: IndexMap<&'static str, &'static str>,
    cooldown: IndexMap<&'static str, u32>,
    groups: IndexMap<&'static str, IndexMap<&'static str, [&'static str; 1]>>,
}

pub(super) fn file() -> Result<File, serde_yaml::Error> {
    let update = |(package_ecosystem, directories)| Update {
        package_ecosystem,
        directories,
        schedule: [("interval", "weekly")].into(),
        cooldown: [("default-days", COOLDOWN)].into(),
        // One pull request per ecosystem, because each pull request costs a complete test run.
        groups: [(package_ecosystem, [("patterns", ["*"])].into())].into(),
    };
    let updates = serde_yaml::to_string(&IndexMap::from([("updates", KEPT.map(update))]))?;
    Ok(File { path: ".github/dependabot.yml".to_owned(), text: format!("{HEADER}\n\nversion: 2\n{updates}") })
}
