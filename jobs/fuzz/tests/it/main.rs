//! The properties still hold for every input in `corpus/`, found by fuzzing or written by hand.

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    assert!(files.len() > 20, "{} has lost its files", folder.display());
    files
}

fn hold(property: fn(&[u8]), folder: &str) {
    let mut failed = Vec::new();
    for file in files(folder) {
        let bytes = fs::read(&file).expect("a file");
        if catch_unwind(|| property(&bytes)).is_err() {
            failed.push(file.display().to_string());
        }
    }
    assert!(failed.is_empty(), "see the panics above:\n{}", failed.join("\n"));
}

#[test]
fn every_kept_text_is_a_contract_or_refused_with_reasons() {
    hold(jobs_fuzz::contract, "corpus/contract");
}

#[test]
fn every_kept_response_becomes_the_same_rows_however_it_is_cut() {
    hold(jobs_fuzz::rows, "corpus/rows");
}
