//! Every pinned version in the repository, and what reports a newer one. A version that no row of [`WATCHED`] matches
//! is a problem, and so is a row that matches no version.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate};
use regex_lite::Regex;
use serde_json::Value;

use super::dependabot::{COOLDOWN, KEPT};

/// What a version looks like, with its name. A later pattern does not see what an earlier one has matched.
const PATTERNS: [&str; 9] = [
    r"(?P<name>[\w./-]+(:[\w.-]+)?)@(?P<version>sha256:[0-9a-f]{64})",
    r"(?P<name>[A-Za-z0-9][\w.-]*)(\[[^\]]*\])?==(?P<version>\d[\w.]*)",
    r"(?P<name>[\w./-]+)@(?P<version>[0-9a-f]{40})\b",
    r#""(?P<name>[\w./-]+)", "(?P<version>[0-9a-f]{40})""#,
    r#"^(pub )?(pub\(super\) )?(const )?(?P<name>[A-Z_]+)(: &str)? = "(?P<version>\d+\.\d+\.\d+)""#,
    r#""(?P<name>[@\w./-]+)": "(?P<version>[~^]?\d+\.\d+\.\d+[\w.-]*)""#,
    r"(?P<name>\b[a-z][a-z0-9/-]*):(?P<version>\d+\.\d+\.\d+[a-z0-9.-]*)",
    r#"(?i)(?P<name>[\w-]*(version|toolchain)[\w-]*)"?( install|\s*[:=])\s*\[?"?(?P<version>[<>=]*\d+\.\d+\.\d+[\w.]*)"#,
    r"(?P<name>\bubuntu)-(?P<version>\d+\.\d+)",
];

/// Files without pins: texts, data, and tests with examples; but the requirements of tests are pins.
const WITHOUT: &str = r"\.(md|sql|csv)$|^jobs/fuzz/corpus/|_corpus/|(^|/)tests/.*\.(rs|py|json|txt|yaml)$";
const REQUIREMENTS: &str = r"(^|/)requirements[^/]*\.(in|txt)$";

/// What reports a newer version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Watch {
    /// Dependabot, with this ecosystem.
    Dependabot(&'static str),
    /// `cargo xtask pins --online`, every night.
    Nightly(Registry),
    /// Changes only together with something else.
    Follows(&'static str),
}
use Watch::{Dependabot, Follows, Nightly};

/// Where the nightly check asks for the newest version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Registry {
    /// The digest of an image's tag on Docker Hub.
    DockerHub,
    /// The stable version of Rust.
    Rust,
}

const AIRFLOW: Watch = Follows("`airflow.version` in the settings, and MWAA's image of that version");
const GENERATED: Watch = Follows("`xtask/src/workflow`, which generates the workflows");

