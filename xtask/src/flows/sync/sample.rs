//! Uploads the sample responses to the lake, for jobs in the cloud.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::transfer;
use crate::edge::aws::Aws;
use crate::edge::files;
use crate::edge::s3::Bucket;
use crate::flows::account;
use crate::settings::{Settings, Variables};
use crate::sync::{self, File, Manifest, Plan, SyncInput, Tree};

/// Their prefix in the lake.
pub const PREFIX: &str = "sample/spacex";
/// Their local folder.
const FROM: &str = "jobs/sample/spacex";

/// A plan, and the data that is needed to apply it.
#[derive(Debug)]
pub struct Sample {
    /// The plan.
    pub plan: Plan,
    /// The bucket's name.
    pub bucket: String,
    input: SyncInput,
    aws: Aws,
    store: Bucket,
}

/// The local folder of the sample.
pub fn folder() -> PathBuf {
    files::root().join(FROM)
}

/// Compares a folder with the lake. Without a manifest, objects of the same size are read.
pub fn plan(settings: &Settings, variables: &Variables, from: &Path) -> Result<Sample> {
    let ours = files::below(from, &[""], |_| true)?;
    let json = ours.into_iter().filter(|(path, ..)| path.ends_with(".json"));
    let tree: Tree = json.map(|(path, _, bytes)| (format!("{PREFIX}/{path}"), File::new(bytes))).collect();
    let bucket = settings.buckets().lake;
    let aws = Aws::for_settings(settings, variables)?;
    let store = aws.wait(Bucket::open(&bucket, &aws.config))?;
    let remote = aws.wait(store.list(Some(PREFIX)))?;
    let seen = aws.wait(transfer::read(&store, sync::ambiguous(&tree, &remote, &Manifest::default())))?;
    // The prefix is only for the sample: another object is an old version of it.
    let input = SyncInput { tree, remote, seen, overwrite: true, ..SyncInput::default() };
    let mut plan = sync::plan(&input)?;
    plan.keep.append(&mut plan.adopt);
    Ok(Sample { plan, bucket, input, aws, store })
}

impl Sample {
    /// Uploads missing and changed files.
    pub fn apply(&self, settings: &Settings) -> Result<()> {
        account::check(settings, &self.aws)?;
        let SyncInput { tree, remote, .. } = &self.input;
        self.aws.wait(transfer::apply(&self.store, &self.plan, tree, remote)).map(drop)
    }
}
