//! Tests which findings are ignored.

use super::*;

const QUEUE: &str = "deploy.yml:9:3: unexpected key \"queue\" for \"concurrency\" section. [syntax-check]\n";

#[test]
fn an_ignored_finding_has_a_reason_and_a_last_day() {
    let report = |text: &str, today: &str| findings(text, 1, &IGNORED, today).join("\n");
    let complete = format!("{QUEUE}looked at 1\n");
    assert_eq!(report(&complete, "2026-12-01"), "");
    assert!(report(&complete, "2027-07-01").contains("unexpected key"), "it has expired");
    assert!(
        report("looked at 1\n", "2026-12-01").contains("remove it from the ignored findings"),
        "it matches nothing"
    );
    assert!(report(QUEUE, "2026-12-01").contains("did not check 1 files"));
    assert!(report(&format!("a.yml:1:1: else [x]\n{complete}"), "2026-12-01").contains("a.yml:1:1"));
    assert!(IGNORED.iter().all(|ignored| !ignored.why.is_empty()));
}
