//! Tests which texts are valid run IDs.

use super::*;

#[test]
fn a_run_id_needs_no_quoting() {
    for good in ["a", "2026-11-22T093000Z", "scheduled__2026-11-22", &"x".repeat(64)] {
        assert_eq!(good.parse::<RunId>().map(|id| id.to_string()), Ok(good.to_owned()));
    }
    for bad in ["", "a b", "a/b", "a'b", "2026-11-22T09:30:00+00:00", "é", &"x".repeat(65)] {
        assert!(bad.parse::<RunId>().is_err(), "{bad}");
    }
}
