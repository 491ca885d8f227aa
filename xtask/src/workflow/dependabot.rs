//! `dependabot.yml`: the dependencies that Dependabot updates. A release must be a week old, so that releases that are
//! soon withdrawn are skipped. `inventory` lists what watches the other versions.
//!
//! Dependabot reads Python requirements only from files whose names end in `.in` or `.txt`; `requirements.txt` is the
//! lock file of the `requirements.in` beside it. Its ecosystem `uv` updates lock files with `uv pip compile` and the
//! options `--universal`, `--generate-hashes`, `--no-strip-extras` and `--python-version` of the file's first lines
//! (dependabot-core, `uv/file_updater/compile_file_updater.rb`).

use indexmap::IndexMap;
use serde::Serialize;

use super::{File, HEADER};

/// The minimum age of a release in days.
pub(super) const COOLDOWN: u32 = 7;

/// Each ecosystem and its folders.
pub(super) const KEPT: [(&str, &[&str]); 4] = [
    ("cargo", &["/"]),
    (
        "uv",
        // Including the folders directly below. The requirements in `/dags` and `/dags/tests` are those of MWAA's image.
        &[
            "/dags/tests/newest",
            "/dags/tests/tools",
            "/dbt",
            "/infra",
            "/xtask/ci",
            "/xtask/python",
            "/xtask/tests/it/needs_docker",
            "/xtask/tests/it/needs_speed",
        ],
    ),
    ("npm", &["/xtask/ci", "/xtask/emulator/iam"]),
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