/// Patterns of a file's path and of a pin's name, and what watches it. The first matching row counts.
const WATCHED: [(&str, &str, Watch); 26] = [
    (r"^Cargo\.lock$", "", Dependabot("cargo")),
    (r"^Cargo\.toml$", "^version$", Follows("our releases (`cargo xtask release`)")),
    (
        r"^Cargo\.toml$",
        "^rust-version$",
        Follows("the crates in `Cargo.lock`: cargo reports a crate that requires more"),
    ),
    (r"^dags/requirements\.txt$", "", AIRFLOW),
    (r"^dags/tests/requirements\.(in|txt)$", "", AIRFLOW),
    (r"^(compose\.yaml|\.env\.example)$", "^apache/airflow$", AIRFLOW),
    (r"requirements[^/]*\.(in|txt)$", "", Dependabot("uv")),
    (r"/package(-lock)?\.json$", "", Dependabot("npm")),
    (r"^\.github/workflows/", "^(RUSTUP_TOOLCHAIN|toolchain|ubuntu)$", GENERATED),
    (r"^xtask/ci/act/", "^ubuntu$", Follows("the runner in the generated workflows: without it, act runs nothing")),
    // Dependabot updates an action of a hook in the generated workflow, whose pins take precedence.
    (r"^\.github/(workflows|hooks)/", "/", Dependabot("github-actions")),
    (r"^xtask/src/workflow/pins\.rs$", "/", Follows("the pins in the committed workflows, which take precedence")),
    (r"^xtask/src/workflow/model\.rs$", "^RUST$", Nightly(Registry::Rust)),
    (
        r"^xtask/src/workflow/model\.rs$",
        "^ubuntu$",
        Follows("GitHub, which warns in each run before it removes a runner"),
    ),
    (r"^xtask/src/workflow/ci\.rs$", "^toolchain$", Follows("`RUST` in `model.rs`; a test compares them")),
    (r"^infra/settings/", "^rust:|^python:", Nightly(Registry::DockerHub)),
    (
        r"^infra/settings/",
        "^version$",
        Follows("MWAA's documented versions, with which `cargo xtask settings` compares it"),
    ),
    (r"^infra/(compute|source)\.yaml$", "^PlatformVersion$", Follows("the platform versions of AWS Fargate for Linux")),
    (r"^dbt/dbt_project\.yml$", "^version$", Follows("nothing: dbt requires a number for our project")),
    (r"^dbt/dbt_project\.yml$", "^require-dbt-version$", Follows("`dbt-core` in `dbt/requirements.in`")),
    (r"^dbt/packages\.yml$", "^version$", Follows("`dbt_utils` in `dbt/packages`: an own package with one macro")),
    (r"^dbt/packages/", "^version$", Follows("nothing: an own package")),
    (
        r"^xtask/emulator/ministack\.py$",
        "^VERSION$",
        Follows("`ministack` in `xtask/python`: another version is an error"),
    ),
    (
        r"^xtask/emulator/moto_server\.py$",
        "^VERSION$",
        Follows("`moto` in `dags/tests/tools`: another version is an error"),
    ),
    (r"^xtask/emulator/redshift/src/", "^SERVER_VERSION$", Follows("what Redshift reports, which clients expect")),
    (r"^xtask/emulator/redshift/tests/.*dbt_project\.yml$", "^version$", Follows("nothing: a project for tests")),
];

/// A version in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Pinned {
    pub path: String,
    pub line: usize,
    pub name: String,
    pub version: String,
}

/// The patterns, compiled.
#[derive(Debug)]
struct Patterns {
    versions: Vec<Regex>,
    without: Regex,
    requirements: Regex,
}

/// Returns the pins in these files (path and text).
pub fn found<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Vec<Pinned>, regex_lite::Error> {
    let versions = PATTERNS.iter().map(|pattern| Regex::new(pattern)).collect::<Result<_, _>>()?;
    let patterns = Patterns { versions, without: Regex::new(WITHOUT)?, requirements: Regex::new(REQUIREMENTS)? };
    let mut pins = Vec::new();
    for (path, text) in files {
        if patterns.without.is_match(path) && !patterns.requirements.is_match(path) {
            continue;
        }
        // A version has a digit.
        let lines = text.lines().enumerate().filter(|(_, line)| line.bytes().any(|byte| byte.is_ascii_digit()));
        for (index, line) in lines {
            let mut rest = line.to_owned();
            for pattern in &patterns.versions {
                pins.extend(pattern.captures_iter(&rest).map(|found| Pinned {
                    path: path.to_owned(),
                    line: index + 1,
                    name: found["name"].to_owned(),
                    version: found["version"].to_owned(),
                }));
                rest = pattern.replace_all(&rest, "").into_owned();
            }
        }
    }
    Ok(pins)
}

/// Pins, each with what watches it.
type Listed<'p> = Vec<(&'p Pinned, Watch)>;

/// Returns what watches each pin, and the problems: pins that no row matches, rows that match no pin, and files that
/// Dependabot does not read.
pub fn watched(pins: &[Pinned]) -> Result<(Listed<'_>, Vec<String>), regex_lite::Error> {
    let rows = WATCHED.iter().map(|(path, name, watch)| Ok((Regex::new(path)?, Regex::new(name)?, *watch)));
    let rows = rows.collect::<Result<Vec<_>, regex_lite::Error>>()?;
    let (mut listed, mut problems, mut used) = (Vec::new(), Vec::new(), vec![false; rows.len()]);
    for pin in pins {
        let matches = |(path, name, _): &(Regex, Regex, Watch)| path.is_match(&pin.path) && name.is_match(&pin.name);
        let Some(row) = rows.iter().position(matches) else {
            let Pinned { path, line, name, version } = pin;
            problems.push(format!("{path}:{line}: nothing reports a newer version of `{name}` ({version})"));
            continue;
        };
        used[row] = true;
        listed.push((pin, rows[row].2));
        if let Dependabot(ecosystem) = rows[row].2
            && !is_read(ecosystem, &pin.path)
        {
            problems.push(format!("{}: Dependabot's `{ecosystem}` does not read this folder", pin.path));
        }
    }
    problems.dedup();
    for (row, (path, name, _)) in WATCHED.iter().enumerate().filter(|(row, _)| !used[*row]) {
        problems.push(format!("row {} (`{path}`, `{name}`) matches no version", row + 1));
    }
    Ok((listed, problems))
}

