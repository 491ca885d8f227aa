//! Uploads the sample responses to the lake, for jobs in the cloud.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::transfer::{self, Sync};
use crate::edge::files;
use crate::flows::account;
use crate::settings::{Settings, Variables};
use crate::sync::{self, File, Manifest, SyncInput, Tree};

/// The prefix of the sample responses in the lake.
pub const PREFIX: &str = "sample/spacex";

/// Returns the local folder of the sample responses.
pub fn folder() -> PathBuf {
    files::root().join("jobs/sample/spacex")
}

/// Compares a folder with the lake. Without a manifest, objects of equal size are compared by content.
pub fn plan(settings: &Settings, variables: &Variables, folder: &Path) -> Result<Sync> {
    let found = files::below(folder, &[""], |_| true)?;
    let json = found.into_iter().filter(|(path, ..)| path.ends_with(".json"));
    let tree: Tree = json.map(|(path, _, bytes)| (format!("{PREFIX}/{path}"), File::new(bytes))).collect();
    let bucket = settings.buckets().lake;
    let (aws, store) = transfer::open(settings, variables, &bucket)?;
    let remote = aws.wait(store.list(Some(PREFIX)))?;
    let seen = aws.wait(transfer::read(&store, sync::ambiguous(&tree, &remote, &Manifest::default())))?;
    // The prefix is only for the sample, so a different object is an old version of it.
    let input = SyncInput { tree, remote, seen, overwrite: true, ..SyncInput::default() };
    let mut plan = sync::plan(&input)?;
    plan.keep.append(&mut plan.adopt);
    Ok(Sync { plan, bucket, input, aws, store })
}

/// Uploads missing and changed files.
pub fn apply(sync: &Sync, settings: &Settings) -> Result<()> {
    account::check(settings, &sync.aws)?;
    sync.run().map(drop)
}
