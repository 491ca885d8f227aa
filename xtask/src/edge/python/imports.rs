//! The imports and syntax errors of Python files, from one process of `python3`, which knows the syntax of its own version.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::failure::Failure;
use crate::sync::Import;

const SCRIPT: &str = include_str!("imports.py");

#[derive(Deserialize)]
struct Response {
    version: String,
    files: BTreeMap<String, Parsed>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Parsed {
    Imports(Vec<Import>),
    Problem { line: u32, problem: String },
}

/// The imports of each file, by its name.
///
/// # Errors
/// With every syntax error, as `file:line: message`.
pub fn of(sources: &BTreeMap<&str, &[u8]>) -> Result<BTreeMap<String, Vec<Import>>> {
    if sources.is_empty() {
        return Ok(BTreeMap::new());
    }
    // -I: only the standard library can be imported.
    let mut python = Command::new("python3");
    python.args(["-I", "-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let missing = || Failure::new("Python 3 is not installed").hint("sudo apt-get install python3");
    let mut child = python.spawn().map_err(|_| missing())?;
    let mut input = child.stdin.take().context("cannot open a pipe to `python3`")?;
    // It writes after it has read everything, so no pipe blocks.
    let sizes: Vec<(&str, usize)> = sources.iter().map(|(path, bytes)| (*path, bytes.len())).collect();
    let written = writeln!(input, "{}", serde_json::to_string(&sizes)?)
        .and_then(|()| sources.values().try_for_each(|bytes| input.write_all(bytes)));
    drop(input);
    let output = child.wait_with_output().context("cannot wait for `python3`")?;
    written.context("cannot write to `python3`")?;
    let response: Response = serde_json::from_slice(&output.stdout).context("cannot read the output of `python3`")?;
    let (mut imports, mut problems) = (BTreeMap::new(), Vec::new());
    for (file, parsed) in response.files {
        match parsed {
            Parsed::Imports(list) => _ = imports.insert(file, list),
            Parsed::Problem { line, problem } => problems.push(format!("{file}:{line}: {problem}")),
        }
    }
    if problems.is_empty() {
        return Ok(imports);
    }
    let failure = Failure::new(format!("invalid Python: {}", problems.join("; ")));
    let hint =
        "the local `python3` is {}, Airflow 3.0 on MWAA has 3.12: put a newer `python3` first in PATH for newer syntax";
    Err(failure.hint(hint.replace("{}", &response.version)).into())
}

#[cfg(test)]
mod tests {
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
    fn an_import_is_optional_where_its_failure_is_caught_or_only_type_checkers_read_it() {
        let found = of(&BTreeMap::from([("dag.py", SOURCE.as_bytes())])).expect("Python");
        let marks = |import: &Import| (import.line, import.optional);
        let wanted = SOURCE.lines().zip(1..).filter(|(line, _)| line.contains("import "));
        let wanted: Vec<(u32, bool)> = wanted.map(|(line, number)| (number, line.contains("optional"))).collect();
        assert_eq!(found["dag.py"].iter().map(marks).collect::<Vec<_>>(), wanted);
    }

    #[test]
    fn a_coding_line_counts() {
        let latin: &[u8] = b"# -*- coding: latin-1 -*-\nimport top\nname = '\xe4'\n";
        let found = of(&BTreeMap::from([("a.py", latin), ("b.py", b"\xef\xbb\xbfimport top\n"), ("c.py", b"")]));
        let found = found.expect("Python");
        assert_eq!(["a.py", "b.py", "c.py"].map(|file| found[file].len()), [1, 1, 0]);
        for bad in
            [&b"name = '\xe4'\n"[..], b"# coding: no-such-coding\n", b"\xef\xbb\xbf# coding: latin-1\n", b"a = 1\0"]
        {
            let error = of(&BTreeMap::from([("d.py", bad)])).expect_err("invalid");
            assert!(format!("{error:#}").starts_with("invalid Python: d.py:"), "{error:#}");
        }
    }
}
