//! The order of uploads and deletes.
//!
//! Data files are uploaded first, then each module before the files that import it. Deletes follow all uploads, each
//! file before the modules that it imports. Therefore, after every request, each import still finds its module. Files
//! that import each other in a cycle have no such order: they are changed in one wave, and the plan reports them.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::{Import, Modules, is_python};

pub(super) type Keys = BTreeSet<String>;

/// For each file, the files that must be changed before it.
type Waits = BTreeMap<String, Keys>;

/// The keys in waves, and the circular imports among them. The requests of one wave may run in parallel.
#[derive(Debug, Default)]
pub(super) struct Order {
    pub(super) waves: Vec<Keys>,
    pub(super) circles: Vec<Keys>,
}

/// Orders the uploads. `target` has every key that exists after the sync.
pub(super) fn uploads(puts: &Keys, target: &Keys, imports: &BTreeMap<String, Vec<Import>>) -> Order {
    let (python, data): (Keys, Keys) = puts.iter().cloned().partition(|key| is_python(key));
    let mut order = modules_first(&python, target, imports);
    if !data.is_empty() {
        order.waves.insert(0, data);
    }
    order
}

/// Orders the deletes. `before` has every key in the manifest before the sync.
pub(super) fn deletes(keys: &Keys, before: &Keys, imports: &BTreeMap<String, Vec<Import>>) -> Order {
    let mut order = modules_first(keys, before, imports);
    order.waves.reverse();
    order
}

fn modules_first(files: &Keys, all: &Keys, imports: &BTreeMap<String, Vec<Import>>) -> Order {
    let modules = Modules::of(all.iter());
    let needs = |file: &String| {
        let needs = modules.needs(file, imports.get(file).map_or(&[], Vec::as_slice));
        (file.clone(), needs.intersection(files).cloned().collect())
    };
    let mut waits: Waits = files.iter().map(needs).collect();
    let mut order = Order::default();
    while !waits.is_empty() {
        let mut wave: Keys = waits.iter().filter(|(_, on)| on.is_empty()).map(|(key, _)| key.clone()).collect();
        if wave.is_empty() {
            wave = circle(&waits);
            order.circles.push(wave.clone());
        }
        waits.retain(|key, _| !wave.contains(key));
        waits.values_mut().for_each(|on| on.retain(|key| !wave.contains(key)));
        order.waves.push(wave);
    }
    order
}

/// Returns files of the map that all import each other and no other file: the smallest set of files reachable from one
/// file, since any other file that it led to would reach a smaller set.
fn circle(waits: &Waits) -> Keys {
    waits.keys().map(|key| reached(waits, key)).min_by_key(Keys::len).unwrap_or_default()
}

/// Returns a file and every file that it imports, directly or indirectly.
fn reached(waits: &Waits, from: &str) -> Keys {
    let (mut found, mut open) = (Keys::new(), vec![from]);
    while let Some(key) = open.pop() {
        if found.insert(key.to_owned()) {
            open.extend(waits.get(key).into_iter().flatten().map(String::as_str));
        }
    }
    found
}
