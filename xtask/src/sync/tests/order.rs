//! The order over made-up modules.

use std::collections::{BTreeMap, BTreeSet};

use super::super::*;

/// Python files by module name, with what each imports: `m`, `from m` or, in a function, `lazy m`.
pub(super) type Graph = BTreeMap<String, Vec<String>>;

/// `import m` and `from m import name`, the latter also in a function.
pub(super) fn import(words: &str) -> Import {
    let (how, module) = words.split_once(' ').unwrap_or(("import", words));
    let names = if how == "import" { Vec::new() } else { vec!["name".to_owned()] };
    Import { line: 1, level: 0, module: module.to_owned(), names, optional: false, lazy: how == "lazy" }
}

fn key(module: &str) -> String {
    format!("{FOLDER}{}.py", module.replace('.', "/"))
}

pub(super) fn graph(files: &[(&str, &[&str])]) -> Graph {
    let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
    files.iter().map(|(module, imports)| ((*module).to_owned(), names(imports))).collect()
}

fn imports(graph: &Graph) -> BTreeMap<String, Vec<Import>> {
    graph.iter().map(|(module, list)| (key(module), list.iter().map(|name| import(name)).collect())).collect()
}

/// What it takes to come from one graph to another; a file's text is what it imports, and `changed` are other texts.
pub(super) fn wanted(before: &Graph, after: &Graph, changed: &BTreeSet<String>) -> Wanted {
    let text = |list: &Vec<String>| list.join(" ").into_bytes();
    let newer = |module: &String| if changed.contains(module) { b"#".to_vec() } else { Vec::new() };
    let file = |module: &String, list| File::new([text(list), newer(module)].concat());
    let old = imports(before);
    let (mut remote, mut manifest) = (Remote::new(), Manifest::default());
    for (module, list) in before {
        let (sha256, etag, key) = (sha256(&text(list)), format!("etag of {module}"), key(module));
        remote.insert(key.clone(), Listed { etag: etag.clone(), size: text(list).len() as u64 });
        let imports = old[&key].clone();
        manifest.files.insert(key, Owned { sha256, etag, version: None, imports, adopted: false });
    }
    let tree = after.iter().map(|(module, list)| (key(module), file(module, list))).collect();
    Wanted { tree, imports: imports(after), remote, manifest, max_delete: 99, ..Wanted::default() }
}

/// What is at a key: a file of the graph before, one of that after, or neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Old,
    New,
    StandIn,
}

/// 0 where the import does not run with the file, 1 for `import m`, 2 for `from m import name`.
fn strength(import: &Import) -> usize {
    if import.lazy { 0 } else { 1 + import.names.len() }
}

/// Whether an import leads back to its file, among these and by such imports as it is, or stronger ones.
fn in_a_circle(among: &BTreeMap<&String, &Vec<Import>>, file: &str, first: &Import) -> bool {
    let (mut found, mut open) = (BTreeSet::new(), vec![key(&first.module)]);
    while let Some(at) = open.pop() {
        let imports = among.get(&at).into_iter().flat_map(|list| list.iter());
        let strong = imports.filter(|import| strength(import) >= strength(first)).map(|import| key(&import.module));
        if found.insert(at) {
            open.extend(strong.collect::<Vec<_>>());
        }
    }
    found.contains(file)
}

/// The plan of a change, and that after every request every import finds a module, one that runs with its file a module
/// that is as its file wants it.
fn sound(before: &Graph, after: &Graph, changed: &BTreeSet<String>) -> Plan {
    let plan = plan(&wanted(before, after, changed)).expect("a plan");
    let (old, new) = (imports(before), imports(after));
    let sent = |file: &String| plan.steps().any(|step| matches!(step, Step::Put { key, .. } if key == file));
    let sending = new.iter().filter(|(file, _)| sent(file)).collect();
    let going = old.iter().filter(|(file, _)| !new.contains_key(*file)).collect();
    // Those side by side may come in any order: forwards and backwards.
    for backwards in [false, true] {
        let content = |file: &String| if plan.keep.contains(file) { Content::New } else { Content::Old };
        let mut state: BTreeMap<String, Content> = old.keys().map(|file| (file.clone(), content(file))).collect();
        for wave in &plan.waves {
            let mut steps: Vec<&Step> = wave.iter().collect();
            if backwards {
                steps.reverse();
            }
            for step in steps {
                match step {
                    Step::Put { key, .. } => _ = state.insert(key.clone(), Content::New),
                    Step::StandIn { key, .. } => _ = state.insert(key.clone(), Content::StandIn),
                    Step::Delete { key } => _ = state.remove(key).expect("something to delete"),
                }
                for (file, content) in &state {
                    let list = match content {
                        Content::Old => &old[file],
                        Content::New => &new[file],
                        Content::StandIn => continue,
                    };
                    for import in list {
                        let told = || format!("{file}, {import:?} after {step:?} of\n{plan}");
                        let found = *state.get(&key(&import.module)).unwrap_or_else(|| panic!("{}", told()));
                        let (wrong, circle) = match content {
                            Content::New if sent(file) => (found != Content::New, &sending),
                            _ => (found == Content::StandIn, &going),
                        };
                        assert!(!wrong || strength(import) == 0 || in_a_circle(circle, file, import), "{}", told());
                    }
                }
            }
        }
        assert!(state.keys().eq(new.keys()) && state.values().all(|content| *content == Content::New), "{plan}");
    }
    plan
}

fn told(before: &[(&str, &[&str])], after: &[(&str, &[&str])], changed: &[&str]) -> String {
    let changed = changed.iter().map(|name| (*name).to_owned()).collect();
    sound(&graph(before), &graph(after), &changed).to_string()
}

