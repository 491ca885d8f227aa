//! `cargo xtask warehouse-init` on a PostgreSQL server; Redshift's side is tested with the loader, where a Data API is.

use std::process::{Command, Output};

use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// The server that `cargo xtask test` started, by its superuser's address.
fn server() -> (String, String) {
    let url = std::env::var("TEST_WAREHOUSE_POSTGRES").expect("run this test with `cargo xtask test`");
    let (start, rest) = url.split_once("://").expect("a URL");
    let (login, place) = rest.split_once('@').expect("a login");
    let (user, password) = login.split_once(':').expect("a password");
    let place = place.split('/').next().expect("a host");
    (format!("{start}://{user}@{place}"), password.to_owned())
}

fn init(address: &str, password: &str, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(["warehouse-init", address]).args(more).env("PGPASSWORD", password);
    for role in ["LOADER", "TRANSFORMER", "READER"] {
        command.env_remove(format!("{role}_PASSWORD"));
    }
    command.output().expect("xtask starts")
}

async fn enter(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a connection");
    tokio::spawn(connection);
    client
}

/// Roles, schemas, tables, their owners and who may do what.
async fn catalogue(client: &Client) -> Vec<String> {
    let sql = "SELECT nspname || nspowner::regrole || coalesce(nspacl::text, '') FROM pg_namespace \
               UNION ALL SELECT relname || relowner::regrole || coalesce(relacl::text, '') FROM pg_class \
               UNION ALL SELECT defaclacl::text FROM pg_default_acl ORDER BY 1";
    let rows = client.simple_query(sql).await.expect("rows");
    let text = |message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    };
    rows.into_iter().filter_map(text).collect()
}

#[tokio::test]
async fn a_database_of_ones_own_becomes_a_warehouse_and_stays_it() {
    let (server, password) = server();
    let name = format!("own_{}", std::process::id());
    let admin = std::env::var("TEST_WAREHOUSE_POSTGRES").expect("set");
    let client = enter(&admin).await;
    client.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("a database");
    let address = format!("{server}/{name}");

    let dry = init(&address, &password, &["--dry-run"]);
    let shown = String::from_utf8(dry.stdout).expect("text");
    assert!(dry.status.success() && shown.contains("CREATE SCHEMA IF NOT EXISTS spacex"), "{shown}");
    assert!(!shown.contains("SCRAM") && !shown.contains(&password));
    let inside = enter(&format!("{}/{name}", admin.rsplit_once('/').expect("a database").0)).await;
    assert!(!catalogue(&inside).await.iter().any(|line| line.starts_with("etl")), "a rehearsal changes nothing");

    let done = init(&address, &password, &[]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let first = catalogue(&inside).await;
    assert!(first.iter().any(|line| line.starts_with("spacexloader")), "{first:#?}");
    assert!(init(&address, &password, &[]).status.success());
    assert_eq!(catalogue(&inside).await, first);
    drop(inside);

    // Parts of this password look like variables to programs that replace those.
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "READER_PASSWORD=corr$ect-horse${x}\\n\n").expect("written");
    let done = init(&address, &password, &["--dot-env", file.path().to_str().expect("UTF-8")]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let mut reader: tokio_postgres::Config = admin.parse().expect("a URL");
    let entered = reader.user("reader").password(r"corr$ect-horse${x}\n").dbname(&name).connect(NoTls).await;
    drop(entered.expect("the password is the file's"));
    client.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await.expect("dropped");
}

#[test]
fn passwords_may_lie_in_dot_env_which_the_environment_beats() {
    let (server, password) = server();
    let address = format!("{server}/postgres");
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), format!("PGPASSWORD='{password}'\nREADER_PASSWORD=hunter2\n")).expect("written");
    let more = ["--dry-run", "--dot-env", file.path().to_str().expect("UTF-8")];
    // Empty, so unset; then wrong.
    let entered = init(&address, "", &more);
    let words = String::from_utf8_lossy(&entered.stderr);
    assert!(entered.status.success(), "{words}");
    let shown = String::from_utf8_lossy(&entered.stdout);
    assert!(shown.contains("ALTER ROLE reader LOGIN") && !shown.contains("hunter2"), "{shown}");
    let wrong = init(&address, "not-it", &more);
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("password authentication failed"));
}

#[test]
fn wrong_addresses_and_options_are_one_error_each() {
    let (server, password) = server();
    let somewhere = format!("{server}/postgres");
    for (address, more, wanted) in [
        ("mysql://a@b/c", &[][..], "the warehouse's address has another scheme"),
        ("postgres://a:hunter2@b/c", &[], "the warehouse's address has a password in it"),
        ("redshift://w/d", &[], "who loads and who transforms is not said"),
        ("redshift://w/d", &["--loader", "x", "--transformer", "x"], "cannot be loader and transformer at once"),
        ("redshift://w/d", &["--loader", "a/b", "--transformer", "x"], "`a/b` is not the name of an IAM role"),
        (&somewhere, &["--loader", "x"], "are for Redshift"),
        (&somewhere, &["--contract", "no.yaml"], "there is no contract `no.yaml`"),
        (&format!("{server}/nowhere"), &[], "database \"nowhere\" does not exist"),
    ] {
        let output = init(address, &password, more);
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{address} {more:?}: {words}");
        assert!(words.contains(wanted), "{address} {more:?}: {words}");
        assert!(!words.contains("hunter2") && !words.contains(&password), "{words}");
    }
    let wrong = init(&somewhere, "not-it", &[]);
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("password authentication failed"));
}
