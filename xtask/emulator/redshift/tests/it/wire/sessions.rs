//! Logins, users and transactions.

use redshift_emulator::wire::WireSettings;

use super::Bench;

#[test]
fn a_session_has_the_user_of_its_password_who_starts_without_grants() {
    let bench = Bench::new();
    let dbt = bench.session("IAMR:dbt");
    assert_eq!(dbt.texts("SELECT current_user"), ["IAMR:dbt"]);
    bench.database.run("CREATE SCHEMA loaded; CREATE TABLE loaded.t (n int)");
    let error = dbt.query("SELECT n FROM loaded.t").expect_err("no grant");
    assert_eq!(error, "42501 permission denied for schema loaded");
    bench.database.run("GRANT USAGE ON SCHEMA loaded TO \"IAMR:dbt\"");
    let error = dbt.query("SELECT n FROM loaded.t").expect_err("no grant");
    assert_eq!(error, "42501 permission denied for relation t");
    assert_eq!(bench.emulator.journal().events().len(), 2);
}

#[test]
fn a_wrong_password_and_another_database_are_refused() {
    let bench = Bench::with(|settings| {
        settings.wire = Some(WireSettings { admin_password: Some("known".to_owned()), ..WireSettings::default() });
    });
    let mut config = bench.config("IAMR:dbt");
    let error = bench.connect(config.password("wrong")).err().expect("a wrong password");
    assert_eq!(error, "28000 password authentication failed for user \"IAMR:dbt\"");
    // The password of another user.
    let error = bench.connect(config.user("IAMR:other").password("known")).err().expect("not the administrator");
    assert!(error.starts_with("28000"), "{error}");
    let mut config = bench.config("admin");
    let admin = bench.connect(config.password("known")).expect("the administrator");
    admin.run("CREATE SCHEMA made");
    let error = bench.connect(config.dbname("other")).err().expect("another database");
    assert_eq!(error, "3D000 database \"other\" does not exist");
}

#[test]
fn the_server_reports_the_version_of_redshift() {
    let bench = Bench::new();
    let config = bench.config("admin");
    let connected = bench.runtime.block_on(config.connect(bench.tls())).expect("a session");
    assert_eq!(connected.1.parameter("server_version"), Some("8.0.2"));
}

#[test]
fn a_refusal_aborts_the_transaction() {
    let bench = Bench::new();
    let session = bench.session("admin");
    session.run("CREATE TABLE t (n int)");
    session.run("BEGIN");
    session.run("INSERT INTO t VALUES (1)");
    session.query("VACUUM t").expect_err("not in a transaction");
    let error = session.query("INSERT INTO t VALUES (2)").expect_err("aborted");
    assert!(error.starts_with("25P02"), "{error}");
    session.run("ROLLBACK");
    assert_eq!(session.texts("SELECT count(*) FROM t"), ["0"]);
}

#[test]
fn two_transactions_that_update_a_row_conflict() {
    let bench = Bench::new();
    let (one, two) = (bench.session("admin"), bench.session("admin"));
    one.run("CREATE TABLE t (n int)");
    one.run("INSERT INTO t VALUES (1)");
    one.run("BEGIN");
    two.run("BEGIN");
    assert_eq!((one.texts("SELECT n FROM t"), two.texts("SELECT n FROM t")), (vec!["1".into()], vec!["1".into()]));
    one.run("UPDATE t SET n = 2");
    one.run("COMMIT");
    let error = two.query("UPDATE t SET n = 3").expect_err("a conflict");
    assert!(error.starts_with("XX000 1023") && error.ends_with("[rule update-conflict]"), "{error}");
}