#[test]
fn a_module_goes_before_those_that_import_it_and_leaves_after_them() {
    let first = told(&[], &[("dag", &["steps"]), ("steps", &["tools"]), ("tools", &[])], &[]);
    assert_eq!(first, "put     dags/tools.py (new)\nput     dags/steps.py (new)\nput     dags/dag.py (new)\n");
    let changed =
        told(&[("dag", &["tools"]), ("tools", &[])], &[("dag", &["tools"]), ("tools", &[])], &["dag", "tools"]);
    assert_eq!(changed, "put     dags/tools.py\nput     dags/dag.py\n");
    let renamed = told(&[("dag", &["old"]), ("old", &[])], &[("dag", &["new"]), ("new", &[])], &[]);
    assert_eq!(renamed, "put     dags/new.py (new)\nput     dags/dag.py\ndelete  dags/old.py\n");
    let removed = told(&[("dag", &["steps"]), ("steps", &["tools"]), ("tools", &[])], &[], &[]);
    assert_eq!(removed, "delete  dags/dag.py\ndelete  dags/steps.py\ndelete  dags/tools.py\n");
}

#[test]
fn a_circle_takes_two_steps_only_where_nothing_of_it_is_there() {
    let circle: &[(&str, &[&str])] = &[("a", &["b"]), ("b", &["a"])];
    let new = "put     dags/b.py (empty for now: a circle of imports)\nput     dags/a.py (new)\nput     dags/b.py\n";
    assert_eq!(told(&[], circle, &[]), new);
    assert_eq!(told(circle, circle, &["a", "b"]), "put     dags/a.py\nput     dags/b.py\n");
    assert_eq!(told(&[("b", &[])], circle, &[]), "put     dags/a.py (new)\nput     dags/b.py\n");
    let gone = "put     dags/a.py (empty for now: a circle of imports)\ndelete  dags/b.py\ndelete  dags/a.py\n";
    assert_eq!(told(circle, &[], &[]), gone);
}

#[test]
fn a_circle_is_cut_at_the_import_that_needs_least() {
    // The one with the weaker import goes first.
    for (weak, strong) in [("lazy ", "from "), ("lazy ", ""), ("", "from ")] {
        for (first, second) in [("a", "b"), ("b", "a")] {
            let (less, more) = (format!("{weak}{second}"), format!("{strong}{first}"));
            let circle: &[(&str, &[&str])] = &[(first, &[&less]), (second, &[&more])];
            let stand_in = format!("put     dags/{second}.py (empty for now: a circle of imports)\n");
            let sent = format!("{stand_in}put     dags/{first}.py (new)\nput     dags/{second}.py\n");
            assert_eq!(told(&[], circle, &[]), sent);
            let changed = format!("put     dags/{first}.py\nput     dags/{second}.py\n");
            assert_eq!(told(circle, circle, &["a", "b"]), changed);
            // The names of one that is new are not those that the other wants.
            let there = format!("put     dags/{first}.py (new)\nput     dags/{second}.py\n");
            assert_eq!(told(&[(second, &[])], circle, &[]), there);
            assert_eq!(told(&[(first, &[])], circle, &[]), sent.replacen(" (new)", "", 1));
            let gone = format!("{stand_in}delete  dags/{first}.py\ndelete  dags/{second}.py\n");
            assert_eq!(told(circle, &[], &[]), gone);
        }
    }
    // Beside a circle, an import in a function counts like any other.
    let lines = "put     dags/b.py (new)\nput     dags/a.py (new)\n";
    assert_eq!(told(&[], &[("a", &["lazy b"]), ("b", &[])], &[]), lines);
    // Whoever imports one of a circle may have it call what it imports of the others.
    let dag = "put     dags/b.py (empty for now: a circle of imports)\nput     dags/a.py (new)\nput     dags/b.py\n\
               put     dags/dag.py (new)\n";
    assert_eq!(told(&[], &[("a", &["lazy b"]), ("b", &["from a"]), ("dag", &["from a"])], &[]), dag);
}

#[test]
fn a_package_and_its_modules_may_import_each_other() {
    let list = |import: Import| vec![import];
    let from =
        |names: &[&str]| Import { level: 1, names: names.iter().map(|n| (*n).to_owned()).collect(), ..import("") };
    let files =
        [("dags/p/__init__.py", list(from(&["x"]))), ("dags/p/x.py", list(from(&["y"]))), ("dags/p/y.py", vec![])];
    let tree = files.iter().map(|(key, _)| ((*key).to_owned(), File::new(key.as_bytes().to_vec()))).collect();
    let imports = files.into_iter().map(|(key, list)| (key.to_owned(), list)).collect();
    let plan = plan(&Wanted { tree, imports, ..Wanted::default() }).expect("a plan");
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
fn whatever_the_modules_every_import_is_found_after_every_request() {
    let mut circles = 0;
    for seed in 0..5_000 {
        let mut state = seed;
        let some = |state: &mut u64| {
            let names: Vec<String> = (0..7).filter(|_| random(state, 3) > 0).map(|n| format!("m{n}")).collect();
            let list = |state: &mut u64| {
                let some = names.iter().filter_map(|name| match random(state, 12) {
                    0 => Some(name.clone()),
                    1 => Some(format!("from {name}")),
                    2 => Some(format!("lazy {name}")),
                    _ => None,
                });
                some.collect()
            };
            names.iter().map(|name| (name.clone(), list(state))).collect::<Graph>()
        };
        let (before, after) = (some(&mut state), some(&mut state));
        let changed = after.keys().filter(|_| random(&mut state, 3) == 0).cloned().collect();
        circles += sound(&before, &after, &changed).steps().filter(|step| matches!(step, Step::StandIn { .. })).count();
    }
    assert!(circles > 100, "circles are among them: {circles}");
}
