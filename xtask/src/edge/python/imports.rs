//! Finds imports and syntax errors in Python files with one `python3` process, by the syntax of its own version.

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

/// Returns the imports of each file, by file name. The error lists every syntax error as `file:line: message`.
pub fn find(sources: &BTreeMap<&str, &[u8]>) -> Result<BTreeMap<String, Vec<Import>>> {
    if sources.is_empty() {
        return Ok(BTreeMap::new());
    }
    // `-I` limits imports to the standard library.
    let mut python = Command::new("python3");
    python.args(["-I", "-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let missing = || Failure::new("Python 3 is not installed").hint("run `sudo apt-get install python3`");
    let mut child = python.spawn().map_err(|_| missing())?;
    let mut input = child.stdin.take().context("cannot open a pipe to `python3`")?;
    // `python3` writes only after it has read all input, so no pipe blocks.
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
    let hint = "the local `python3` is {}, and Airflow 3.0 on MWAA uses 3.12: put a newer `python3` first on PATH";
    Err(failure.hint(hint.replace("{}", &response.version)).into())
}

#[cfg(test)]
#[path = "../../../tests/unit/edge/python/imports.rs"]
mod tests;
