//! The sync plan: the decision for each key.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use super::imports::Import;
use super::order::{Keys, Order, deletes, uploads};
use super::state::{File, Listed, MANIFEST, Manifest, Owned, REQUIREMENTS, Remote, Seen, Tree};
use crate::failure::Failure;

/// One request. A put fails unless the key has an object with the ETag `expect`, or for `None`, no object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum SyncStep {
    Put { key: String, expect: Option<String> },
    Delete { key: String },
}

/// What a sync does. Its `Display` output is the preview.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The requests, in waves. Requests in the same wave may run in parallel.
    pub waves: Vec<Vec<SyncStep>>,
    /// Changed files with circular imports; the files in each circle are changed in one wave.
    pub circles: Vec<BTreeSet<String>>,
    /// Objects in the desired state.
    pub keep: BTreeSet<String>,
    /// Like `keep`, but uploaded by a sync that was interrupted before it wrote the manifest.
    pub settle: BTreeSet<String>,
    /// Like `keep`, but not in the manifest.
    pub adopt: BTreeSet<String>,
    /// Keys to remove from the manifest only.
    pub forget: BTreeSet<String>,
    /// Objects that belong to someone else.
    pub foreign: BTreeSet<String>,
}

impl Plan {
    pub fn is_empty(&self) -> bool {
        self.waves.is_empty() && self.settle.is_empty() && self.adopt.is_empty() && self.forget.is_empty()
    }

    pub fn steps(&self) -> impl Iterator<Item = &SyncStep> {
        self.waves.iter().flatten()
    }

    /// Whether the Airflow environment needs an update.
    pub fn updates_environment(&self) -> bool {
        // An earlier sync may have uploaded the file without reporting its version.
        self.settle.contains(REQUIREMENTS)
            || self.adopt.contains(REQUIREMENTS)
            || self.steps().any(|step| matches!(step, SyncStep::Put { key, .. } if key == REQUIREMENTS))
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in self.steps() {
            match step {
                SyncStep::Put { key, expect: None } => writeln!(f, "put     {key} (new)")?,
                SyncStep::Put { key, .. } => writeln!(f, "put     {key}")?,
                SyncStep::Delete { key } => writeln!(f, "delete  {key}")?,
            }
        }
        for circle in &self.circles {
            let files: Vec<&str> = circle.iter().map(String::as_str).collect();
            writeln!(f, "circle  {} (import each other; changed together)", files.join(", "))?;
        }
        self.settle.iter().try_for_each(|key| writeln!(f, "record  {key} (uploaded by an interrupted sync)"))?;
        self.adopt.iter().try_for_each(|key| writeln!(f, "adopt   {key} (already has this content)"))?;
        self.forget.iter().try_for_each(|key| writeln!(f, "forget  {key} (no longer in the folder)"))?;
        // A long list would hide the requests.
        self.foreign.iter().take(20).try_for_each(|key| writeln!(f, "skip    {key} (not in the manifest)"))?;
        if self.foreign.len() > 20 {
            writeln!(f, "skip    {} more that are not in the manifest", self.foreign.len() - 20)?;
        }
        Ok(())
    }
}

/// The desired state (`tree` and its imports), the current state, and the options.
#[derive(Clone, Debug, Default)]
pub struct SyncInput {
    pub tree: Tree,
    pub imports: BTreeMap<String, Vec<Import>>,
    pub remote: Remote,
    pub manifest: Manifest,
    /// The contents of the [`ambiguous`] objects.
    pub seen: BTreeMap<String, Seen>,
    /// Whether to replace or delete objects in the manifest that someone else changed.
    pub overwrite: bool,
    /// The maximum number of deletes.
    pub max_delete: usize,
}

