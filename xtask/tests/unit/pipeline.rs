use super::*;

#[test]
fn a_run_passes_only_what_it_was_given() {
    let run = Run {
        id: "r1".parse().expect("run id"),
        lake_url: "file:///lake".to_owned(),
        warehouse_url: "postgres://loader@host/db".to_owned(),
        source_url: Some("file:///source".to_owned()),
        contract: None,
        secrets: BTreeMap::from([("KEY".to_owned(), "secret".into())]),
        collections: vec!["launches".to_owned(), "cores".to_owned()],
        accept: Some("half of them retired".to_owned()),
        accept_with: "cargo xtask local --accept 'REASON'".to_owned(),
    };
    let [transformation, copy] = run.steps();
    let names = |step: &Invocation| step.environment.keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(names(&transformation), "COLLECTIONS KEY LAKE_URL RUN_ID SOURCE_URL WAREHOUSE_URL");
    assert_eq!(names(&copy), "ACCEPT ACCEPT_WITH COLLECTIONS LAKE_URL RUN_ID WAREHOUSE_URL");
    assert_eq!(copy.environment["COLLECTIONS"], "launches,cores");

    let report = run.report("postgres://reader@host/db".to_owned(), &[("copy", 0.5)].into(), Some(Path::new("/dbt")));
    assert_eq!(names(&report), "DBT_ARTIFACTS LAKE_URL RUN_ID STEPS WAREHOUSE_URL");
    assert_eq!(report.environment["STEPS"], r#"{"steps":[{"seconds":0.5,"state":"success","task":"copy"}]}"#);
}
