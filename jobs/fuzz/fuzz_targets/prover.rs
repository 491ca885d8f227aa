//! libFuzzer's way to [`jobs_fuzz::prover`]; without libFuzzer it takes the files of the command line.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    jobs_fuzz::mutate(data, size, max_size, seed, libfuzzer_sys::fuzzer_mutate)
});

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| jobs_fuzz::prover(bytes));

#[cfg(not(fuzzing))]
fn main() {
    jobs_fuzz::replay(jobs_fuzz::prover);
}
