//! What an import statement is about: as Python finds it, and as an old manifest has it.

use std::collections::BTreeMap;

use super::super::*;
use super::order::import;

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
    // In a function it would fail as well, when it is called.
    assert_eq!(problems(&top, &["dags/gone.py"], &[], Import { lazy: true, ..import("gone") }), gone);
    assert_eq!(gone, ["dags/top.py:1: `import gone`: the module `gone` is no longer there"]);
    assert_eq!(problems(&top, &["dags/gone.py"], &[], Import { optional: true, ..import("gone") }), [""; 0]);
    let turns = problems(&["dags/a/x.py"], &["dags/a.py"], &[], import("boto3"));
    let words = "dags/a.py: it and the folder `dags/a/` take turns; give the folder an `__init__.py` first";
    assert_eq!(turns, [words]);
    assert_eq!(problems(&["dags/a/x.py", "dags/a/__init__.py"], &["dags/a.py"], &[], import("boto3")), [""; 0]);
}

#[test]
fn a_manifest_of_before_there_were_lazy_imports_is_read_and_a_mark_that_is_not_set_is_not_written() {
    let old = r#"{"line":2,"module":"steps","names":["f"],"optional":true}"#;
    let read: Import = serde_json::from_str(old).expect("an import");
    let marks = |optional, lazy| Import { line: 2, optional, lazy, ..import("from steps") };
    assert_eq!(read, Import { names: vec!["f".to_owned()], ..marks(true, false) });
    let written = |import: &Import| serde_json::to_string(import).expect("JSON");
    assert_eq!(written(&read), old);
    assert_eq!(written(&marks(false, true)), r#"{"line":2,"module":"steps","names":["name"],"lazy":true}"#);
}
