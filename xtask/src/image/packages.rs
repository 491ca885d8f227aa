//! The packages in an image: the crates linked into its program, and the Python packages in a lock file.

use std::collections::{BTreeMap, BTreeSet};

use crate::failure::Failure;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Package {
    /// `cargo` or `pypi`, as in a package URL.
    pub kind: &'static str,
    pub name: String,
    pub version: String,
    /// SHA-256 of the package's archive, if the lock file has exactly one.
    pub sha256: Option<String>,
}

/// The output of `cargo tree --prefix none` for an image's program and target.
#[derive(Clone, Debug, Default)]
pub struct CargoTree {
    /// With `--edges normal --format {p}`: the linked packages.
    pub linked: String,
    /// With `--edges normal,build --format "{p} {f}"`: packages and features that affect the program's bytes.
    pub compiled: String,
}

impl CargoTree {
    /// Returns the crates in `linked` with their checksums from `Cargo.lock`.
    pub fn packages(&self, lock: &str) -> Result<Vec<Package>, Failure> {
        let checksums = checksums(lock)?;
        let linked: BTreeSet<_> = self.linked.lines().filter_map(name_and_version).collect();
        let package = |found: (String, String)| {
            let sha256 = checksums.get(&found).cloned();
            Package { kind: "cargo", name: found.0, version: found.1, sha256 }
        };
        Ok(linked.into_iter().map(package).collect())
    }

    /// Returns the inputs of the key: each compiled crate with its features and checksum.
    pub fn inputs(&self, lock: &str) -> Result<BTreeMap<String, String>, Failure> {
        let checksums = checksums(lock)?;
        let mut inputs = BTreeMap::new();
        for line in self.compiled.lines() {
            let Some(name_and_version) = name_and_version(line) else { continue };
            let checksum = checksums.get(&name_and_version).map_or("", String::as_str);
            let (name, version) = name_and_version;
            // For example `serde v1.0.0 (proc-macro) default,std (*)`. A local folder is not part of the key.
            let words = line.split(' ').skip(2).filter(|word| !word.starts_with('(') && !word.ends_with(')'));
            let features = words.collect::<Vec<_>>().join(" ");
            // A crate that is both linked and run by the compiler may be compiled twice, with different features.
            let entry: &mut String = inputs.entry(format!("crate {name} {version}")).or_insert(checksum.to_owned());
            if !features.is_empty() && !entry.contains(&features) {
                *entry = format!("{entry} {features}").trim_start().to_owned();
            }
        }
        Ok(inputs)
    }

    /// Returns the folders of the crates in this repository, relative to `root`.
    pub fn folders(&self, root: &str) -> BTreeSet<String> {
        let inside = |line: &str| {
            let path = line.split_once(" (")?.1.split_once(')')?.0.strip_prefix(root)?;
            path.strip_prefix('/').map(str::to_owned)
        };
        self.linked.lines().filter_map(inside).collect()
    }
}

/// Returns `serde` and `1.0.0` for `serde v1.0.0 (proc-macro) (*)`.
fn name_and_version(line: &str) -> Option<(String, String)> {
    let mut words = line.split(' ');
    Some((words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned()))
}

/// Reads the checksums in a `Cargo.lock`, by name and version.
fn checksums(lock: &str) -> Result<BTreeMap<(String, String), String>, Failure> {
    let invalid = |error: toml::de::Error| Failure::new(format!("invalid Cargo.lock: {error}"));
    let lock: toml::Table = lock.parse().map_err(invalid)?;
    let packages = lock.get("package").and_then(toml::Value::as_array).into_iter().flatten();
    let text = |package: &toml::Value, key: &str| Some(package.get(key)?.as_str()?.to_owned());
    let checksum = |one| Some(((text(one, "name")?, text(one, "version")?), text(one, "checksum")?));
    Ok(packages.filter_map(checksum).collect())
}

/// Returns the sections of a `Cargo.toml` that affect a release build, in a fixed order: no development dependencies,
/// benches, lints or other profiles. Versions and features of dependencies come from [`CargoTree`].
pub fn manifest(path: &str, text: &str) -> Result<String, Failure> {
    let invalid = |error: toml::de::Error| Failure::new(format!("invalid {path}: {error}"));
    let mut manifest: toml::Table = text.parse().map_err(invalid)?;
    for section in ["dev-dependencies", "bench", "test", "example", "lints"] {
        manifest.remove(section);
    }
    if let Some(workspace) = manifest.get_mut("workspace").and_then(toml::Value::as_table_mut) {
        workspace.retain(|section, _| section == "package" || section == "resolver");
    }
    if let Some(profiles) = manifest.get_mut("profile").and_then(toml::Value::as_table_mut) {
        profiles.retain(|profile, _| profile == "release");
    }
    serde_json::to_string(&manifest).map_err(|error| Failure::new(format!("invalid {path}: {error}")))
}

/// Reads the packages listed in a hash-locked `requirements.txt`, as written by `uv pip compile --generate-hashes`.
pub fn requirements(lock: &str) -> Result<Vec<Package>, Failure> {
    let joined = lock.replace("\\\n", " ");
    let mut found = BTreeMap::new();
    for line in joined.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let wrong = || {
            let requirement = line.split(' ').next().unwrap_or(line);
            let failure = Failure::new(format!(
                "requirements.txt: `{requirement}` is not pinned to an exact version with a hash"
            ));
            failure.hint("create the file with `uv pip compile --generate-hashes`")
        };
        let (name, rest) = line.split_once("==").ok_or_else(wrong)?;
        let mut words = rest.split_whitespace();
        let version = words.next().ok_or_else(wrong)?.trim_end_matches(';');
        let hashes: Vec<&str> = words.filter_map(|word| word.strip_prefix("--hash=sha256:")).collect();
        if hashes.is_empty() {
            return Err(wrong());
        }
        let sha256 = <[&str; 1]>::try_from(hashes).ok().map(|[one]| one.to_owned());
        let name = name.split('[').next().unwrap_or(name).to_owned();
        found.insert(name.clone(), Package { kind: "pypi", name, version: version.to_owned(), sha256 });
    }
    Ok(found.into_values().collect())
}
