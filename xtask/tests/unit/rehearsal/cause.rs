use super::*;
use crate::dbt::Finding;

#[test]
fn logged_errors_come_before_other_lines() {
    let warning = r#"{"level":"WARN","message":"error 500; retrying"}"#;
    let error = r#"{"level":"ERROR","message":"2 of 2 failed: a: 500\nb: 500","exit":75}"#;
    assert_eq!(cause(&["start", warning, error], None), ["2 of 2 failed: a: 500", "b: 500"]);
    assert_eq!(cause(&["start", "Database Error in model", "end"], None), ["Database Error in model"]);
    assert_eq!(cause(&["one", "two"], None), ["one", "two"]);
    assert!(cause(&[], None).is_empty());
    let long: Vec<String> = (0..20).map(|number| format!("error {number}")).collect();
    let found = cause(&long.iter().map(String::as_str).collect::<Vec<_>>(), None);
    assert_eq!((found.len(), found[SHOWN].as_str()), (SHOWN + 1, "… and 14 more"));
}

#[test]
fn a_failed_dbt_test_is_named() {
    let of = |test: Option<&str>| Finding {
        of: "fct".to_owned(),
        test: test.map(str::to_owned),
        message: "Got 1 result".to_owned(),
        rows: None,
    };
    let dbt = Results { failures: vec![of(Some("unique")), of(None)], ..Results::default() };
    let expected = ["test `unique` of `fct` failed: Got 1 result", "`fct` could not be built: Got 1 result"];
    assert_eq!(cause(&["error: no"], Some(&dbt)), expected);
    assert_eq!(cause(&["error: no"], Some(&Results::default())), ["error: no"]);
}
