use super::*;
use crate::verdict::Light;

#[test]
fn a_load_too_long_ago_or_in_the_future_is_red() {
    let red = |hours, most| age_line("2026-01-05", hours, most, &[]).light == Light::Red;
    assert!([Some(49), Some(-2), Some(-8760)].into_iter().all(|hours| red(hours, Some(48))));
    assert!(![None, Some(48), Some(0), Some(-1)].into_iter().any(|hours| red(hours, Some(48))));
    assert_eq!([red(Some(49), None), red(Some(-2), None)], [false, true]);
}

#[test]
fn the_findings_of_the_last_load_are_shown_and_not_red() {
    let findings = ["accepted: they retired".to_owned(), "warning: exactly 50 records".to_owned()];
    let line = age_line("2026-01-05", Some(3), Some(48), &findings);
    assert_eq!(line.light, Light::Green);
    assert_eq!(line.found, "2026-01-05, 3 hours ago; accepted: they retired; warning: exactly 50 records");
}
