//! Tests the parsing of checkov's reports.

use super::passed;

#[test]
fn checkovs_count_is_read_and_silence_is_none() {
    assert_eq!(passed("results:\n\nPassed checks: 170, Failed checks: 0, Skipped checks: 4\n"), 170);
    assert_eq!(passed(""), 0);
}
