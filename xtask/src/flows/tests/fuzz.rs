//! The "fuzz" suite: runs each target in `jobs/fuzz` under libFuzzer, starting from the committed inputs.

use anyhow::{Result, ensure};

use super::{Bench, Missing};
use crate::edge::{files, machine, shell};

/// The targets; each has a dictionary and a corpus.
const TARGETS: [&str; 2] = ["contract", "rows"];

/// Maximum input length in bytes.
const LONGEST: u32 = 4_096;

/// libFuzzer's memory limit, far above what any target needs for its longest input.
const MEBIBYTES: u32 = 1_024;

/// Builds the targets and runs each one; inputs that break a target are written to `jobs/fuzz/artifacts`.
pub(super) fn run(bench: &Bench<'_>) -> Result<bool> {
    let (root, dir) = (bench.root.as_path(), bench.dir.join("fuzz"));
    let missing = || Missing("libFuzzer needs a C++ compiler; run `sudo apt-get install build-essential`".to_owned());
    ensure!(machine::has_cpp_compiler(), missing());
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
            format!("-max_total_time={}", bench.fuzz_seconds),
            format!("-max_len={LONGEST}"),
            format!("-rss_limit_mb={MEBIBYTES}"),
            "-timeout=10".to_owned(),
            "-verbosity=0".to_owned(),
            format!("-artifact_prefix={}/", artifacts.display()),
            format!("-dict={}", dictionary.display()),
        ];
        arguments.extend(folders.iter().map(|folder| folder.display().to_string()));
        let output = shell::fuzz(root, target, &arguments)?;
        if output.code != Some(0) {
            let hint = format!("fuzz target `{target}` failed; CONTRIBUTING.md shows how to reproduce it");
            bench.log.add(&format!("{}\n{hint}", output.text))?;
            passed = false;
        }
    }
    Ok(passed)
}
