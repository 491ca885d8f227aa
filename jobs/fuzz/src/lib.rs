//! What must hold whatever the bytes are: one function for each fuzz target, which panics where it does not.
//!
//! `fuzz_targets/` hands these to libFuzzer, `tests/it` gives them every input that is kept in `corpus/`, and
//! `cargo run --package jobs-fuzz --bin TARGET FILE…` gives them any file. CONTRIBUTING says how to fuzz.

mod contract;
mod parquet;
mod prover;
mod rows;

pub use self::contract::contract;
pub use self::prover::{mutate, prover};
pub use self::rows::rows;

/// Gives a property each file that the command line names, without libFuzzer.
///
/// # Panics
/// Where the property does not hold, or a file cannot be read.
pub fn replay(property: fn(&[u8])) {
    for file in std::env::args().skip(1) {
        let bytes = std::fs::read(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
        println!("{file}: {} bytes", bytes.len());
        property(&bytes);
    }
}
