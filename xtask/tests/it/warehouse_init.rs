//! `cargo xtask warehouse-init` with PostgreSQL. The job tests, which have an emulated Data API, cover Redshift.

use std::path::Path;
use std::process::{Command, Output};

use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// Returns the URL of the server that `cargo xtask test` started, and its superuser's password.
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

/// Returns the roles, schemas, tables, owners and permissions.
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
async fn a_new_database_is_prepared_and_the_command_is_idempotent() {
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
    assert!(!catalogue(&inside).await.iter().any(|line| line.starts_with("etl")), "a dry run changes nothing");

    let done = init(&address, &password, &[]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let misplaced = "CREATE VIEW analytics.stg_a AS SELECT 1; CREATE VIEW analytics.int_b AS TABLE analytics.stg_a";
    inside.batch_execute(misplaced).await.expect("views");
    let more = ["--developer", "Ann"];
    assert!(init(&address, &password, &more).status.success());
    let first = catalogue(&inside).await;
    let has = |start: &str| first.iter().any(|line| line.starts_with(start));
    assert!(has("analytics_stagingtransformer") && has("dev_ann_intermediatetransformer"), "{first:#?}");
    assert!(!has("stg_a") && !has("int_b"), "{first:#?}");
    assert!(first.iter().any(|line| line.starts_with("spacexloader")), "{first:#?}");
    assert!(init(&address, &password, &[]).status.success());
    assert_eq!(catalogue(&inside).await, first);
    drop(inside);

    // Parts of this password look like variables.
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "READER_PASSWORD=corr$ect-horse${x}\\n\n").expect("written");
    let kept = client.query_one("SELECT rolpassword FROM pg_authid WHERE rolname = 'reader'", &[]).await;
    let kept: String = kept.expect("the role").get(0);
    let done = init(&address, &password, &["--dot-env", file.path().to_str().expect("UTF-8")]);
    let mut reader: tokio_postgres::Config = admin.parse().expect("a URL");
    let entered = reader.user("reader").password(r"corr$ect-horse${x}\n").dbname(&name).connect(NoTls).await;
    // The role exists for the whole server, and later tests log in with it.
    client.batch_execute(&format!("ALTER ROLE reader PASSWORD '{kept}'")).await.expect("restored");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    drop(entered.expect("the password is the file's"));
    client.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await.expect("dropped");
}

#[test]
fn passwords_come_from_dot_env_and_the_environment_overrides_it() {
    let (server, password) = server();
    let address = format!("{server}/postgres");
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), format!("PGPASSWORD='{password}'\nREADER_PASSWORD=hunter2\n")).expect("written");
    let more = ["--dry-run", "--dot-env", file.path().to_str().expect("UTF-8")];
    // Empty variables are ignored; then a wrong value.
    let entered = init(&address, "", &more);
    let message = String::from_utf8_lossy(&entered.stderr);
    assert!(entered.status.success(), "{message}");
    let shown = String::from_utf8_lossy(&entered.stdout);
    assert!(shown.contains("ALTER ROLE reader LOGIN") && !shown.contains("hunter2"), "{shown}");
    let wrong = init(&address, "not-it", &more);
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("password authentication failed"));
}

#[test]
fn wrong_addresses_and_options_are_reported() {
    let (server, password) = server();
    let somewhere = format!("{server}/postgres");
    for (address, more, wanted) in [
        ("mysql://a@b/c", &[][..], "the warehouse address starts with neither redshift:// nor postgres://"),
        ("postgres://a:hunter2@b/c", &[], "the warehouse address contains a password"),
        ("redshift://w/d", &[], "Redshift requires both --loader and --transformer"),
        ("redshift://w/d", &["--loader", "x", "--transformer", "x"], "cannot be both loader and transformer"),
        ("redshift://w/d", &["--loader", "a/b", "--transformer", "x"], "`a/b` is not an IAM role name"),
        (&somewhere, &["--loader", "x"], "apply to Redshift only"),
        (&somewhere, &["--contract", "no.yaml"], "the contract `no.yaml` does not exist"),
        (&format!("{server}/nowhere"), &[], "database \"nowhere\" does not exist"),
    ] {
        let output = init(address, &password, more);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{address} {more:?}: {message}");
        assert!(message.contains(wanted), "{address} {more:?}: {message}");
        assert!(!message.contains("hunter2") && !message.contains(&password), "{message}");
    }
    let wrong = init(&somewhere, "not-it", &[]);
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("password authentication failed"));
}

