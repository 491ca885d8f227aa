//! The order of requests: after each of them, every import of a local module finds it.
//!
//! Sending: a module goes before those that import it, whether it is new or changed. Removing: after everything was sent,
//! so that no file that stays imports it, and after whatever imports it and goes as well. Where modules import each other
//! in a circle:
//!
//! | in the circle | what happens |
//! |---|---|
//! | one that is there already, of any content | it goes first: whoever imports it finds it |
//! | new ones alone | two steps: one of them is sent as a stand-in that imports nothing, its content follows |
//! | only such as are removed | two steps: one of them becomes the stand-in, and is removed at the end |

use std::collections::{BTreeMap, BTreeSet};

use super::Import;
use super::python::{Modules, is_python};

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Move {
    Put(String),
    StandIn(String),
    Delete(String),
}

type Keys = BTreeSet<String>;
type Needs = BTreeMap<String, Keys>;

/// For each file, what it needs among the given ones.
fn needs(files: &Keys, all: &Modules<'_>, imports: &BTreeMap<String, Vec<Import>>) -> Needs {
    let of = |file: &String| all.needs(file, imports.get(file).map_or(&[][..], Vec::as_slice));
    files.iter().map(|file| (file.clone(), of(file).into_iter().filter(|key| files.contains(key)).collect())).collect()
}

/// The requests that send files, those side by side that may be under way at once. `target` is every key afterwards,
/// `there` those that are in the bucket already.
pub(super) fn sends(
    puts: &Keys,
    target: &Keys,
    there: &Keys,
    imports: &BTreeMap<String, Vec<Import>>,
) -> Vec<Vec<Move>> {
    // What the DAGs read comes first; nobody can tell which of them reads it.
    let (python, data): (Keys, Keys) = puts.iter().cloned().partition(|key| is_python(key));
    let mut waves = vec![data.into_iter().map(Move::Put).collect()];
    let mut needs = needs(&python, &Modules::of(target.iter()), imports);
    let mut absent: Keys = python.difference(there).cloned().collect();
    while !needs.is_empty() {
        let mut ready: Keys = free(&needs);
        if ready.is_empty() {
            let circle = on_a_circle(&needs);
            let missing: Needs =
                needs.iter().map(|(key, of)| (key.clone(), of.intersection(&absent).cloned().collect())).collect();
            match follow(&missing, circle) {
                End::Free(key) => ready = Keys::from([key]),
                End::Circle(key) => {
                    absent.remove(&key);
                    waves.push(vec![Move::StandIn(key)]);
                    continue;
                }
            }
        }
        for key in &ready {
            needs.remove(key);
            absent.remove(key);
        }
        needs.values_mut().for_each(|of| of.retain(|key| !ready.contains(key)));
        waves.push(ready.into_iter().map(Move::Put).collect());
    }
    waves.retain(|wave| !wave.is_empty());
    waves
}

/// The requests that remove files, each after those that import it. `before` is every key of ours until then.
pub(super) fn removals(deletes: &Keys, before: &Keys, imports: &BTreeMap<String, Vec<Import>>) -> Vec<Vec<Move>> {
    let needs = needs(deletes, &Modules::of(before.iter()), imports);
    // The other way round: a file waits for those that need it.
    let mut waits: Needs = deletes.iter().map(|key| (key.clone(), Keys::new())).collect();
    for (file, key) in needs.iter().flat_map(|(file, of)| of.iter().map(move |key| (file, key))) {
        waits.entry(key.clone()).or_default().insert(file.clone());
    }
    let mut waves = Vec::new();
    while !waits.is_empty() {
        let ready = free(&waits);
        if ready.is_empty() {
            let circle = on_a_circle(&waits);
            waits.values_mut().for_each(|of| _ = of.remove(&circle));
            waves.push(vec![Move::StandIn(circle)]);
            continue;
        }
        waits.retain(|key, _| !ready.contains(key));
        waits.values_mut().for_each(|of| of.retain(|key| !ready.contains(key)));
        waves.push(ready.into_iter().map(Move::Delete).collect());
    }
    waves
}

/// Those that wait for nothing.
fn free(waits: &Needs) -> Keys {
    waits.iter().filter(|(_, of)| of.is_empty()).map(|(key, _)| key.clone()).collect()
}

enum End {
    Free(String),
    Circle(String),
}

/// Where the way from one to what it waits for ends.
fn follow(waits: &Needs, from: String) -> End {
    let (mut at, mut passed) = (from, Keys::new());
    while let Some(next) = waits.get(&at).and_then(|of| of.first()) {
        if !passed.insert(at.clone()) {
            return End::Circle(at);
        }
        at.clone_from(next);
    }
    End::Free(at)
}

/// One that waits for itself in the end; only for maps where each waits for something.
fn on_a_circle(waits: &Needs) -> String {
    match follow(waits, waits.keys().next().cloned().unwrap_or_default()) {
        End::Circle(key) | End::Free(key) => key,
    }
}
