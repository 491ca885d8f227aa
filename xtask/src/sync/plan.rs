//! The plan: what becomes of each key.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use super::order::{Move, removals, sends};
use super::{File, Import, Listed, MANIFEST, Manifest, Owned, REQUIREMENTS, Remote, STAND_IN, Seen, Tree, sha256};
use crate::failure::Failure;

/// What has to be in the bucket for a request to be carried out; else somebody else was there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// Nothing.
    Nothing,
    /// An object with this ETag.
    Etag(String),
    /// The stand-in that an earlier step of this plan put there.
    StandIn,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum Step {
    /// Send the file.
    Put {
        /// Where to.
        key: String,
        /// If this is there.
        expect: Expect,
    },
    /// Send the stand-in.
    StandIn {
        /// Where to.
        key: String,
        /// If this is there.
        expect: Expect,
    },
    /// Remove the object.
    Delete {
        /// Which.
        key: String,
    },
}

/// What a sync does. Printed, it is the preview.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The requests. Those side by side may be under way at once.
    pub waves: Vec<Vec<Step>>,
    /// As they should be.
    pub keep: BTreeSet<String>,
    /// As they should be, written by a sync that was interrupted before it said so.
    pub settle: BTreeSet<String>,
    /// As they should be, though the manifest knows nothing of it: somebody had the same idea.
    pub adopt: BTreeSet<String>,
    /// In the manifest, and not to be in it any more; nothing is done to the bucket.
    pub forget: BTreeSet<String>,
    /// Somebody else's, left alone.
    pub foreign: BTreeSet<String>,
}

impl Plan {
    /// Nothing to do, not even to the manifest.
    pub fn is_empty(&self) -> bool {
        self.waves.is_empty() && self.settle.is_empty() && self.adopt.is_empty() && self.forget.is_empty()
    }

    /// Every request in its order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.waves.iter().flatten()
    }

    /// Whether Airflow's environment has to be updated to see all of it.
    pub fn updates_environment(&self) -> bool {
        // Whoever sent it before said nothing of it.
        self.settle.contains(REQUIREMENTS)
            || self.adopt.contains(REQUIREMENTS)
            || self.steps().any(|step| matches!(step, Step::Put { key, .. } if key == REQUIREMENTS))
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in self.steps() {
            match step {
                Step::Put { key, expect: Expect::Nothing } => writeln!(f, "put     {key} (new)")?,
                Step::Put { key, .. } => writeln!(f, "put     {key}")?,
                Step::StandIn { key, .. } => writeln!(f, "put     {key} (empty for now: a circle of imports)")?,
                Step::Delete { key } => writeln!(f, "delete  {key}")?,
            }
        }
        self.settle.iter().try_for_each(|key| writeln!(f, "settle  {key} (an interrupted sync wrote it)"))?;
        self.adopt.iter().try_for_each(|key| writeln!(f, "adopt   {key} (has this content already)"))?;
        self.forget.iter().try_for_each(|key| writeln!(f, "forget  {key} (no longer ours)"))?;
        // A bucket that others fill would hide what is done.
        self.foreign.iter().take(20).try_for_each(|key| writeln!(f, "leave   {key} (not ours)"))?;
        if self.foreign.len() > 20 {
            writeln!(f, "leave   {} more that are not ours", self.foreign.len() - 20)?;
        }
        Ok(())
    }
}

/// What is known, and what is allowed.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// What shall be there.
    pub tree: Tree,
    /// What each Python file of it imports.
    pub imports: BTreeMap<String, Vec<Import>>,
    /// What is there.
    pub remote: Remote,
    /// What of it is ours.
    pub manifest: Manifest,
    /// What of it had to be read.
    pub seen: BTreeMap<String, Seen>,
    /// Take what somebody else wrote to our keys.
    pub overwrite: bool,
    /// Objects that may be removed.
    pub max_delete: usize,
}

