//! The "fuzz" suite: runs each target in `jobs/fuzz` under libFuzzer, starting from the committed inputs.

use anyhow::{Result, bail};

use super::{Bench, Missing};
use crate::edge::{files, machine, shell};

/// The targets; each has a dictionary and a corpus.
const TARGETS: [&str; 2] = ["contract", "rows"];

/// Maximum input length in bytes.
const LONGEST: u32 = 4_096;

/// Fuzzing time per target, in seconds. CONTRIBUTING.md describes longer runs.
const SECONDS: u32 = 10;

/// libFuzzer's memory limit, far above what any target needs for its longest input.
const MEBIBYTES: u32 = 1_024;

/// Builds the targets and runs each one; inputs that break a target are written to `jobs/fuzz/artifacts`.
pub(super) fn run(bench: &Bench<'_>) -> Result<bool> {
    let (root, dir) = (bench.root.as_path(), bench.dir.join("fuzz"));
    if !machine::has_cpp_compiler() {
        bail!(Missing("libFuzzer needs a C++ compiler; run `sudo apt-get install build-essential`".to_owned()));
    }
    (bench.report)("Building the fuzz targets");
    if !shell::build_fuzz_targets(root)? {
        return Ok(false);
    }
    files::remove(&dir)?;
    let mut passed = true;
    for target in TARGETS {
        (bench.report)(&format!("Fuzzing `{target}`"));
        let found = files::folder(&dir.join(target))?;
        let artifacts = files::folder(&root.join("jobs/fuzz/artifacts").join(target))?;
        let folders = [found, root.join("jobs/fuzz/corpus").join(target)];
        let dictionary = root.join(format!("jobs/fuzz/dictionaries/{target}.dict"));
        let mut arguments = vec![
            format!("-max_total_time={SECONDS}"),
            format!("-max_len={LONGEST}"),
            format!("-rss_limit_mb={MEBIBYTES}"),
            "-timeout=10".to_owned(),
            format!("-artifact_prefix={}/", artifacts.display()),
            format!("-dict={}", dictionary.display()),
        ];
        arguments.extend(folders.iter().map(|folder| folder.display().to_string()));
        let output = shell::fuzz(root, target, &arguments)?;
        match output.code {
            Some(0) => (bench.report)(&last_line(&output.text, "cov:")),
            code => {
                eprintln!("{}\n{}", ending(&output.text), broken(target, &output.text, code));
                passed = false;
            }
        }
    }
    Ok(passed)
}

/// Returns the last line that contains `part`, such as `#22963 DONE cov: 14444 ft: 40523 corp: 483/506Kb …`.
fn last_line(text: &str, part: &str) -> String {
    text.lines().rev().find(|line| line.contains(part)).unwrap_or("no coverage reported").replace('\t', " ")
}

/// Returns the output from the panic onwards, or the last lines if nothing panicked.
fn ending(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let panic = lines.iter().position(|line| line.contains("panicked at"));
    let from = panic.unwrap_or(lines.len().saturating_sub(12));
    lines[from..].iter().take(12).copied().collect::<Vec<_>>().join("\n")
}

/// Describes the failing input and the command that reproduces it.
fn broken(target: &str, text: &str, code: Option<i32>) -> String {
    match text.lines().find_map(|line| line.split_once("Test unit written to ")) {
        Some((_, file)) => format!(
            "fuzz target `{target}` failed with `{file}`; reproduce the failure with: cargo run --package jobs-fuzz --bin {target} {file}"
        ),
        None => format!("fuzz target `{target}` exited with {code:?} and recorded no input"),
    }
}

#[cfg(test)]
#[path = "../../../tests/unit/flows/tests/fuzz.rs"]
mod tests;