/// Returns the keys whose content must be read: the object changed after the manifest was written, and it has the same
/// size as the local file, or an interrupted sync announced it. (With KMS, an ETag is not a hash of the content.)
pub fn ambiguous(tree: &Tree, remote: &Remote, manifest: &Manifest) -> Vec<String> {
    let keys: BTreeSet<&String> = tree.keys().chain(manifest.pending.keys()).collect();
    let is_ambiguous = |key: &&String| {
        let Some(listed) = remote.get(*key) else { return false };
        let known = manifest.files.get(*key).is_some_and(|owned| owned.etag == listed.etag);
        let same_size = tree.get(*key).is_some_and(|file| file.bytes.len() as u64 == listed.size);
        !known && (same_size || manifest.pending.contains_key(*key))
    };
    keys.into_iter().filter(is_ambiguous).cloned().collect()
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Decision {
    Put(Option<String>),
    Keep,
    Adopt,
    Delete,
    Forget,
    Skip,
    Refuse(&'static str),
}

/// Returns the decision for a key.
///
/// | tree | manifest | bucket | decision |
/// |---|---|---|---|
/// | –    | –    | an object                      | skip                               |
/// | –    | ours | –                              | forget                             |
/// | –    | adopted | an object                   | forget                             |
/// | –    | ours | as uploaded                    | delete                             |
/// | –    | ours | changed                        | refuse; delete with `--overwrite`  |
/// | file | any  | –                              | put                                |
/// | file | ours | as uploaded, the same file     | keep                               |
/// | file | ours | as uploaded, a different file  | put                                |
/// | file | any  | changed, with the same content | adopt                              |
/// | file | any  | changed                        | refuse; put with `--overwrite`     |
///
/// "Ours" includes the completed uploads of an interrupted sync.
fn decide(
    file: Option<&File>,
    ours: Option<&Owned>,
    listed: Option<&Listed>,
    seen: Option<&Seen>,
    overwrite: bool,
) -> Decision {
    let as_uploaded = ours.zip(listed).is_some_and(|(ours, listed)| ours.etag == listed.etag);
    match (file, ours, listed) {
        (None, None, _) => Decision::Skip,
        (None, Some(_), None) => Decision::Forget,
        (None, Some(ours), Some(_)) if ours.adopted => Decision::Forget,
        (None, Some(_), Some(_)) if as_uploaded || overwrite => Decision::Delete,
        (None, Some(_), Some(_)) => Decision::Refuse("was changed by someone else and would be deleted"),
        (Some(_), _, None) => Decision::Put(None),
        (Some(file), Some(ours), Some(_)) if as_uploaded && ours.sha256 == file.sha256 => Decision::Keep,
        (Some(file), _, Some(_)) if !as_uploaded && seen.is_some_and(|seen| seen.sha256 == file.sha256) => {
            Decision::Adopt
        }
        (Some(_), _, Some(listed)) if as_uploaded || overwrite => Decision::Put(Some(listed.etag.clone())),
        (Some(_), Some(_), Some(_)) => Decision::Refuse("was changed by someone else"),
        (Some(_), None, Some(_)) => Decision::Refuse("was written by someone else"),
    }
}

/// Plans a sync. Fails if someone else wrote to any of the keys (the error lists them), or for too many deletions.
pub fn plan(input: &SyncInput) -> Result<Plan, Failure> {
    let SyncInput { tree, imports, remote, manifest, .. } = input;
    let (files, settled) = manifest.settled(remote, &input.seen);
    let keys: BTreeSet<&String> = tree.keys().chain(files.keys()).chain(remote.keys()).collect();
    let (mut plan, mut refused) = (Plan::default(), Vec::new());
    let (mut puts, mut gone) = (BTreeMap::new(), Keys::new());
    for key in keys.into_iter().filter(|key| *key != MANIFEST) {
        let (ours, seen) = (files.get(key), input.seen.get(key));
        let key = key.clone();
        match decide(tree.get(&key), ours, remote.get(&key), seen, input.overwrite) {
            Decision::Put(expect) => _ = puts.insert(key, expect),
            Decision::Keep if settled.contains(&key) => _ = plan.settle.insert(key),
            Decision::Keep => _ = plan.keep.insert(key),
            Decision::Adopt => _ = plan.adopt.insert(key),
            Decision::Delete => _ = gone.insert(key),
            Decision::Forget => _ = plan.forget.insert(key),
            Decision::Skip => _ = plan.foreign.insert(key),
            Decision::Refuse(why) => refused.push(format!("`{key}` {why}")),
        }
    }
    if !refused.is_empty() {
        let failure = Failure::new(format!("nothing was written: {}", refused.join("; ")));
        return Err(failure.hint("inspect these objects; --overwrite replaces them"));
    }
    if gone.len() > input.max_delete {
        let (count, limit) = (gone.len(), input.max_delete);
        let names = gone.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if count > 5 { ", …" } else { "" };
        let text = format!("the sync would delete {count} objects, more than the limit of {limit}: {names}{more}");
        return Err(Failure::new(text).hint(format!("to delete them, pass --max-delete {count}")));
    }
    let target: Keys = tree.keys().chain(&plan.foreign).cloned().collect();
    let old = files.iter().map(|(key, owned)| (key.clone(), owned.imports.clone())).collect();
    let Order { waves, circles } = uploads(&puts.keys().cloned().collect(), &target, imports);
    let last = deletes(&gone, &files.keys().cloned().collect(), &old);
    let put = |key: String| SyncStep::Put { expect: puts[&key].clone(), key };
    plan.waves = waves.into_iter().map(|wave| wave.into_iter().map(put).collect()).collect();
    plan.waves
        .extend(last.waves.into_iter().map(|wave| wave.into_iter().map(|key| SyncStep::Delete { key }).collect()));
    plan.circles = [circles, last.circles].concat();
    Ok(plan)
}

#[cfg(test)]
#[path = "../../tests/unit/sync/plan.rs"]
mod tests;
