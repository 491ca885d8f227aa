use super::*;
use crate::settings::{Document, Variables, resolve};
use crate::verdict::Light;

/// Returns the line of a load `hours` ago. With `most`, the source has a schedule.
fn line(hours: Option<i64>, most: Option<u32>, findings: &[String]) -> StatusLine {
    let own = Document { file: "dev.yaml", text: include_str!("../../../../infra/settings/dev.yaml") };
    let settings = resolve("dev", own, None, &Variables::new()).expect("dev has no problems").settings;
    let mut one = settings.ingestion(None).expect("the default source");
    one.schedule = most.map(|_| "@daily".to_owned());
    one.max_load_age_hours = most.unwrap_or(1);
    let hours = hours.map_or(String::new(), |hours| hours.to_string());
    age_line(&one, &["2026-01-05".to_owned(), hours], findings)
}

#[test]
fn a_load_too_long_ago_or_in_the_future_is_red() {
    let red = |hours: Option<i64>, most| line(hours, most, &[]).light == Light::Red;
    assert!([Some(49), Some(-2), Some(-8760)].into_iter().all(|hours| red(hours, Some(48))));
    assert!(![None, Some(48), Some(0), Some(-1)].into_iter().any(|hours| red(hours, Some(48))));
    assert_eq!([red(Some(49), None), red(Some(-2), None)], [false, true]);
}

#[test]
fn the_findings_of_the_last_load_are_shown_and_not_red() {
    let findings = ["accepted: they retired".to_owned(), "warning: exactly 50 records".to_owned()];
    let line = line(Some(3), Some(48), &findings);
    assert_eq!(line.light, Light::Green);
    assert_eq!(line.found, "2026-01-05, 3 hours ago; accepted: they retired; warning: exactly 50 records");
}
