//! Makes a release: one commit with the version and the changes, and its tag. Pushing the tag starts `release.yml`.
//! cargo-release does not fit: it is another program to install and pin, and publishes crates, which we do not.

use anyhow::{Context, Result, ensure};

use crate::edge::{files, git, shell};
use crate::failure::Failure;
use crate::release::{Version, changelog, current, manifests};

/// A release, which nothing has been written for.
#[derive(Debug)]
pub struct Release {
    pub version: Version,
    /// The version in `Cargo.toml` until now.
    pub before: String,
    /// Each file and its new text.
    files: [(&'static str, String); 3],
    /// The commit to which [`Release::apply`] returns if it fails.
    head: String,
}

/// Checks that a version can be released now, and determines what changes.
pub fn plan(version: Version) -> Result<Release> {
    let root = files::root();
    let read = |name: &str| files::read(&root.join(name))?.with_context(|| format!("`{name}` does not exist"));
    let branch = git::git(&root, &["rev-parse", "--abbrev-ref", "HEAD"])?;
    let failure = || Failure::new(format!("a release is made on `main`, but this is `{branch}`"));
    ensure!(branch == "main", failure().hint("run `git switch main`"));
    let changed = git::git(&root, &["status", "--porcelain"])?;
    let failure = || Failure::new(format!("the clone has changes that are not committed:\n{changed}"));
    ensure!(changed.is_empty(), failure().hint("commit them, or remove them with `git stash --include-untracked`"));
    if let Some(last) = Version::newest(&git::git(&root, &["tag", "--list", "v*"])?) {
        let failure = || Failure::new(format!("{version} is not newer than {last}, the last release"));
        ensure!(version > last, failure().hint("choose a greater version"));
    }
    let (manifest, lock) = (read("Cargo.toml")?, read("Cargo.lock")?);
    let before = current(&manifest).unwrap_or_default().to_owned();
    let changes = changelog(&read("CHANGELOG.md")?, version, &files::now("%Y-%m-%d"))?;
    let (manifest, lock) = manifests(&manifest, &lock, version)?;
    let head = git::git(&root, &["rev-parse", "HEAD"])?;
    Ok(Release {
        version,
        before,
        files: [("CHANGELOG.md", changes), ("Cargo.toml", manifest), ("Cargo.lock", lock)],
        head,
    })
}

impl Release {
    /// Writes the files, commits them and tags the commit. If this fails, nothing remains.
    pub fn apply(&self) -> Result<()> {
        let result = self.write();
        if result.is_err() {
            let root = files::root();
            // Either may not exist yet; there were no other changes.
            let _ = git::git(&root, &["tag", "--delete", &self.version.tag()]);
            git::git(&root, &["reset", "--quiet", "--hard", &self.head]).context("cannot undo the release")?;
        }
        result
    }

    fn write(&self) -> Result<()> {
        let (root, tag) = (files::root(), self.version.tag());
        for (name, text) in &self.files {
            files::write(&root.join(name), text)?;
        }
        // Fails if `Cargo.lock` does not match.
        shell::lint(&root, None, &["fetch", "--locked", "--quiet"], &[])?;
        let names = self.files.each_ref().map(|(name, _)| *name);
        git::git(
            &root,
            &[&["commit", "--quiet", "--message", &format!("Release {}", self.version)][..], &names].concat(),
        )?;
        git::git(&root, &["tag", "--annotate", "--message", &format!("Release {}", self.version), &tag])?;
        Ok(())
    }

    /// Returns the command that publishes the release.
    pub fn push(&self) -> String {
        format!("git push --atomic origin main {}", self.version.tag())
    }
}