/// Returns two CAs, and a certificate for `localhost` from the first one.
fn certificates(folder: &Path) {
    let script = r#"
for ca in ca other; do
    openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 2 -subj /CN=$ca -keyout $ca.key -out $ca.pem
done
openssl req -new -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -subj /CN=localhost -keyout tls.key -out tls.csr
echo subjectAltName=DNS:localhost > names
openssl x509 -req -in tls.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out tls.pem
"#;
    let made = Command::new("sh").args(["-ec", script]).current_dir(folder).output().expect("sh starts");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// Enables TLS on the test server. The server itself writes the certificate files to its data folder.
async fn with_tls(client: &Client, folder: &Path) {
    for name in ["tls.key", "tls.pem"] {
        let text = std::fs::read_to_string(folder.join(name)).expect("created");
        let write = format!("umask 077; printf \"%b\\n\" \"$(cat)\" > {name}");
        client.batch_execute(&format!("COPY (SELECT '{text}') TO PROGRAM '{write}'")).await.expect("written");
    }
    for sql in [
        "ALTER SYSTEM SET ssl_key_file = 'tls.key'",
        "ALTER SYSTEM SET ssl_cert_file = 'tls.pem'",
        "ALTER SYSTEM SET ssl = on",
        "SELECT pg_reload_conf()",
    ] {
        client.batch_execute(sql).await.expect("set");
    }
}

#[tokio::test]
async fn a_connection_is_encrypted_and_verified_as_the_url_specifies() {
    let (server, password) = server();
    let folder = tempfile::tempdir().expect("a folder");
    certificates(folder.path());
    let named = format!("{}/postgres", server.replace("127.0.0.1", "localhost"));
    let try_it = |address: &str, options: &str| {
        let output = init(&format!("{address}?{options}"), &password, &["--dry-run"]);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let file = |name: &str| format!("sslrootcert={}", folder.path().join(name).display());

    let (code, stderr) = try_it(&named, "sslmode=require");
    assert!(code == Some(1) && stderr.contains("server does not support TLS"), "{stderr}");
    let client = enter(&std::env::var("TEST_WAREHOUSE_POSTGRES").expect("set")).await;
    with_tls(&client, folder.path()).await;
    let began = std::time::Instant::now();
    while try_it(&named, "sslmode=require").0 != Some(0) {
        assert!(began.elapsed().as_secs() < 120, "{}", try_it(&named, "sslmode=require").1);
    }
    let by_address = format!("{server}/postgres");
    for (address, options, wanted) in [
        (&named, file("ca.pem"), None),
        (&named, format!("sslmode=verify-full&{}", file("ca.pem")), None),
        (&by_address, format!("sslmode=verify-ca&{}", file("ca.pem")), None),
        (&by_address, "sslmode=disable".to_owned(), None),
        (&by_address, format!("sslmode=verify-full&{}", file("ca.pem")), Some("not valid for name")),
        (&named, format!("sslmode=verify-full&{}", file("other.pem")), Some("UnknownIssuer")),
        (&named, format!("sslmode=verify-ca&{}", file("other.pem")), Some("UnknownIssuer")),
        (
            &named,
            "sslmode=verify-full".to_owned(),
            Some("hint: connections to a remote host require a verified certificate"),
        ),
        (&named, file("tls.csr"), Some("hint: `sslrootcert` must be a PEM file")),
        (&named, file("nowhere"), Some("cannot use the certificates in")),
        (&named, "sslmode=prefer".to_owned(), Some("fall back to plaintext")),
    ] {
        let (code, stderr) = try_it(address, &options);
        assert_eq!(code, Some(i32::from(wanted.is_some())), "{address} {options}: {stderr}");
        assert!(wanted.is_none_or(|wanted| stderr.contains(wanted)), "{address} {options}: {stderr}");
        assert!(!stderr.contains(&password), "{stderr}");
    }
    for sql in ["ALTER SYSTEM RESET ssl", "SELECT pg_reload_conf()"] {
        client.batch_execute(sql).await.expect("reset");
    }
}
