//! Tests the decision table row by row, and the rest of a plan.

use super::*;
use crate::digest::sha256;
use crate::sync::{FOLDER, Pending};

#[path = "order.rs"]
mod order;

fn owned(content: &[u8], etag: &str, imports: Vec<Import>) -> Owned {
    Owned { sha256: sha256(content), etag: etag.to_owned(), version: None, imports, adopted: false }
}

fn graph(files: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
    let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
    files.iter().map(|(module, imports)| ((*module).to_owned(), names(imports))).collect()
}

/// A change from one module graph to another. A file's text is its imports; `changed` files have a different text.
fn input(
    before: &BTreeMap<String, Vec<String>>,
    after: &BTreeMap<String, Vec<String>>,
    changed: &BTreeSet<String>,
) -> SyncInput {
    let key = |module: &String| format!("{FOLDER}{module}.py");
    let import =
        |module: &String| Import { line: 1, level: 0, module: module.clone(), names: Vec::new(), optional: false };
    let imports = |list: &[String]| list.iter().map(import).collect::<Vec<_>>();
    let mut input = SyncInput { max_delete: 99, ..SyncInput::default() };
    for (module, list) in before {
        let (text, etag) = (list.join(" ").into_bytes(), format!("etag of {module}"));
        input.remote.insert(key(module), Listed { etag: etag.clone(), size: text.len() as u64 });
        input.manifest.files.insert(key(module), owned(&text, &etag, imports(list)));
    }
    for (module, list) in after {
        let suffix = if changed.contains(module) { "#" } else { "" };
        input.tree.insert(key(module), File::new(format!("{}{suffix}", list.join(" ")).into_bytes()));
        input.imports.insert(key(module), imports(list));
    }
    input
}

#[test]
fn the_table_row_by_row() {
    let file = File::new(b"new".to_vec());
    let ours = |content: &[u8]| owned(content, "1", vec![]);
    let (same, old) = (ours(b"new"), ours(b"old"));
    let listed = |etag: &str| Listed { etag: etag.to_owned(), size: 3 };
    let (as_uploaded, changed) = (listed("1"), listed("2"));
    let seen = |content: &[u8]| Seen { sha256: sha256(content), version: None };
    let (same_content, other_content) = (seen(b"new"), seen(b"abc"));
    let put = |etag: &str| Decision::Put(Some(etag.to_owned()));
    let refused = |decision: Decision| matches!(decision, Decision::Refuse(_));
    let no = false;

    // – | – | an object
    assert_eq!(decide(None, None, Some(&changed), None, true), Decision::Skip);
    // – | ours | –
    assert_eq!(decide(None, Some(&old), None, None, no), Decision::Forget);
    // – | adopted | an object
    let adopted = Owned { adopted: true, ..ours(b"old") };
    assert_eq!(decide(None, Some(&adopted), Some(&as_uploaded), None, true), Decision::Forget);
    // – | ours | as uploaded
    assert_eq!(decide(None, Some(&old), Some(&as_uploaded), None, no), Decision::Delete);
    // – | ours | changed
    assert!(refused(decide(None, Some(&old), Some(&changed), None, no)));
    assert_eq!(decide(None, Some(&old), Some(&changed), None, true), Decision::Delete);
    // file | any | –
    assert_eq!(decide(Some(&file), None, None, None, no), Decision::Put(None));
    assert_eq!(decide(Some(&file), Some(&same), None, None, no), Decision::Put(None));
    // file | ours | as uploaded, the same file
    assert_eq!(decide(Some(&file), Some(&same), Some(&as_uploaded), None, no), Decision::Keep);
    assert_eq!(decide(Some(&file), Some(&same), Some(&as_uploaded), None, true), Decision::Keep);
    // file | ours | as uploaded, another file
    assert_eq!(decide(Some(&file), Some(&old), Some(&as_uploaded), None, no), put("1"));
    for owned in [None, Some(&same), Some(&old)] {
        // file | any | changed, with the same content
        assert_eq!(decide(Some(&file), owned, Some(&changed), Some(&same_content), no), Decision::Adopt);
        // file | any | changed
        for seen in [None, Some(&other_content)] {
            assert!(refused(decide(Some(&file), owned, Some(&changed), seen, no)));
            assert_eq!(decide(Some(&file), owned, Some(&changed), seen, true), put("2"));
        }
    }
}

