//! What Python files import, and whether they are Python: told by Python itself, one process for all of them.
//!
//! The crates that parse Python are large or left alone; `python3` is needed anyway. It knows the syntax of its own version.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::failure::Failure;
use crate::sync::Import;

const SCRIPT: &str = include_str!("imports.py");

#[derive(Deserialize)]
struct Told {
    version: String,
    files: BTreeMap<String, Parsed>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Parsed {
    Imports(Vec<Import>),
    Problem { line: u32, problem: String },
}

/// The imports of each file, by the names given.
///
/// # Errors
/// With every file that is no Python, as `file:line: what`.
pub fn of(sources: &BTreeMap<&str, &[u8]>) -> Result<BTreeMap<String, Vec<Import>>> {
    if sources.is_empty() {
        return Ok(BTreeMap::new());
    }
    // -I: nothing of the folder, the environment or the user is imported in place of the standard library.
    let mut python = Command::new("python3");
    python.args(["-I", "-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let missing = || Failure::new("Python 3 is not installed").hint("sudo apt-get install python3");
    let mut child = python.spawn().map_err(|_| missing())?;
    let mut input = child.stdin.take().context("no pipe to python3")?;
    // It answers when it has read everything, so that neither side waits for the other.
    let sizes: Vec<(&str, usize)> = sources.iter().map(|(path, bytes)| (*path, bytes.len())).collect();
    let written = writeln!(input, "{}", serde_json::to_string(&sizes)?)
        .and_then(|()| sources.values().try_for_each(|bytes| input.write_all(bytes)));
    drop(input);
    let output = child.wait_with_output().context("python3 did not end")?;
    written.context("python3 did not listen")?;
    let told: Told = serde_json::from_slice(&output.stdout).context("python3 did not say what the DAGs import")?;
    let (mut imports, mut problems) = (BTreeMap::new(), Vec::new());
    for (file, parsed) in told.files {
        match parsed {
            Parsed::Imports(list) => _ = imports.insert(file, list),
            Parsed::Problem { line, problem } => problems.push(format!("{file}:{line}: {problem}")),
        }
    }
    if problems.is_empty() {
        return Ok(imports);
    }
    let failure = Failure::new(format!("not Python: {}", problems.join("; ")));
    let hint = "`python3` here is {}, Airflow 3.0 on MWAA has 3.12: for newer syntax put a newer python3 first in PATH";
    Err(failure.hint(hint.replace("{}", &told.version)).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each import names how it should be marked.
    const SOURCE: &str = "
import top
@decorator
def plain(default=a_default()):
    import lazy
    def inner():
        import lazy
    inner()
async def waiting():
    from lazy import name
call = lambda: called_by_a_lambda()
def called_by_a_lambda():
    import top
def decorator(function):
    import top
def a_default():
    import top
    from_there()
def from_there():
    import top
class Some(Base):
    import top
    def method(self):
        import lazy
    def __init__(self):
        import lazy
class Base(metaclass=type):
    def __init_subclass__(cls):
        import top
class Made:
    def __init__(self):
        import top
        def inner():
            import lazy
Made()
def __getattr__(name):
    import top
if TYPE_CHECKING:
    import optional
    def checked():
        import lazy_optional
def tries():
    try:
        import lazy_optional
    except ImportError:
        import lazy
    from_here()
    class Local:
        import lazy
def from_here():
    import lazy
@dag()
def pipeline():
    import top
pipeline()
";

    #[test]
    fn what_runs_with_the_file_is_not_lazy_and_what_a_function_does_later_is() {
        let found = of(&BTreeMap::from([("dag.py", SOURCE.as_bytes())])).expect("Python");
        let wrong = |import: &&Import| {
            let marks = (import.module.contains("lazy"), import.module.contains("optional"));
            marks != (import.lazy, import.optional)
        };
        assert_eq!(found["dag.py"].iter().filter(wrong).collect::<Vec<_>>(), [&found["dag.py"][0]; 0]);
        let lines: Vec<u32> = found["dag.py"].iter().map(|import| import.line).collect();
        let each = SOURCE.lines().zip(1..).filter(|(line, _)| line.contains("import "));
        assert_eq!(lines, each.map(|(_, number)| number).collect::<Vec<u32>>());
    }

    #[test]
    fn python_reads_the_bytes_themselves_and_its_coding_line_counts() {
        let latin: &[u8] = b"# -*- coding: latin-1 -*-\nimport top\nname = '\xe4'\n";
        let found = of(&BTreeMap::from([("a.py", latin), ("b.py", b"\xef\xbb\xbfimport top\n"), ("c.py", b"")]));
        let found = found.expect("Python");
        assert_eq!(["a.py", "b.py", "c.py"].map(|file| found[file].len()), [1, 1, 0]);
        for bad in
            [&b"name = '\xe4'\n"[..], b"# coding: no-such-coding\n", b"\xef\xbb\xbf# coding: latin-1\n", b"a = 1\0"]
        {
            let error = of(&BTreeMap::from([("d.py", bad)])).expect_err("no Python");
            assert!(format!("{error:#}").starts_with("not Python: d.py:"), "{error:#}");
        }
    }
}
