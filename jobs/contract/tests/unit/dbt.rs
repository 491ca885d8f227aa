use super::*;

#[test]
fn counts_and_names_what_did_not_pass() {
    let run = r#"{"results": [
        {"unique_id": "model.p.a", "status": "success"},
        {"unique_id": "test.p.t1.9", "status": "fail", "failures": 2, "message": "Got 2 results", "compiled_code": "select 1"},
        {"unique_id": "test.p.t2.9", "status": "warn", "failures": 1, "message": "Got 1 result", "compiled_code": "select 2"},
        {"unique_id": "unit_test.p.a.u", "status": "fail", "message": "differs"},
        {"unique_id": "model.p.b", "status": "error", "message": "Database Error", "compiled_code": "select"},
        {"unique_id": "exposure.p.e", "status": "no-op", "message": "NO-OP"},
        {"unique_id": "model.p.c", "status": "skipped"}]}"#;
    let manifest = r#"{"nodes": {
        "model.p.b": {"name": "b"},
        "test.p.t1.9": {"name": "t1", "attached_node": "model.p.a", "depends_on": {"nodes": ["model.p.x", "model.p.a"]}},
        "test.p.t2.9": {"name": "t2", "test_metadata": {}, "depends_on": {"nodes": ["source.p.spacex.crew", "source.p.spacex.launches"]}}},
        "unit_tests": {"unit_test.p.a.u": {"name": "u", "model": "a"}}}"#;
    let results = Results::parse(run, manifest).expect("JSON");
    assert_eq!(results.line(), "PASS=1 WARN=1 ERROR=3 SKIP=1 TOTAL=6");
    let shown = |finding: &Finding| format!("{} {:?} {:?}", finding.of, finding.test, finding.rows);
    let failures: Vec<String> = results.failures.iter().map(shown).collect();
    assert_eq!(failures, [r#"a Some("t1") Some("select 1")"#, r#"a Some("u") None"#, "b None None"]);
    assert_eq!(shown(&results.warnings[0]), r#"spacex.launches Some("t2") Some("select 2")"#);
}
