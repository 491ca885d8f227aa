//! A release: its version, and the files that name it (`CHANGELOG.md`, `Cargo.toml`, `Cargo.lock`), as texts.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::fmt;
use std::str::FromStr;

use crate::failure::Failure;

/// The heading of what is not released yet.
const UNRELEASED: &str = "## Unreleased\n";

/// A version `X.Y.Z`. Its tag is `vX.Y.Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u64, u64, u64);

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers: Option<Vec<u64>> = text.split('.').map(|part| part.parse().ok()).collect();
        match numbers.as_deref() {
            // Not `01.2.3` or `+1.2.3`.
            Some(&[major, minor, patch]) if format!("{major}.{minor}.{patch}") == text => Ok(Self(major, minor, patch)),
            _ => Err("expected three numbers, such as 1.2.3".to_owned()),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl Version {
    pub fn tag(self) -> String {
        format!("v{self}")
    }

    /// Returns the newest version among these tags. Others are ignored.
    pub fn newest(tags: &str) -> Option<Self> {
        tags.lines().filter_map(|tag| tag.strip_prefix('v')?.parse().ok()).max()
    }
}

/// Returns the text of `CHANGELOG.md` with the unreleased changes as those of the version.
pub fn changelog(text: &str, version: Version, date: &str) -> Result<String, Failure> {
    let (before, after) = text
        .split_once(UNRELEASED)
        .ok_or_else(|| Failure::new("`CHANGELOG.md` has no section `## Unreleased`").hint("add it below the title"))?;
    let changes = after.split("\n## ").next().unwrap_or_default();
    if changes.trim().is_empty() {
        return Err(Failure::new("`CHANGELOG.md` has no unreleased changes").hint("describe what the release changes"));
    }
    Ok(format!("{before}{UNRELEASED}\n## {version} ({date})\n{after}"))
}

/// Returns the changes of a version in `CHANGELOG.md`.
pub fn notes(text: &str, version: Version) -> Option<&str> {
    let (_, after) = text.split_once(&format!("\n## {version} ("))?;
    let (_, changes) = after.split_once('\n')?;
    changes.split("\n## ").next().map(str::trim)
}

/// Returns the workspace's version.
pub fn current(manifest: &str) -> Option<&str> {
    let section = manifest.split("[workspace.package]").nth(1)?.split("\n[").next()?;
    section.lines().find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
}

/// Returns `Cargo.toml` and `Cargo.lock` with the version: that of the workspace, and those of its members, which have
/// no source.
pub fn manifests(manifest: &str, lock: &str, version: Version) -> Result<(String, String), Failure> {
    let old =
        current(manifest).ok_or_else(|| Failure::new("`Cargo.toml` has no version below `[workspace.package]`"))?;
    let line = |version: &str| format!("\nversion = \"{version}\"\n");
    let (old, new) = (line(old), line(&version.to_string()));
    let (before, after) = manifest.split_once("[workspace.package]").unwrap_or_default();
    let manifest = format!("{before}[workspace.package]{}", after.replacen(&old, &new, 1));
    let of = |package: &str| {
        let is_member = !package.contains("\nsource = ");
        if is_member { package.replacen(&old, &new, 1) } else { package.to_owned() }
    };
    Ok((manifest, lock.split("[[package]]").map(of).collect::<Vec<_>>().join("[[package]]")))
}

#[cfg(test)]
#[path = "../tests/unit/release.rs"]
mod tests;
