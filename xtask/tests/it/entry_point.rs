//! `dbt/run.py` around a script that is called `dbt`: exit codes, arguments, signals and settings.
//!
//! The script proves nothing about dbt; what the real one answers and leaves is shown in `needs_emulator`.

use std::fs;
use std::path::Path;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::support::entry::{Ended, Entry, script};

fn entry(folder: &TempDir) -> Entry {
    Entry::new(folder.path(), &[folder.path()])
}

#[test]
fn dbts_exit_codes_become_those_of_the_platform() {
    for (end, code) in [("exit 0", 0), ("exit 1", 1), ("exit 2", 75), ("exit 3", 1), ("kill -KILL $$", 75)] {
        assert_eq!(entry(&script(end)).run(&[]).code, Some(code), "{end}");
    }
}

#[test]
fn arguments_and_output_go_through_as_they_are() {
    let folder = script("for one; do echo \"<$one>\"; done; echo words >&2");
    let ended = entry(&folder).run(&["build", "-s", "+a b+", "--vars", "{x: 1}", "--target-path=elsewhere"]);
    assert_eq!(ended.stdout, "<build>\n<-s>\n<+a b+>\n<--vars>\n<{x: 1}>\n<--target-path=elsewhere>\n");
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), "words\n"));
    assert_eq!(entry(&folder).run(&[]).stdout, "<build>\n");
}

#[test]
fn signals_are_passed_on_and_mean_that_it_failed_for_now() {
    let folder = script("trap 'echo told; exit 1' TERM INT; echo ready; for i in $(seq 200); do sleep 0.05; done");
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut running = entry(&folder).start(&[]);
        running.until("ready");
        running.signal(signal);
        let ended = running.wait();
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(75), "ready\ntold\n"), "{ended:?}");
    }
}

#[test]
fn a_wrong_setting_is_told_before_dbt_begins() {
    let folder = script("echo begun");
    let told = |lake: &str, run: Option<&str>, words: &str| {
        let entry = entry(&folder).env("LAKE_URL", lake);
        let ended = run.into_iter().fold(entry, |entry, run| entry.env("RUN_ID", run)).run(&[]);
        ended.complains(2, &["error: ", words]);
        assert_eq!(ended.stdout, "", "{lake} {run:?}");
    };
    let long = "x".repeat(65);
    for run in [None, Some(""), Some("a/b"), Some("r1\n"), Some("é"), Some(&long)] {
        told("s3://bucket", run, "RUN_ID is no run id");
    }
    for lake in ["s3://", "s3:///prefix", "s3://user:canary-secret@bucket", "s3://bucket?x=y"] {
        told(lake, Some("r1"), "LAKE_URL is not s3://bucket");
    }
    for lake in ["bucket", "https://bucket", "file://relative"] {
        told(lake, Some("r1"), "LAKE_URL is neither s3://bucket nor file:///dir");
    }
}

#[test]
fn with_a_lake_in_a_folder_everything_stays_where_dbt_put_it() {
    let folder = script("mkdir target && echo '{}' > target/manifest.json");
    let files = |path: &Path| fs::read_dir(path).expect("a folder").count();
    let lake = tempfile::tempdir().expect("a folder");
    let Ended { code, stdout, stderr } =
        entry(&folder).env("LAKE_URL", &format!("file://{}", lake.path().display())).run(&[]);
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (Some(0), "", ""));
    assert_eq!((files(lake.path()), files(&folder.path().join("target"))), (0, 1));
}