#[test]
fn only_ambiguous_objects_are_read() {
    let files = [("dags/a.py", "four"), ("dags/b.py", "four"), ("dags/c.py", "four"), ("dags/d.py", "four")];
    let tree = files.map(|(key, text)| (key.to_owned(), File::new(text.into()))).into();
    let listed = |etag: &str, size| Listed { etag: etag.to_owned(), size };
    let mut manifest = Manifest::default();
    for key in ["dags/a.py", "dags/b.py", "dags/gone.py"] {
        manifest.files.insert(key.to_owned(), owned(b"", "1", vec![]));
    }
    let remote = Remote::from([
        ("dags/a.py".to_owned(), listed("1", 4)),
        ("dags/b.py".to_owned(), listed("2", 4)),
        ("dags/c.py".to_owned(), listed("2", 5)),
        ("dags/d.py".to_owned(), listed("2", 4)),
        ("dags/foreign.py".to_owned(), listed("2", 4)),
        ("dags/gone.py".to_owned(), listed("2", 4)),
    ]);
    assert_eq!(ambiguous(&tree, &remote, &manifest), ["dags/b.py", "dags/d.py"]);
}

#[test]
fn an_announced_upload_is_ours_if_it_completed() {
    let pending = |content: &[u8]| Pending { sha256: sha256(content), imports: vec![] };
    let listed = Listed { etag: "9".to_owned(), size: 3 };
    let seen = |content: &[u8]| Seen { sha256: sha256(content), version: Some("v".to_owned()) };
    let keys = ["dags/same.py", "dags/newer.py", "dags/gone.py", "dags/theirs.py"];
    let mut input = SyncInput { max_delete: 9, ..SyncInput::default() };
    for key in keys {
        input.manifest.pending.insert(key.to_owned(), pending(b"old"));
        input.remote.insert(key.to_owned(), listed.clone());
        let there: &[u8] = if key == "dags/theirs.py" { b"abc" } else { b"old" };
        input.seen.insert(key.to_owned(), seen(there));
    }
    input.tree.insert(keys[0].to_owned(), File::new(b"old".to_vec()));
    input.tree.insert(keys[1].to_owned(), File::new(b"newer".to_vec()));
    assert_eq!(ambiguous(&input.tree, &input.remote, &input.manifest).len(), 4);
    let lines = "put     dags/newer.py\ndelete  dags/gone.py\nrecord  dags/same.py (uploaded by an interrupted sync)\n\
                 skip    dags/theirs.py (not in the manifest)\n";
    assert_eq!(plan(&input).expect("a plan").to_string(), lines);
}

#[test]
fn data_is_uploaded_before_dags_and_requirements_update_the_environment() {
    let mut input = input(&graph(&[]), &graph(&[("dag", &[])]), &BTreeSet::new());
    assert!(!plan(&input).expect("a plan").updates_environment());
    for key in ["dags/platform.json", REQUIREMENTS] {
        input.tree.insert(key.to_owned(), File::new(b"{}".to_vec()));
    }
    let plan = plan(&input).expect("a plan");
    assert!(plan.updates_environment());
    let lines = "put     dags/platform.json (new)\nput     requirements.txt (new)\nput     dags/dag.py (new)\n";
    assert_eq!(plan.to_string(), lines);
}

#[test]
fn deletes_are_capped_and_objects_of_others_are_not_touched() {
    let mut input = input(&graph(&[("a", &[]), ("b", &[])]), &graph(&[]), &BTreeSet::new());
    input.max_delete = 1;
    let error = anyhow::Error::new(plan(&input).expect_err("too many"));
    assert_eq!(error.to_string(), "the sync would delete 2 objects, more than the limit of 1: dags/a.py, dags/b.py");
    assert_eq!(crate::failure::hint_of(&error), Some("to delete them, pass --max-delete 2"));
    input.manifest.files.clear();
    let plan = plan(&input).expect("a plan");
    assert!(plan.is_empty() && plan.foreign.len() == 2);
    assert_eq!(plan.to_string(), "skip    dags/a.py (not in the manifest)\nskip    dags/b.py (not in the manifest)\n");
}