/// The keys whose content has to be read to know whose they are: somebody wrote to them after the manifest was written,
/// and they are as long as what we would have written, or an interrupted sync was to write them. (An ETag would tell only without KMS.)
pub fn doubtful(tree: &Tree, remote: &Remote, manifest: &Manifest) -> Vec<String> {
    let keys: BTreeSet<&String> = tree.keys().chain(manifest.files.keys()).chain(manifest.pending.keys()).collect();
    let doubt = |key: &&String| {
        let Some(there) = remote.get(*key) else { return false };
        let known = manifest.files.get(*key).is_some_and(|owned| owned.etag == there.etag);
        let length = |bytes: &[u8]| bytes.len() as u64 == there.size;
        let pending = manifest.pending.contains_key(*key);
        !known && (pending || length(STAND_IN) || tree.get(*key).is_some_and(|file| length(&file.bytes)))
    };
    keys.into_iter().filter(doubt).cloned().collect()
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Put(Expect),
    Keep,
    Adopt,
    Delete,
    Forget,
    Leave,
    Refuse(&'static str),
}

/// What becomes of a key.
///
/// | tree | manifest | bucket | verdict |
/// |---|---|---|---|
/// | –    | –    | there                          | leave: somebody else's                  |
/// | –    | ours | –                              | forget                                  |
/// | –    | adopted | there                       | forget: it stays                        |
/// | –    | ours | as we wrote it, or a stand-in  | delete                                  |
/// | –    | ours | otherwise                      | refuse; delete with `--overwrite`       |
/// | file | any  | –                              | put                                     |
/// | file | ours | as we wrote it, the same file  | keep                                    |
/// | file | ours | as we wrote it, another file   | put                                     |
/// | file | any  | otherwise, with its content    | adopt: it stays when the file goes      |
/// | file | any  | a stand-in                     | put: nobody else writes that            |
/// | file | any  | otherwise                      | refuse; put with `--overwrite`          |
///
/// "Ours" is also what an interrupted sync wrote, which its manifest announced.
pub(super) fn verdict(
    file: Option<&File>,
    ours: Option<&Owned>,
    there: Option<&Listed>,
    seen: Option<&Seen>,
    overwrite: bool,
) -> Verdict {
    let as_we_wrote = ours.zip(there).is_some_and(|(ours, there)| ours.etag == there.etag);
    let has = |content: &str| seen.is_some_and(|seen| seen.sha256 == content);
    let stand_in = seen.is_some_and(|seen| seen.sha256 == sha256(STAND_IN));
    match (file, ours, there) {
        (None, None, _) => Verdict::Leave,
        (None, Some(_), None) => Verdict::Forget,
        (None, Some(ours), Some(_)) if ours.adopted => Verdict::Forget,
        (None, Some(_), Some(_)) if as_we_wrote || stand_in || overwrite => Verdict::Delete,
        (None, Some(_), Some(_)) => Verdict::Refuse("was changed by somebody else, and would be deleted"),
        (Some(_), _, None) => Verdict::Put(Expect::Nothing),
        (Some(file), Some(ours), Some(_)) if as_we_wrote && ours.sha256 == file.sha256 => Verdict::Keep,
        (Some(file), _, Some(_)) if !as_we_wrote && has(&file.sha256) => Verdict::Adopt,
        (Some(_), _, Some(there)) if as_we_wrote || stand_in || overwrite => {
            Verdict::Put(Expect::Etag(there.etag.clone()))
        }
        (Some(_), Some(_), Some(_)) => Verdict::Refuse("was changed by somebody else"),
        (Some(_), None, Some(_)) => Verdict::Refuse("is somebody else's"),
    }
}

/// The plan.
///
/// # Errors
/// With every key that somebody else wrote to, or when too much would be removed.
pub fn plan(wanted: &Wanted) -> Result<Plan, Failure> {
    let Wanted { tree, imports, remote, manifest, .. } = wanted;
    let (files, settled) = manifest.settled(remote, &wanted.seen);
    let keys: BTreeSet<&String> = tree.keys().chain(files.keys()).chain(remote.keys()).collect();
    let (mut plan, mut refused) = (Plan::default(), Vec::new());
    let (mut puts, mut deletes) = (BTreeMap::new(), BTreeSet::new());
    for key in keys.into_iter().filter(|key| *key != MANIFEST) {
        let (ours, seen) = (files.get(key), wanted.seen.get(key));
        let key = key.clone();
        match verdict(tree.get(&key), ours, remote.get(&key), seen, wanted.overwrite) {
            Verdict::Put(expect) => _ = puts.insert(key, expect),
            Verdict::Keep if settled.contains(&key) => _ = plan.settle.insert(key),
            Verdict::Keep => _ = plan.keep.insert(key),
            Verdict::Adopt => _ = plan.adopt.insert(key),
            Verdict::Delete => _ = deletes.insert(key),
            Verdict::Forget => _ = plan.forget.insert(key),
            Verdict::Leave => _ = plan.foreign.insert(key),
            Verdict::Refuse(why) => refused.push(format!("`{key}` {why}")),
        }
    }
    if !refused.is_empty() {
        let failure = Failure::new(format!("nothing was written: {}", refused.join("; ")));
        return Err(failure.hint("look at what is there; --overwrite replaces it"));
    }
    if deletes.len() > wanted.max_delete {
        let names: Vec<&str> = deletes.iter().take(5).map(String::as_str).collect();
        let more = if deletes.len() > names.len() { ", …" } else { "" };
        let (count, most) = (deletes.len(), wanted.max_delete);
        let words = format!("{count} objects would be deleted, and {most} may be: {}{more}", names.join(", "));
        return Err(Failure::new(words).hint(format!("if that is right: --max-delete {count}")));
    }
    let there: BTreeSet<String> = remote.keys().cloned().collect();
    let target: BTreeSet<String> = tree.keys().chain(&plan.foreign).cloned().collect();
    let order = sends(&puts.keys().cloned().collect(), &target, &there, imports);
    let old: BTreeMap<String, Vec<Import>> =
        files.iter().map(|(key, owned)| (key.clone(), owned.imports.clone())).collect();
    let order = order.into_iter().chain(removals(&deletes, &files.keys().cloned().collect(), &old));
    let mut stand_ins = BTreeSet::new();
    let mut step = |next: Move| match next {
        Move::Put(key) => {
            let expect = if stand_ins.contains(&key) { Expect::StandIn } else { puts[&key].clone() };
            Step::Put { key, expect }
        }
        Move::StandIn(key) => {
            stand_ins.insert(key.clone());
            let there = || remote.get(&key).map_or(Expect::Nothing, |there| Expect::Etag(there.etag.clone()));
            let expect = puts.get(&key).cloned().unwrap_or_else(there);
            Step::StandIn { key, expect }
        }
        Move::Delete(key) => Step::Delete { key },
    };
    plan.waves = order.map(|wave| wave.into_iter().map(&mut step).collect()).collect();
    Ok(plan)
}
