//! The order of requests: after each of them, every import of a local module finds it.
//!
//! Sending: a module goes before those that import it, whether it is new or changed. Removing: after everything was sent,
//! so that no file that stays imports it, and after whatever imports it and goes as well. Where files import each other in a
//! circle, they go one by one, and one import is passed over, one that needs least while its file is imported:
//!
//! | the weakest import of the circle | what is promised at every moment |
//! |---|---|
//! | in a function, or one that its file can do without | imports that run with their file find the module's own content |
//! | `import module` | imports of names that run with their file do |
//! | `from module import name` | imports find the module |
//!
//! The file whose import is passed over finds the module all the same:
//!
//! | the module | what happens |
//! |---|---|
//! | there already, of any content | nothing more: it is found |
//! | new | two steps: a stand-in that imports nothing is sent first, the content follows |
//! | about to be removed | two steps: it becomes the stand-in, and is removed after those that import it |

use std::collections::{BTreeMap, BTreeSet};

use super::Import;
use super::python::{Modules, Need, is_python};

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Move {
    Put(String),
    StandIn(String),
    Delete(String),
}

type Keys = BTreeSet<String>;

/// For each file, those that it waits for.
type Waits = BTreeMap<String, Keys>;

/// Who waits for whom: because of any import; of those that run with their file; of those among them that take names.
struct Order([Waits; 3]);

impl Order {
    /// By what files need among each other.
    fn of(files: &Keys, all: &Modules<'_>, imports: &BTreeMap<String, Vec<Import>>) -> Self {
        let of = |file: &String| {
            let mut needs = all.needs(file, imports.get(file).map_or(&[][..], Vec::as_slice));
            needs.retain(|key, _| files.contains(key));
            (file.clone(), needs)
        };
        let needs: BTreeMap<String, BTreeMap<String, Need>> = files.iter().map(of).collect();
        let from = |least: Need| {
            let strong = |(key, need): (&String, &Need)| (*need >= least).then(|| key.clone());
            needs.iter().map(|(file, needs)| (file.clone(), needs.iter().filter_map(strong).collect())).collect()
        };
        Self([Need::Nothing, Need::Module, Need::Content].map(from))
    }

    /// A file waits for those that need it.
    fn reversed(self) -> Self {
        Self(self.0.map(|waits| reversed(&waits)))
    }

    fn is_empty(&self) -> bool {
        self.0[0].is_empty()
    }

    /// Those that wait for nothing.
    fn free(&self) -> Keys {
        free(&self.0[0])
    }

    /// They went.
    fn went(&mut self, keys: &Keys) {
        for waits in &mut self.0 {
            waits.retain(|key, _| !keys.contains(key));
            waits.values_mut().for_each(|of| of.retain(|key| !keys.contains(key)));
        }
    }

    /// Nobody waits for it any more.
    fn release(&mut self, key: &str) {
        self.0.iter_mut().flat_map(BTreeMap::values_mut).for_each(|of| _ = of.remove(key));
    }

    /// The one to go where all wait: of a circle that waits for nothing beyond itself, one that waits there for no stronger
    /// reason than it must; of several the one where what it waits for costs least.
    fn next(&mut self, cost: impl Fn(&Keys) -> usize) -> Option<String> {
        let whole = circle(&self.0[0]);
        // Who waits for one of them waits for all, since each may run the others.
        for (_, of) in self.0[0].iter_mut().filter(|(key, of)| !whole.contains(*key) && !of.is_disjoint(&whole)) {
            of.extend(whole.iter().cloned());
        }
        let mut left = whole;
        for waits in &self.0[1..] {
            let of = |key: &String| waits[key].intersection(&left).cloned().collect();
            let inside = left.iter().map(|key| (key.clone(), of(key))).collect();
            let free = free(&inside);
            left = if free.is_empty() { circle(&inside) } else { free };
        }
        left.into_iter().min_by_key(|key| cost(&self.0[0][key]))
    }
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
    let mut waves: Vec<Vec<_>> = vec![data.into_iter().map(Move::Put).collect()];
    let mut order = Order::of(&python, &Modules::of(target.iter()), imports);
    let mut absent: Keys = python.difference(there).cloned().collect();
    while !order.is_empty() {
        let mut ready = order.free();
        if ready.is_empty() {
            let Some(key) = order.next(|of| of.intersection(&absent).count()) else { break };
            let missing: Keys = order.0[0][&key].intersection(&absent).cloned().collect();
            absent.retain(|key| !missing.contains(key));
            waves.push(missing.into_iter().map(Move::StandIn).collect());
            ready = Keys::from([key]);
        }
        order.went(&ready);
        absent.retain(|key| !ready.contains(key));
        waves.push(ready.into_iter().map(Move::Put).collect());
    }
    waves.retain(|wave| !wave.is_empty());
    waves
}

/// The requests that remove files, each after those that import it. `before` is every key of ours until then.
pub(super) fn removals(deletes: &Keys, before: &Keys, imports: &BTreeMap<String, Vec<Import>>) -> Vec<Vec<Move>> {
    let mut order = Order::of(deletes, &Modules::of(before.iter()), imports).reversed();
    let mut waves = Vec::new();
    while !order.is_empty() {
        let ready = order.free();
        if ready.is_empty() {
            let Some(key) = order.next(|_| 0) else { break };
            order.release(&key);
            waves.push(vec![Move::StandIn(key)]);
            continue;
        }
        order.went(&ready);
        waves.push(ready.into_iter().map(Move::Delete).collect());
    }
    waves
}

/// Those that wait for nothing.
fn free(waits: &Waits) -> Keys {
    waits.iter().filter(|(_, of)| of.is_empty()).map(|(key, _)| key.clone()).collect()
}

fn reversed(waits: &Waits) -> Waits {
    let mut back: Waits = waits.keys().map(|key| (key.clone(), Keys::new())).collect();
    for (key, of) in waits.iter().flat_map(|(key, of)| of.iter().map(move |of| (key, of))) {
        back.entry(of.clone()).or_default().insert(key.clone());
    }
    back
}

/// Files that all wait for each other in the end, and for nobody else; only for maps where each waits for something.
fn circle(waits: &Waits) -> Keys {
    let back = reversed(waits);
    let mut from = waits.keys().next().cloned().unwrap_or_default();
    loop {
        let (ahead, behind) = (reached(waits, &from), reached(&back, &from));
        // From one that does not lead back here, the way leads to fewer.
        match ahead.difference(&behind).next() {
            Some(further) => from.clone_from(further),
            None => return ahead,
        }
    }
}

/// Wherever the ways from one lead, itself too.
fn reached(waits: &Waits, from: &str) -> Keys {
    let (mut found, mut open) = (Keys::from([from.to_owned()]), vec![from.to_owned()]);
    while let Some(at) = open.pop() {
        let next = waits.get(&at).into_iter().flatten().filter(|key| !found.contains(*key)).cloned();
        let next: Vec<String> = next.collect();
        found.extend(next.iter().cloned());
        open.extend(next);
    }
    found
}
