//! Tests the parsing of libFuzzer's reports.

use super::*;

const BROKEN: &str = "INFO: Seed: 1\n#4\tINITED cov: 1 ft: 2\n#9\tNEW    cov: 3 ft: 4\nthread panicked at a.rs:1\n\
                      wrong\nartifact_prefix='/a/'; Test unit written to /a/crash-1";

#[test]
fn a_failing_target_is_reported_with_its_input_and_the_command_to_reproduce_it() {
    let found = broken("rows", BROKEN, Some(77));
    let reproduce = "cargo run --package jobs-fuzz --bin rows /a/crash-1";
    assert!(found.contains("failed with `/a/crash-1`") && found.ends_with(reproduce), "{found}");
    assert!(ending(BROKEN).starts_with("thread panicked at a.rs:1\nwrong"));
    assert_eq!(broken("rows", "", None), "fuzz target `rows` exited with None and recorded no input");
    assert_eq!(last_line(BROKEN, "cov:"), "#9 NEW    cov: 3 ft: 4");
}
