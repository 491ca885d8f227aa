//! Every input that is kept, once found by fuzzing or written by hand, goes through its property as in any other test.

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

fn hold(property: fn(&[u8]), folders: &[&str]) {
    let mut failed = Vec::new();
    for file in folders.iter().flat_map(|folder| files(folder)) {
        let bytes = fs::read(&file).expect("a file");
        if catch_unwind(|| property(&bytes)).is_err() {
            failed.push(file.display().to_string());
        }
    }
    assert!(failed.is_empty(), "what goes wrong with them is said above:\n{}", failed.join("\n"));
}

#[test]
fn every_kept_text_is_a_contract_or_explained() {
    hold(jobs_fuzz::contract, &["corpus/contract"]);
}

#[test]
fn every_kept_answer_becomes_the_same_rows_however_it_is_cut() {
    hold(jobs_fuzz::rows, &["corpus/rows"]);
}

#[test]
fn every_kept_file_is_refused_or_can_be_read() {
    hold(jobs_fuzz::prover, &["corpus/prover", "../tests/copy_corpus/files"]);
}

/// A file keeps its form: only footer or pages change, and the end still says how long the footer is.
#[test]
fn a_changed_file_still_ends_with_the_length_of_its_footer() {
    fn shorter(data: &mut [u8], size: usize, _: usize) -> usize {
        data[0] ^= 0xff;
        size - 1
    }
    let file = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/copy_corpus/files/all_null.parquet"));
    let (file, most) = (file.expect("a file"), 4096);
    for seed in 0..4 {
        let mut data = file.clone();
        data.resize(most, 0);
        let length = jobs_fuzz::mutate(&mut data, file.len(), most, seed, shorter);
        let whole = data[..length].starts_with(b"PAR1") && data[..length].ends_with(b"PAR1");
        assert_eq!((whole, length), (seed != 0, if seed == 3 { file.len() } else { file.len() - 1 }), "{seed}");
        assert_ne!(data[..length], file);
    }
}
