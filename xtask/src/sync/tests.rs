//! The truth table row by row, and the order over made-up modules.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{Verdict, verdict};
use super::*;

/// Python files by module name, with the modules that each imports.
type Graph = BTreeMap<String, Vec<String>>;

fn import(module: &str) -> Import {
    Import { line: 1, level: 0, module: module.to_owned(), names: Vec::new(), optional: false }
}

fn key(module: &str) -> String {
    format!("{FOLDER}{}.py", module.replace('.', "/"))
}

fn graph(files: &[(&str, &[&str])]) -> Graph {
    let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
    files.iter().map(|(module, imports)| ((*module).to_owned(), names(imports))).collect()
}

fn imports(graph: &Graph) -> BTreeMap<String, Vec<Import>> {
    graph.iter().map(|(module, list)| (key(module), list.iter().map(|name| import(name)).collect())).collect()
}

/// What it takes to come from one graph to another; a file's text is what it imports, and `changed` are other texts.
fn wanted(before: &Graph, after: &Graph, changed: &BTreeSet<String>) -> Wanted {
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

/// The plan of a change, and that after every request every import finds a file.
fn sound(before: &Graph, after: &Graph, changed: &BTreeSet<String>) -> Plan {
    let plan = plan(&wanted(before, after, changed)).expect("a plan");
    // Those side by side may come in any order: forwards and backwards.
    for backwards in [false, true] {
        let mut state: BTreeMap<String, Vec<String>> = before.iter().map(|(m, list)| (key(m), list.clone())).collect();
        for wave in &plan.waves {
            let mut steps: Vec<&Step> = wave.iter().collect();
            if backwards {
                steps.reverse();
            }
            for step in steps {
                match step {
                    Step::Put { key: at, .. } => {
                        let (_, list) = after.iter().find(|(module, _)| key(module) == *at).expect("a file");
                        state.insert(at.clone(), list.clone());
                    }
                    Step::StandIn { key, .. } => _ = state.insert(key.clone(), Vec::new()),
                    Step::Delete { key } => _ = state.remove(key).expect("something to delete"),
                }
                for (file, list) in &state {
                    for name in list {
                        assert!(state.contains_key(&key(name)), "{file} without {name} after {step:?} of\n{plan}");
                    }
                }
            }
        }
        let target: BTreeMap<_, _> = after.iter().map(|(module, list)| (key(module), list.clone())).collect();
        assert_eq!(state, target, "{plan}");
    }
    plan
}

fn told(before: &[(&str, &[&str])], after: &[(&str, &[&str])], changed: &[&str]) -> String {
    let changed = changed.iter().map(|name| (*name).to_owned()).collect();
    sound(&graph(before), &graph(after), &changed).to_string()
}

#[test]
fn the_truth_table_row_by_row() {
    let file = File::new(b"new".to_vec());
    let ours = |content: &[u8]| Owned {
        sha256: sha256(content),
        etag: "1".to_owned(),
        version: None,
        imports: vec![],
        adopted: false,
    };
    let (same, old) = (ours(b"new"), ours(b"old"));
    let there = |etag: &str| Listed { etag: etag.to_owned(), size: 3 };
    let (as_we_wrote, other) = (there("1"), there("2"));
    let seen = |content: &[u8]| Seen { sha256: sha256(content), version: None };
    let (its_content, stand_in, else_) = (seen(b"new"), seen(STAND_IN), seen(b"abc"));
    let put = |etag: &str| Verdict::Put(Expect::Etag(etag.to_owned()));
    let refused = |verdict: Verdict| matches!(verdict, Verdict::Refuse(_));
    let no = false;

    // nothing | – | there
    assert_eq!(verdict(None, None, Some(&other), None, true), Verdict::Leave);
    // nothing | ours | –
    assert_eq!(verdict(None, Some(&old), None, None, no), Verdict::Forget);
    // nothing | adopted | there
    let adopted = Owned { adopted: true, ..ours(b"old") };
    assert_eq!(verdict(None, Some(&adopted), Some(&as_we_wrote), None, true), Verdict::Forget);
    // nothing | ours | as we wrote it, or a stand-in
    assert_eq!(verdict(None, Some(&old), Some(&as_we_wrote), None, no), Verdict::Delete);
    assert_eq!(verdict(None, Some(&old), Some(&other), Some(&stand_in), no), Verdict::Delete);
    // nothing | ours | otherwise
    assert!(refused(verdict(None, Some(&old), Some(&other), None, no)));
    assert_eq!(verdict(None, Some(&old), Some(&other), None, true), Verdict::Delete);
    // file | any | –
    assert_eq!(verdict(Some(&file), None, None, None, no), Verdict::Put(Expect::Nothing));
    assert_eq!(verdict(Some(&file), Some(&same), None, None, no), Verdict::Put(Expect::Nothing));
    // file | ours | as we wrote it, the same file
    assert_eq!(verdict(Some(&file), Some(&same), Some(&as_we_wrote), None, no), Verdict::Keep);
    assert_eq!(verdict(Some(&file), Some(&same), Some(&as_we_wrote), None, true), Verdict::Keep);
    // file | ours | as we wrote it, another file
    assert_eq!(verdict(Some(&file), Some(&old), Some(&as_we_wrote), None, no), put("1"));
    for owned in [None, Some(&same), Some(&old)] {
        // file | any | otherwise, with its content
        assert_eq!(verdict(Some(&file), owned, Some(&other), Some(&its_content), no), Verdict::Adopt);
        // file | any | a stand-in
        assert_eq!(verdict(Some(&file), owned, Some(&other), Some(&stand_in), no), put("2"));
        // file | any | otherwise
        for seen in [None, Some(&else_)] {
            assert!(refused(verdict(Some(&file), owned, Some(&other), seen, no)));
            assert_eq!(verdict(Some(&file), owned, Some(&other), seen, true), put("2"));
        }
    }
}

#[test]
fn only_what_could_be_ours_is_read() {
    let files = [("dags/a.py", "four"), ("dags/b.py", "four"), ("dags/c.py", "four"), ("dags/d.py", "four")];
    let tree = files.map(|(key, text)| (key.to_owned(), File::new(text.into()))).into();
    let listed = |etag: &str, size| Listed { etag: etag.to_owned(), size };
    let mut manifest = Manifest::default();
    for key in ["dags/a.py", "dags/b.py", "dags/gone.py"] {
        let owned =
            Owned { sha256: String::new(), etag: "1".to_owned(), version: None, imports: vec![], adopted: false };
        manifest.files.insert(key.to_owned(), owned);
    }
    let remote = Remote::from([
        ("dags/a.py".to_owned(), listed("1", 4)),
        ("dags/b.py".to_owned(), listed("2", 4)),
        ("dags/c.py".to_owned(), listed("2", 5)),
        ("dags/d.py".to_owned(), listed("2", 4)),
        ("dags/foreign.py".to_owned(), listed("2", 4)),
        ("dags/gone.py".to_owned(), listed("2", STAND_IN.len() as u64)),
    ]);
    assert_eq!(doubtful(&tree, &remote, &manifest), ["dags/b.py", "dags/d.py", "dags/gone.py"]);
}

#[test]
fn what_an_interrupted_sync_announced_is_ours_if_it_is_what_is_there() {
    let pending = |content: &[u8]| Pending { sha256: sha256(content), imports: vec![] };
    let listed = Listed { etag: "9".to_owned(), size: 3 };
    let seen = |content: &[u8]| Seen { sha256: sha256(content), version: Some("v".to_owned()) };
    let keys = ["dags/same.py", "dags/newer.py", "dags/gone.py", "dags/theirs.py"];
    let mut wanted = Wanted { max_delete: 9, ..Wanted::default() };
    for key in keys {
        wanted.manifest.pending.insert(key.to_owned(), pending(b"old"));
        wanted.remote.insert(key.to_owned(), listed.clone());
        let there: &[u8] = if key == "dags/theirs.py" { b"abc" } else { b"old" };
        wanted.seen.insert(key.to_owned(), seen(there));
    }
    wanted.tree.insert(keys[0].to_owned(), File::new(b"old".to_vec()));
    wanted.tree.insert(keys[1].to_owned(), File::new(b"newer".to_vec()));
    assert_eq!(doubtful(&wanted.tree, &wanted.remote, &wanted.manifest).len(), 4);
    let lines = "put     dags/newer.py\ndelete  dags/gone.py\nsettle  dags/same.py (an interrupted sync wrote it)\n\
                 leave   dags/theirs.py (not ours)\n";
    assert_eq!(plan(&wanted).expect("a plan").to_string(), lines);
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
    let new = "put     dags/a.py (empty for now: a circle of imports)\nput     dags/b.py (new)\nput     dags/a.py\n";
    assert_eq!(told(&[], circle, &[]), new);
    assert_eq!(told(circle, circle, &["a", "b"]), "put     dags/a.py\nput     dags/b.py\n");
    assert_eq!(told(&[("b", &[])], circle, &[]), "put     dags/a.py (new)\nput     dags/b.py\n");
    let gone = "put     dags/a.py (empty for now: a circle of imports)\ndelete  dags/b.py\ndelete  dags/a.py\n";
    assert_eq!(told(circle, &[], &[]), gone);
}

#[test]
fn data_goes_before_the_dags_that_read_it_and_requirements_update_the_environment() {
    let mut wanted = wanted(&graph(&[]), &graph(&[("dag", &[])]), &BTreeSet::new());
    assert!(!plan(&wanted).expect("a plan").updates_environment());
    for key in ["dags/platform.json", REQUIREMENTS] {
        wanted.tree.insert(key.to_owned(), File::new(b"{}".to_vec()));
    }
    let plan = plan(&wanted).expect("a plan");
    assert!(plan.updates_environment());
    let lines = "put     dags/platform.json (new)\nput     requirements.txt (new)\nput     dags/dag.py (new)\n";
    assert_eq!(plan.to_string(), lines);
}

#[test]
fn deletes_are_capped_and_nobody_elses_object_is_touched() {
    let mut wanted = wanted(&graph(&[("a", &[]), ("b", &[])]), &graph(&[]), &BTreeSet::new());
    wanted.max_delete = 1;
    let error = anyhow::Error::new(plan(&wanted).expect_err("too many"));
    assert_eq!(error.to_string(), "2 objects would be deleted, and 1 may be: dags/a.py, dags/b.py");
    assert_eq!(crate::failure::hint_of(&error), Some("if that is right: --max-delete 2"));
    wanted.manifest.files.clear();
    let plan = plan(&wanted).expect("a plan");
    assert!(plan.is_empty() && plan.foreign.len() == 2);
    assert_eq!(plan.to_string(), "leave   dags/a.py (not ours)\nleave   dags/b.py (not ours)\n");
}

/// The problems of the import statements of one file, among others.
fn problems(files: &[&str], ours: &[&str], others: &[&str], import: Import) -> Vec<String> {
    let tree: Tree = files.iter().map(|key| ((*key).to_owned(), File::new(Vec::new()))).collect();
    let keys = |list: &[&str]| list.iter().map(|key| (*key).to_owned()).collect();
    check(&tree, &BTreeMap::from([(files[0].to_owned(), vec![import])]), &keys(ours), &keys(others))
}

#[test]
fn imports_are_found_as_python_finds_them() {
    let files = ["dags/p/x.py", "dags/p/__init__.py", "dags/p/y.py", "dags/n/z.py", "dags/top.py"];
    let from = |level, module: &str, names: &[&str]| Import {
        level,
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        ..import(module)
    };
    for (import, problem) in [
        (import("p.y"), None),
        (import("n.z"), None),
        (import("boto3.session"), None),
        (from(0, "p", &["y", "defined"]), None),
        (from(1, "", &["y"]), None),
        (from(1, "y", &["f"]), None),
        (from(0, "top", &["f"]), None),
        (import("p.q"), Some("`import p.q`: there is no module `p.q`")),
        (import("top.q"), Some("`import top.q`: there is no module `top.q`")),
        (from(0, "n", &["z", "q"]), Some("`from n import z, q`: there is no module `n.q`")),
        (from(1, "q", &["f"]), Some("`from .q import f`: there is no module `p.q`")),
        (from(2, "top", &["f"]), Some("`from ..top import f`: leads out of the DAGs' packages")),
    ] {
        let wanted: Vec<String> = problem.iter().map(|words| format!("dags/p/x.py:1: {words}")).collect();
        assert_eq!(problems(&files, &[], &[], import), wanted);
    }
    let top = ["dags/top.py", "dags/other.py"];
    let dots = problems(&top, &[], &[], from(1, "", &["other"]));
    assert_eq!(dots, ["dags/top.py:1: `from . import other`: leads out of the DAGs' packages"]);
    assert_eq!(problems(&top, &[], &["dags/theirs.py"], import("theirs")), [""; 0]);
    let gone = problems(&top, &["dags/gone.py"], &[], import("gone"));
    assert_eq!(gone, ["dags/top.py:1: `import gone`: the module `gone` is no longer there"]);
    assert_eq!(problems(&top, &["dags/gone.py"], &[], Import { optional: true, ..import("gone") }), [""; 0]);
    let turns = problems(&["dags/a/x.py"], &["dags/a.py"], &[], import("boto3"));
    let words = "dags/a.py: it and the folder `dags/a/` take turns; give the folder an `__init__.py` first";
    assert_eq!(turns, [words]);
    assert_eq!(problems(&["dags/a/x.py", "dags/a/__init__.py"], &["dags/a.py"], &[], import("boto3")), [""; 0]);
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
            let list = |state: &mut u64| names.iter().filter(|_| random(state, 4) == 0).cloned().collect();
            names.iter().map(|name| (name.clone(), list(state))).collect::<Graph>()
        };
        let (before, after) = (some(&mut state), some(&mut state));
        let changed = after.keys().filter(|_| random(&mut state, 3) == 0).cloned().collect();
        circles += sound(&before, &after, &changed).steps().filter(|step| matches!(step, Step::StandIn { .. })).count();
    }
    assert!(circles > 100, "circles are among them: {circles}");
}
