//! The libFuzzer target of [`jobs_fuzz::rows`]; without libFuzzer it reads the files named on the command line.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| jobs_fuzz::rows(bytes));

#[cfg(not(fuzzing))]
fn main() {
    jobs_fuzz::replay(jobs_fuzz::rows);
}
