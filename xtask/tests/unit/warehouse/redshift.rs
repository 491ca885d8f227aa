//! Tests the statements for an existing and for a new Redshift warehouse.

use super::*;

fn users() -> Users {
    Users::of_roles("ingestion", "dbt", &["analyst".to_owned(), "IAM:ann".to_owned()], &["IAM:Bea.B".to_owned()])
        .expect("valid names")
}

#[test]
fn the_plan_creates_only_missing_users_roles_and_grants() {
    let first = plan(&["zoo".to_owned()], &users(), &Existing::default());
    for expected in [
        "CREATE USER \"IAMR:ingestion\" PASSWORD DISABLE",
        "CREATE USER \"IAM:ann\" PASSWORD DISABLE",
        "CREATE ROLE transformer",
        "GRANT ROLE reader TO \"IAM:ann\"",
        "CREATE SCHEMA IF NOT EXISTS staging_zoo AUTHORIZATION \"IAMR:ingestion\"",
        "ALTER TABLE etl.attempts OWNER TO \"IAMR:ingestion\"",
        "ALTER TABLE etl.findings OWNER TO \"IAMR:ingestion\"",
        "GRANT SELECT ON svv_table_info TO \"IAMR:dbt\"",
        "GRANT SELECT ON svv_mv_info TO \"IAMR:dbt\"",
        "CREATE SCHEMA IF NOT EXISTS analytics_staging AUTHORIZATION \"IAMR:dbt\"",
        "CREATE SCHEMA IF NOT EXISTS dev_bea_b_intermediate AUTHORIZATION \"IAM:Bea.B\"",
        "GRANT SELECT ON svv_mv_info TO \"IAM:Bea.B\"",
    ] {
        assert!(first.iter().any(|sql| sql == expected), "{expected} is not in {first:#?}");
    }
    let line = |kind: &str, name: &str, role: &str| [kind, name, role].map(str::to_owned).to_vec();
    let mut lines: Vec<_> = users().each().map(|(user, role)| line("grant", user, role)).collect();
    lines.extend(users().each().map(|(user, _)| line("user ", user, "")));
    lines.extend(ROLES.map(|role| line("role", role, "")));
    let again = plan(&["zoo".to_owned()], &users(), &Existing::read(lines));
    assert_eq!(again, first[first.len() - again.len()..]);
    assert!(
        !again
            .iter()
            .any(|sql| ["CREATE USER", "CREATE ROLE", "GRANT ROLE"].iter().any(|start| sql.starts_with(start)))
    );
    let views = ["stg_animals", "int_counts", "mine"].map(|view| line("view", view, "analytics"));
    let migrated = plan(&["zoo".to_owned()], &users(), &Existing::read(views));
    let dropped: Vec<_> = migrated.iter().filter(|sql| sql.starts_with("DROP")).collect();
    assert_eq!(
        dropped,
        ["DROP VIEW IF EXISTS analytics.\"int_counts\"", "DROP VIEW IF EXISTS analytics.\"stg_animals\""]
    );
}

#[test]
fn names_that_iam_does_not_allow_are_refused() {
    for name in ["", "a b", "x\"; DROP SCHEMA etl; --", "ä", &"x".repeat(65), "arn:aws:iam::1:role/x", "team/x"] {
        assert!(Users::of_roles(name, "dbt", &[], &[]).is_err(), "{name}");
        assert!(Users::of_roles("a", "b", &[], &[format!("IAM:{name}\"")]).is_err(), "{name}");
    }
    assert!(Users::of_roles("same", "same", &[], &[]).is_err());
}

#[test]
fn developers_with_the_same_schema_are_refused() {
    let users = |developers: [&str; 2]| Users::of_roles("ingestion", "dbt", &[], &developers.map(str::to_owned));
    for developers in [["IAM:ann.b", "IAM:ann-b"], ["ann", "ann_staging"]] {
        let message = users(developers).expect_err("one schema").to_string();
        assert!(message.contains("would both have the schema `dev_ann"), "{message}");
    }
    assert!(users(["ann", "bea"]).is_ok());
}
