//! Tests the order of the requests, with synthetic modules.

use std::collections::{BTreeMap, BTreeSet};

use super::{graph, input};
use crate::sync::order::Keys;
use crate::sync::{FOLDER, File, Import, Plan, SyncInput, SyncStep, plan};

/// Returns Python files by module name, with the modules that each imports.
type Graph = BTreeMap<String, Vec<String>>;

fn key(module: &str) -> String {
    format!("{FOLDER}{module}.py")
}

/// Returns the plan for a change. After every request, in any order within a wave, every import finds a module of the
/// same version, except within an import cycle.
fn checked(before: &Graph, after: &Graph, changed: &BTreeSet<String>) -> Plan {
    let plan = plan(&input(before, after, changed)).expect("a plan");
    let keys = |graph: &Graph| -> Keys { graph.keys().map(|module| key(module)).collect() };
    let circle = |a: &str, b: &str| plan.circles.iter().any(|circle| circle.contains(a) && circle.contains(b));
    let sent: Keys = plan
        .steps()
        .filter_map(|step| match step {
            SyncStep::Put { key, .. } => Some(key.clone()),
            SyncStep::Delete { .. } => None,
        })
        .collect();
    for backwards in [false, true] {
        let mut there = keys(before);
        let mut new: Keys = plan.keep.clone();
        for wave in &plan.waves {
            let mut steps: Vec<&SyncStep> = wave.iter().collect();
            if backwards {
                steps.reverse();
            }
            for step in steps {
                match step {
                    SyncStep::Put { key, .. } => _ = (there.insert(key.clone()), new.insert(key.clone())),
                    SyncStep::Delete { key } => assert!(there.remove(key), "something to delete"),
                }
                let old = before.iter().map(|file| (file, false));
                for ((module, imports), of_after) in old.chain(after.iter().map(|file| (file, true))) {
                    let file = key(module);
                    if !there.contains(&file) || new.contains(&file) != of_after {
                        continue;
                    }
                    for import in imports.iter().map(|module| key(module)).filter(|import| !circle(&file, import)) {
                        let current = !of_after || !sent.contains(&file) || new.contains(&import);
                        assert!(there.contains(&import) && current, "{file}, {import} after {step:?} of\n{plan}");
                    }
                }
            }
        }
        assert_eq!((&there, &new), (&keys(after), &keys(after)), "{plan}");
    }
    plan
}

fn shown(before: &[(&str, &[&str])], after: &[(&str, &[&str])], changed: &[&str]) -> String {
    let changed = changed.iter().map(|name| (*name).to_owned()).collect();
    checked(&graph(before), &graph(after), &changed).to_string()
}

#[test]
fn a_module_is_uploaded_before_its_importers_and_deleted_after_them() {
    let first = shown(&[], &[("dag", &["steps"]), ("steps", &["tools"]), ("tools", &[])], &[]);
    assert_eq!(first, "put     dags/tools.py (new)\nput     dags/steps.py (new)\nput     dags/dag.py (new)\n");
    let same: &[(&str, &[&str])] = &[("dag", &["tools"]), ("tools", &[])];
    assert_eq!(shown(same, same, &["dag", "tools"]), "put     dags/tools.py\nput     dags/dag.py\n");
    let renamed = shown(&[("dag", &["old"]), ("old", &[])], &[("dag", &["new"]), ("new", &[])], &[]);
    assert_eq!(renamed, "put     dags/new.py (new)\nput     dags/dag.py\ndelete  dags/old.py\n");
    let removed = shown(&[("dag", &["steps"]), ("steps", &["tools"]), ("tools", &[])], &[], &[]);
    assert_eq!(removed, "delete  dags/dag.py\ndelete  dags/steps.py\ndelete  dags/tools.py\n");
}

#[test]
fn a_circle_is_changed_together_and_reported() {
    let circle: &[(&str, &[&str])] = &[("a", &["b"]), ("b", &["a", "c"]), ("c", &[]), ("dag", &["a"])];
    let line = "circle  dags/a.py, dags/b.py (import each other; changed together)\n";
    let put = "put     dags/c.py (new)\nput     dags/a.py (new)\nput     dags/b.py (new)\nput     dags/dag.py (new)\n";
    assert_eq!(shown(&[], circle, &[]), format!("{put}{line}"));
    let plan = checked(&graph(&[]), &graph(circle), &BTreeSet::new());
    assert_eq!(plan.waves.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2, 1]);
    let delete = "delete  dags/dag.py\ndelete  dags/a.py\ndelete  dags/b.py\ndelete  dags/c.py\n";
    assert_eq!(shown(circle, &[], &[]), format!("{delete}{line}"));
    // One changed file of a circle waits for none.
    assert_eq!(shown(circle, circle, &["a"]), "put     dags/a.py\n");
}

#[test]
fn a_package_and_its_modules_may_import_each_other() {
    let from = |names: &[&str]| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        vec![Import { line: 1, level: 1, module: String::new(), names, optional: false }]
    };
    let files = [("dags/p/__init__.py", from(&["x"])), ("dags/p/x.py", from(&["y"])), ("dags/p/y.py", vec![])];
    let tree = files.iter().map(|(key, _)| ((*key).to_owned(), File::new(key.as_bytes().to_vec()))).collect();
    let imports = files.into_iter().map(|(key, list)| (key.to_owned(), list)).collect();
    let plan = plan(&SyncInput { tree, imports, ..SyncInput::default() }).expect("a plan");
    let lines = "put     dags/p/y.py (new)\nput     dags/p/x.py (new)\nput     dags/p/__init__.py (new)\n";
    assert_eq!(plan.to_string(), lines);
}

/// SplitMix64 (Steele, Lea and Flood, 2014): the same seed gives the same graphs.
fn random(state: &mut u64, below: u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) % below
}

#[test]
fn every_import_finds_its_module_after_every_request() {
    let mut circles = 0;
    for seed in 0..5_000 {
        let mut state = seed;
        let some = |state: &mut u64| {
            let names: Vec<String> = (0..7).filter(|_| random(state, 3) > 0).map(|n| format!("m{n}")).collect();
            let list = |state: &mut u64| names.iter().filter(|_| random(state, 4) == 0).cloned().collect();
            names.iter().map(|name| (name.clone(), list(state))).collect::<Graph>()
        };
        let (before, after) = (some(&mut state), some(&mut state));
        let changed = after.keys().filter(|_| random(&mut state, 3) == 0).cloned().collect();
        circles += checked(&before, &after, &changed).circles.len();
    }
    assert!(circles > 100, "only {circles} circles");
}
