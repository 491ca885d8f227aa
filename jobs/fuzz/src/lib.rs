//! Properties that hold for any input: one function for each fuzz target, which panics if its property does not hold.
//!
//! `fuzz_targets/` runs them under libFuzzer, `tests/it` on every input in `corpus/`, and
//! `cargo run --package jobs-fuzz --bin TARGET FILE…` on any file. CONTRIBUTING describes how to fuzz.

mod contract;
mod parquet;
mod rows;

pub use self::contract::contract;
pub use self::rows::rows;

/// Checks a property on each file named on the command line, without libFuzzer.
///
/// # Panics
/// If the property does not hold, or a file cannot be read.
pub fn replay(property: fn(&[u8])) {
    for file in std::env::args().skip(1) {
        let bytes = std::fs::read(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
        println!("{file}: {} bytes", bytes.len());
        property(&bytes);
    }
}
