//! Tests the parsing of version numbers in program output.

use super::version;

#[test]
fn versions_are_found_in_the_output_of_programs() {
    assert_eq!(version("rustc 1.95.0 (59807616e 2026-04-14)"), Some((1, 95, 0)));
    assert_eq!(version("git version 2.39.5"), Some((2, 39, 5)));
    assert_eq!(version("Python 3.11.2"), Some((3, 11, 2)));
    assert_eq!(version("1.94"), Some((1, 94, 0)));
    assert_eq!(version("none"), None);
    assert!(version("1.9.0") < version("1.10.0"));
}
