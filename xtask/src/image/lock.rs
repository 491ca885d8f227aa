//! What the lock files say is in an image.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::{BTreeMap, BTreeSet};

use cargo_lock::Lockfile;

use crate::failure::Failure;

/// A package of an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Package {
    /// `cargo` or `pypi`, as in a package URL.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of what the registry gives out, where there is exactly one.
    pub sha256: Option<String>,
}

/// What a package of the workspace is linked from, itself included: everything that the lock file reaches from it.
pub fn crates(lock: &str, root: &str) -> Result<Vec<Package>, Failure> {
    let lock: Lockfile = lock.parse().map_err(|error| Failure::new(format!("Cargo.lock cannot be read: {error}")))?;
    let of = |name: &str, version: &str| {
        lock.packages.iter().find(|package| package.name.as_str() == name && package.version.to_string() == version)
    };
    let first = lock.packages.iter().find(|package| package.name.as_str() == root && package.source.is_none());
    let first = first.ok_or_else(|| Failure::new(format!("Cargo.lock has no `{root}`")).hint("run `cargo build`"))?;
    let (mut open, mut seen) = (vec![first], BTreeSet::new());
    while let Some(package) = open.pop() {
        if !seen.insert((package.name.to_string(), package.version.to_string())) {
            continue;
        }
        open.extend(package.dependencies.iter().filter_map(|next| of(next.name.as_str(), &next.version.to_string())));
    }
    let found = seen.into_iter().map(|(name, version)| {
        let sha256 = of(&name, &version).and_then(|package| package.checksum.as_ref()).map(ToString::to_string);
        Package { kind: "cargo", name, version, sha256 }
    });
    Ok(found.collect())
}

/// The packages of a hash-locked `requirements.lock`, as `uv pip compile --generate-hashes` writes it.
pub fn requirements(lock: &str) -> Result<Vec<Package>, Failure> {
    let joined = lock.replace("\\\n", " ");
    let mut found = BTreeMap::new();
    for line in joined.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let wrong =
            || Failure::new(format!("requirements.lock: `{}` is not locked", line.split(' ').next().unwrap_or(line)));
        let (name, rest) = line.split_once("==").ok_or_else(wrong)?;
        let mut words = rest.split_whitespace();
        let version = words.next().ok_or_else(wrong)?.trim_end_matches(';');
        let hashes: Vec<&str> = words.filter_map(|word| word.strip_prefix("--hash=sha256:")).collect();
        if hashes.is_empty() {
            return Err(wrong().hint("make the lock again with `uv pip compile --generate-hashes`"));
        }
        let sha256 = <[&str; 1]>::try_from(hashes).ok().map(|[one]| one.to_owned());
        let name = name.split('[').next().unwrap_or(name).to_owned();
        found.insert(name.clone(), Package { kind: "pypi", name, version: version.to_owned(), sha256 });
    }
    Ok(found.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_reached_is_in_it() {
        let lock = "version = 4\n\
            [[package]]\nname = \"a\"\nversion = \"0.1.0\"\ndependencies = [\"b\"]\n\
            [[package]]\nname = \"b\"\nversion = \"1.2.3\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n\
            checksum = \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"\n\
            [[package]]\nname = \"c\"\nversion = \"9.9.9\"\n";
        let found = crates(lock, "a").expect("a lock");
        let names: Vec<_> = found.iter().map(|package| (package.name.as_str(), package.version.as_str())).collect();
        assert_eq!(names, [("a", "0.1.0"), ("b", "1.2.3")]);
        assert_eq!(found[1].sha256.as_deref(), Some("a".repeat(64).as_str()));
        assert!(crates(lock, "z").is_err() && crates("nonsense", "a").is_err());
    }

    #[test]
    fn a_requirement_without_hash_or_version_is_refused() {
        let lock = "# made by uv\nagate==1.9.1 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n    # via dbt\nbabel[x]==2.18.0 --hash=sha256:cc\n";
        let found = requirements(lock).expect("a lock");
        assert_eq!(found[0], Package { kind: "pypi", name: "agate".into(), version: "1.9.1".into(), sha256: None });
        assert_eq!(found[1].sha256.as_deref(), Some("cc"));
        for wrong in ["agate", "agate==1.0", "agate>=1.0 --hash=sha256:aa", "-e ."] {
            assert!(requirements(wrong).is_err(), "{wrong}");
        }
    }
}
