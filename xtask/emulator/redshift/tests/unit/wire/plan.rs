use super::*;

#[test]
fn several_statements_of_postgresql_are_one_block_with_the_clients_tag() {
    let create = Translated {
        kind: Kind::Plain,
        postgres: vec!["CREATE TABLE t AS SELECT 'it''s' AS n".to_owned(), "SELECT redshift.layout('t')".to_owned()],
        tag: Some("SELECT"),
    };
    let plan = plan(&create);
    assert_eq!(plan.tag.as_deref(), Some("SELECT"));
    assert!(plan.sql.starts_with("DO '") && plan.sql.contains("it''''''''s"), "{}", plan.sql);
    let select = Translated { kind: Kind::Plain, postgres: vec!["SELECT 1".to_owned()], tag: None };
    assert_eq!(super::plan(&select), Plan { sql: "SELECT 1".to_owned(), tag: None });
}

#[test]
fn a_refusal_fails_with_its_message_and_its_rule() {
    let refusal = Refusal { rule: "some-rule", message: "it's refused".to_owned(), sqlstate: "0A000" };
    let plan = failing(&refusal);
    assert!(plan.sql.contains("it''''s refused [rule some-rule]") && plan.sql.contains("0A000"), "{}", plan.sql);
}
