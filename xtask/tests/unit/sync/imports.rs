//! Tests that import statements resolve as in Python.

use std::collections::BTreeMap;

use super::*;

fn import(module: &str) -> Import {
    Import { line: 1, level: 0, module: module.to_owned(), names: Vec::new(), optional: false }
}

/// Returns the problems of the import statements in one file, with other files present.
fn problems(files: &[&str], ours: &[&str], others: &[&str], import: Import) -> Vec<String> {
    let imports = BTreeMap::from([(files[0].to_owned(), vec![import])]);
    let keys = |list: &[&str]| list.iter().map(|key| (*key).to_owned()).collect();
    check(&keys(files), &imports, &keys(ours), &keys(others))
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
        (import("p.q"), Some("`import p.q`: the module `p.q` does not exist")),
        (import("top.q"), Some("`import top.q`: the module `top.q` does not exist")),
        (from(0, "n", &["z", "q"]), Some("`from n import z, q`: the module `n.q` does not exist")),
        (from(1, "q", &["f"]), Some("`from .q import f`: the module `p.q` does not exist")),
        (from(2, "top", &["f"]), Some("`from ..top import f`: the relative import leads outside the DAGs folder")),
    ] {
        let wanted: Vec<String> = problem.iter().map(|words| format!("dags/p/x.py:1: {words}")).collect();
        assert_eq!(problems(&files, &[], &[], import), wanted);
    }
    let top = ["dags/top.py", "dags/other.py"];
    let dots = problems(&top, &[], &[], from(1, "", &["other"]));
    assert_eq!(dots, ["dags/top.py:1: `from . import other`: the relative import leads outside the DAGs folder"]);
    assert_eq!(problems(&top, &[], &["dags/theirs.py"], import("theirs")), [""; 0]);
    let gone = problems(&top, &["dags/gone.py"], &[], import("gone"));
    assert_eq!(gone, ["dags/top.py:1: `import gone`: the module `gone` no longer exists"]);
    assert_eq!(problems(&top, &["dags/gone.py"], &[], Import { optional: true, ..import("gone") }), [""; 0]);
    let turns = problems(&["dags/a/x.py"], &["dags/a.py"], &[], import("boto3"));
    let words =
        "dags/a.py: the file and the folder `dags/a/` replace each other; add an `__init__.py` to the folder first";
    assert_eq!(turns, [words]);
    assert_eq!(problems(&["dags/a/x.py", "dags/a/__init__.py"], &["dags/a.py"], &[], import("boto3")), [""; 0]);
}
