//! The sample answers into the lake, where jobs in the cloud find what jobs here have on disk.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{apply, look};
use crate::edge::aws::Aws;
use crate::edge::files;
use crate::edge::s3::Bucket;
use crate::flows::account;
use crate::settings::{Settings, Variables};
use crate::sync::{self, File, Manifest, Plan, Tree, Wanted};

/// Where they lie, there and here.
pub const PREFIX: &str = "sample/spacex";
const FROM: &str = "jobs/sample/spacex";

/// A plan, and what it needs to be carried out.
#[derive(Debug)]
pub struct Sample {
    /// The plan.
    pub plan: Plan,
    /// The bucket's name.
    pub bucket: String,
    wanted: Wanted,
    aws: Aws,
    store: Bucket,
}

/// The sample, as it lies here.
pub fn folder() -> PathBuf {
    files::root().join(FROM)
}

/// Looks at both sides: a folder's answers and the lake. There is no manifest: a file as long as ours is read to see whether it
/// is the same.
pub fn plan(settings: &Settings, variables: &Variables, from: &Path) -> Result<Sample> {
    let ours = files::below(from, &[""], |_| true)?;
    let json = ours.into_iter().filter(|(path, ..)| path.ends_with(".json"));
    let tree: Tree = json.map(|(path, _, bytes)| (format!("{PREFIX}/{path}"), File::new(bytes))).collect();
    let bucket = settings.buckets().lake;
    let aws = Aws::of(settings, variables)?;
    let store = aws.wait(Bucket::open(&bucket, &aws.config))?;
    let remote = aws.wait(store.list(Some(PREFIX)))?;
    let seen = aws.wait(look(&store, sync::doubtful(&tree, &remote, &Manifest::default())))?;
    // Nothing else may lie under these names, so that another sample is an old one.
    let wanted = Wanted { tree, remote, seen, overwrite: true, ..Wanted::default() };
    let mut plan = sync::plan(&wanted)?;
    plan.keep.append(&mut plan.adopt);
    Ok(Sample { plan, bucket, wanted, aws, store })
}

impl Sample {
    /// Sends what is missing or other.
    pub fn apply(&self, settings: &Settings) -> Result<()> {
        account::check(settings, &self.aws)?;
        self.aws.wait(apply(&self.store, &self.plan, &self.wanted.tree, &self.wanted.remote)).map(drop)
    }
}
