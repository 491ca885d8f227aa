//! Tests imports as `python3` parses them.

use super::*;

const SOURCE: &str = "
import required
def later():
    from required import name
try:
    import optional
    if TYPE_CHECKING:
        import optional
except (ImportError, KeyError):
    import required
finally:
    import required
try:
    import required
except ValueError:
    pass
if typing.TYPE_CHECKING:
    class Some:
        import optional
else:
    import required
";

#[test]
fn an_import_is_optional_if_its_failure_is_caught_or_only_type_checkers_read_it() {
    let found = find(&BTreeMap::from([("dag.py", SOURCE.as_bytes())])).expect("Python");
    let marks = |import: &Import| (import.line, import.optional);
    let expected = SOURCE.lines().zip(1..).filter(|(line, _)| line.contains("import "));
    let expected: Vec<(u32, bool)> = expected.map(|(line, number)| (number, line.contains("optional"))).collect();
    assert_eq!(found["dag.py"].iter().map(marks).collect::<Vec<_>>(), expected);
}

#[test]
fn a_files_encoding_declaration_is_used() {
    let latin: &[u8] = b"# -*- coding: latin-1 -*-\nimport top\nname = '\xe4'\n";
    let found = find(&BTreeMap::from([("a.py", latin), ("b.py", b"\xef\xbb\xbfimport top\n"), ("c.py", b"")]));
    let found = found.expect("Python");
    assert_eq!(["a.py", "b.py", "c.py"].map(|file| found[file].len()), [1, 1, 0]);
    // The last two are errors of the compiler, not of the parser.
    for bad in [
        &b"name = '\xe4'\n"[..],
        b"# coding: no-such-coding\n",
        b"\xef\xbb\xbf# coding: latin-1\n",
        b"a = 1\0",
        b"return 1\n",
        b"def f(a, a): pass\n",
    ] {
        let error = find(&BTreeMap::from([("d.py", bad)])).expect_err("invalid");
        assert!(format!("{error:#}").starts_with("invalid Python: d.py:"), "{error:#}");
    }
}