/// Returns whether Dependabot reads a file: from the listed folders, and those of Python also from the folders directly
/// below (dependabot-core, `python/shared_file_fetcher.rb`: names ending in `.txt` or `.in`, at most 500,000 bytes).
fn is_read(ecosystem: &str, path: &str) -> bool {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let above = folder.rsplit_once('/').map_or("", |(above, _)| above);
    let kept = KEPT.iter().find(|(name, _)| *name == ecosystem).map_or(&[][..], |(_, folders)| folders);
    kept.iter().map(|kept| kept.trim_start_matches('/')).any(|kept| {
        kept == folder || ecosystem == "uv" && kept == above || ecosystem == "github-actions" && kept.is_empty()
    })
}

/// Returns one line for each file and watcher, with the pins, or their number if there are many.
pub fn table(listed: &[(&Pinned, Watch)]) -> Vec<[String; 3]> {
    let mut groups = BTreeMap::<(&str, Watch), Vec<String>>::new();
    for (pin, watch) in listed {
        // A digest or commit is known by its first digits.
        let short = pin.version.get(..15).filter(|_| pin.version.len() >= 40).unwrap_or(&pin.version);
        let text = format!("{} {short}", pin.name);
        let names = groups.entry((&pin.path, *watch)).or_default();
        if !names.contains(&text) {
            names.push(text);
        }
    }
    let row = |((path, watch), names): ((&str, Watch), Vec<String>)| {
        let pins = if names.len() > 3 { format!("{} versions", names.len()) } else { names.join(", ") };
        [path.to_owned(), pins, words(watch)]
    };
    groups.into_iter().map(row).collect()
}

fn words(watch: Watch) -> String {
    match watch {
        Dependabot(ecosystem) => format!("Dependabot ({ecosystem})"),
        Nightly(_) => "`cargo xtask pins --online`, every night".to_owned(),
        Follows(what) => format!("follows {what}"),
    }
}

/// Returns the URL that has the newest version of a pin, which must be public.
pub fn url(pin: &Pinned, registry: Registry) -> String {
    match registry {
        Registry::Rust => "https://static.rust-lang.org/dist/channel-rust-stable.toml".to_owned(),
        Registry::DockerHub => {
            let (image, tag) = pin.name.split_once(':').unwrap_or((&pin.name, "latest"));
            let image = if image.contains('/') { image.to_owned() } else { format!("library/{image}") };
            format!("https://hub.docker.com/v2/repositories/{image}/tags/{tag}")
        }
    }
}

/// Reads the response to [`url()`]. Returns the newer version if there is one that is as old as Dependabot requires.
///
/// # Errors
/// If the response has a different format.
pub fn newer(pin: &Pinned, registry: Registry, response: &str, today: NaiveDate) -> Result<Option<String>, String> {
    let parsed = match registry {
        Registry::Rust => of_rust(response),
        Registry::DockerHub => of_docker_hub(response),
    };
    let (version, date) = parsed.ok_or("the response has an unknown format")?;
    let is_old = (today - date).num_days() >= i64::from(COOLDOWN);
    Ok((version != pin.version && is_old).then_some(version))
}

/// Reads `date` and, in `[pkg.rust]`, the number in `version`, which is followed by a commit and a date.
fn of_rust(response: &str) -> Option<(String, NaiveDate)> {
    let value = |text: &str, key: &str| {
        text.lines().find_map(|line| Some(line.strip_prefix(key)?.trim_matches('"').to_owned()))
    };
    let (_, package) = response.split_once("\n[pkg.rust]\n")?;
    let version = value(package, "version = ")?.split(' ').next()?.to_owned();
    Some((version, value(response, "date = ")?.parse().ok()?))
}

fn of_docker_hub(response: &str) -> Option<(String, NaiveDate)> {
    let value: Value = serde_json::from_str(response).ok()?;
    let date = DateTime::parse_from_rfc3339(value.get("last_updated")?.as_str()?).ok()?;
    Some((value.get("digest")?.as_str()?.to_owned(), date.date_naive()))
}
