//! The truth table row by row, and what else decides a plan.

mod imports;
mod order;

use std::collections::BTreeSet;

use order::{graph, wanted};

use super::plan::{Verdict, verdict};
use super::*;

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
