//! Tests which findings are ignored.

use super::*;

const QUEUE: &str = "deploy.yml:9:3: unexpected key \"queue\" for \"concurrency\" section. [syntax-check]\n";

#[test]
fn a_finding_is_ignored_as_long_as_it_is_reported() {
    let report = |text: &str| findings(text, 1).join("\n");
    let complete = format!("{QUEUE}looked at 1\n");
    assert_eq!(report(&complete), "");
    assert!(report("looked at 1\n").contains("remove it from the ignored findings"), "it matches nothing");
    assert!(report(QUEUE).contains("did not check 1 files"));
    assert!(report(&format!("a.yml:1:1: else [x]\n{complete}")).contains("a.yml:1:1"));
    assert!(IGNORED.iter().all(|(_, why)| !why.is_empty()));
}
