//! Measures the speed and memory use of `transformation` with the launches, repeated with new IDs to 170 MB and 1.7 GB,
//! and all launch tables.
//!
//! `cargo bench -p jobs` prints bytes per second of CPU time and the peak memory of each run. It fails when a table
//! does not have exactly the input's rows, or when a larger input needs more memory than the first. It is not a test,
//! because times are not reliable on a busy machine. `BENCH_LAUNCHES` replaces the sample file, and `BENCH_MEGABYTES`
//! the sizes.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde_json::Value;
use serde_json::value::RawValue;

/// The largest allowed difference between the peaks in KiB: ±2 MiB, and 2 MiB for the allocator and thread timing.
const MARGIN: i64 = 6 << 10;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn main() -> Result<(), Box<dyn Error>> {
    let from = std::env::var("BENCH_LAUNCHES").unwrap_or_else(|_| format!("{ROOT}/jobs/sample/spacex/launches.json"));
    let sizes = std::env::var("BENCH_MEGABYTES").unwrap_or_else(|_| "170,1700".to_owned());
    let launches = std::fs::read_to_string(&from)?;
    let dir = PathBuf::from(ROOT).join("target/bench");
    println!("{:>10} {:>10} {:>8} {:>8} {:>12} {:>10}", "input", "launches", "CPU s", "wall s", "MB/CPU s", "peak MiB");
    let mut peaks = Vec::new();
    for megabytes in sizes.split(',') {
        let source = dir.join(format!("source-{megabytes}"));
        let expected = write_input(&launches, &source, megabytes.trim().parse::<u64>()? * 1_000_000)?;
        peaks.push(run(&source, &dir.join("lake"), &expected)?);
        std::fs::remove_dir_all(&source)?;
    }
    std::fs::remove_dir_all(&dir)?;
    let grown = peaks.iter().max().zip(peaks.first()).map_or(0, |(most, first)| most - first);
    if grown > MARGIN {
        return Err(format!("memory grew with the input by {grown} KiB; the limit is {MARGIN} KiB").into());
    }
    Ok(())
}

/// Repeats the launches until the file has at least `bytes`; returns the rows that each table must have.
fn write_input(launches: &str, dir: &Path, bytes: u64) -> Result<BTreeMap<&'static str, u64>, Box<dyn Error>> {
    let records: Vec<&RawValue> = serde_json::from_str(launches)?;
    let mut templates = Vec::new();
    for record in &records {
        let values: Value = serde_json::from_str(record.get())?;
        let id = values["id"].as_str().ok_or("a launch without an id")?.to_owned();
        let (before, after) = record.get().rsplit_once(&id).ok_or("a launch without its id")?;
        templates.push((before, after, values));
    }
    std::fs::create_dir_all(dir)?;
    let mut out = BufWriter::new(File::create(dir.join("launches.json"))?);
    let mut expected = BTreeMap::new();
    let (mut written, mut count) = (0, 0_u64);
    while written < bytes {
        for (before, after, values) in &templates {
            let separator = if count == 0 { '[' } else { ',' };
            write!(out, "{separator}{before}{count:024x}{after}")?;
            written += (before.len() + after.len() + 25) as u64;
            count += 1;
            *expected.entry("launches").or_default() += 1;
            for (table, list) in [
                ("launch_payloads", "payloads"),
                ("launch_crew", "crew"),
                ("launch_failures", "failures"),
                ("launch_capsules", "capsules"),
                ("launch_ships", "ships"),
            ] {
                *expected.entry(table).or_default() += values[list].as_array().map_or(0, Vec::len) as u64;
            }
            let cores = values["cores"].as_array().into_iter().flatten();
            let real =
                cores.filter(|core| core.as_object().is_some_and(|core| core.values().any(|field| !field.is_null())));
            *expected.entry("launch_cores").or_default() += real.count() as u64;
        }
    }
    out.write_all(b"]")?;
    out.into_inner()?.sync_all()?;
    Ok(expected)
}

fn run(source: &Path, lake: &Path, expected: &BTreeMap<&'static str, u64>) -> Result<i64, Box<dyn Error>> {
    let bytes = std::fs::metadata(source.join("launches.json"))?.len();
    let (before, began) = (getrusage(UsageWho::RUSAGE_CHILDREN)?, std::time::Instant::now());
    let output = Command::new(env!("CARGO_BIN_EXE_transformation"))
        .args(["--run-id", "bench", "--collections", "launches"])
        .args(["--lake-url", &format!("file://{}", std::path::absolute(lake)?.display())])
        .args(["--source-url", &format!("file://{}", source.canonicalize()?.display())])
        .stderr(Stdio::inherit())
        .output()?;
    let (wall, after) = (began.elapsed().as_secs_f64(), getrusage(UsageWho::RUSAGE_CHILDREN)?);
    if !output.status.success() {
        return Err(format!("transformation exited with {}", output.status).into());
    }
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let tables = report["collections"]["launches"]["tables"].as_array().ok_or("no tables in the report")?;
    let found: BTreeMap<&str, u64> =
        tables.iter().filter_map(|table| Some((table["table"].as_str()?, table["rows"].as_u64()?))).collect();
    if found != *expected {
        return Err(format!("found the rows {found:?}, expected {expected:?}").into());
    }
    let cpu = seconds(&after) - seconds(&before);
    let megabytes = bytes as f64 / 1e6;
    // Linux reports the peak of the largest child so far, in KiB, so the larger input must be last.
    let peak = after.max_rss();
    let rate = megabytes / cpu;
    println!(
        "{megabytes:>7.0} MB {:>10} {cpu:>8.2} {wall:>8.2} {rate:>12.0} {:>10.1}",
        expected["launches"],
        peak as f64 / 1024.0
    );
    std::fs::remove_dir_all(lake)?;
    Ok(peak)
}

fn seconds(usage: &Usage) -> f64 {
    (usage.user_time().num_microseconds() + usage.system_time().num_microseconds()) as f64 / 1e6
}
