//! `cargo xtask conform` against the Redshift emulator: every check has the expected result, and differs without the rule of
//! the emulator that its row names.
//!
//! It does not show that Redshift has these rules.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tokio_postgres::{Config, NoTls};

use super::{bucket, setting};

/// Rules of the emulator without a check.
const UNCHECKED: [(&str, &[&str]); 5] = [
    (
        "they refuse what the emulator cannot translate",
        &[
            "not-emulated",
            "unknown-clause",
            "unknown-date-part",
            "unknown-expression",
            "unknown-function",
            "unknown-parameter",
            "unknown-statement",
            "unknown-type",
        ],
    ),
    ("the emulator is stricter than Redshift", &["copy-manifest-mandatory", "identifier-length", "merge-source"]),
    (
        "PostgreSQL refuses the statement too",
        &[
            "column-limit",
            "copy-columnar-option",
            "system-column",
            "transaction-append",
            "transaction-database",
            "transaction-external-table",
            "transaction-vacuum",
        ],
    ),
    (
        "the Data API cannot violate them, or only with several callers",
        &["client-timeout", "require-ssl", "statement-bytes", "statement-owner"],
    ),
    ("a violation needs files of several megabytes", &["copy-row-size", "super-size"]),
];

/// Fails if a schema, user or role of a check exists.
const NOTHING_IS_LEFT: &str = "DO $$ BEGIN
    ASSERT NOT EXISTS (SELECT FROM pg_namespace WHERE nspname ~ '^conform_'), 'a schema is left';
    ASSERT NOT EXISTS (SELECT FROM pg_roles WHERE rolname ~ '^(IAMR:)?conform_[0-9a-f]{10}'), 'a user or role is left';
END $$";

const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:admin";
const DEFAULT_ROLE: &str = "arn:aws:iam::000000000000:role/copy";

/// A running emulator with a database and a role of the same name.
struct Workgroup {
    emulator: Child,
    url: String,
    database: String,
    bucket: String,
}

fn new_bucket(name: &str) -> String {
    let name = format!("conform-{name}-{}", std::process::id());
    bucket(&[&name]);
    name
}

async fn on_server(database: &str, sql: &str) {
    let mut config: Config = setting("TEST_WAREHOUSE_POSTGRES").parse().expect("a URL");
    let (client, connection) = config.dbname(database).connect(NoTls).await.expect("a connection");
    tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

impl Workgroup {
    async fn new(name: &str, disabled: Option<&str>, bucket: &str) -> Self {
        let name = format!("conform_{}_{}", name.replace('-', "_"), std::process::id());
        on_server("postgres", &format!("CREATE DATABASE {name} TEMPLATE template0")).await;
        let (start, _) = setting("TEST_WAREHOUSE_POSTGRES")
            .rsplit_once('/')
            .map(|(start, end)| (start.to_owned(), end.to_owned()))
            .expect("a URL");
        let program = Path::new(env!("CARGO_BIN_EXE_xtask")).with_file_name("redshift-emulator");
        let mut command = Command::new(&program);
        command.env("EMULATOR_POSTGRES", format!("{start}/{name}")).args(["--workgroup", "w", "--database", &name]);
        command.args(["--identity", &format!("AKIDCONFORM=arn:aws:iam::000000000000:role/{name}")]);
        command.args(["--admin-secret", SECRET, "--copy-role", DEFAULT_ROLE]);
        command.args(["--s3-endpoint", &setting("TEST_S3_ENDPOINT")]);
        command.args(disabled.into_iter().flat_map(|rule| ["--disable-rule", rule]));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut emulator = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let mut line = String::new();
        BufReader::new(emulator.stdout.take().expect("output")).read_line(&mut line).expect("a line");
        let addresses: Value = serde_json::from_str(&line).expect("the addresses");
        let url = addresses["url"].as_str().expect("a URL").to_owned();
        let group = Self { emulator, url, database: name, bucket: bucket.to_owned() };
        // The first request creates the user of the role.
        let grant = format!("GRANT CREATE ON DATABASE {0} TO \"IAMR:{0}\"", group.database);
        let (_, message, _) = group.conform(&["--only", "result-null"]);
        assert!(message.contains(&grant), "{message}");
        on_server(&group.database, &grant).await;
        group
    }

    /// Runs `conform`; returns its exit code, its messages and its output.
    fn conform(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args([
            "conform",
            "--workgroup",
            "w",
            "--database",
            &self.database,
            "--env",
            "dev",
            "--dot-env",
            "/dev/null",
        ]);
        command.args(["--admin-secret", SECRET, "--bucket", &self.bucket]).args(arguments);
        command.env("AWS_ENDPOINT_URL_REDSHIFT_DATA", &self.url).env("AWS_ENDPOINT_URL", setting("TEST_S3_ENDPOINT"));
        command.env("AWS_ACCESS_KEY_ID", "AKIDCONFORM").env("AWS_SECRET_ACCESS_KEY", "test");
        command.env("AWS_DEFAULT_REGION", "eu-west-1").env_remove("AWS_PROFILE");
        let output = command.output().expect("xtask starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code(), text(output.stderr), text(output.stdout))
    }

    /// Stops the emulator. No check has left anything.
    async fn stop(mut self) {
        on_server(&self.database, NOTHING_IS_LEFT).await;
        self.emulator.kill().expect("the emulator is stopped");
        self.emulator.wait().expect("the emulator stops");
        on_server("postgres", &format!("DROP DATABASE {} WITH (FORCE)", self.database)).await;
        on_server("postgres", &format!("DROP ROLE \"IAMR:{}\"", self.database)).await;
    }
}

impl Drop for Workgroup {
    /// A failed test leaves no emulator.
    fn drop(&mut self) {
        let _ = self.emulator.kill();
    }
}

/// The rules of each row with a check.
fn rules() -> BTreeMap<String, Vec<String>> {
    let text = include_str!("../../../conformance/redshift.yaml");
    let tables: BTreeMap<String, Vec<serde_yaml::Value>> = serde_yaml::from_str(text).expect("rows");
    let texts = |value: &serde_yaml::Value| {
        let list = value.as_sequence().into_iter().flatten();
        list.map(|text| text.as_str().expect("text").to_owned()).collect::<Vec<_>>()
    };
    let row = |row: &serde_yaml::Value| (row["id"].as_str().expect("an ID").to_owned(), texts(&row["rules"]));
    tables.values().flatten().map(row).filter(|(_, rules)| !rules.is_empty()).collect()
}

#[tokio::test]
async fn every_check_has_the_expected_result_on_the_emulator() {
    let group = Workgroup::new("all", None, &new_bucket("all")).await;
    let (code, messages, shown) = group.conform(&[]);
    let differs: Vec<&str> = shown.lines().filter(|line| !line.contains(": verified on ")).collect();
    assert!(code == Some(0) && shown.contains(" 0 differ, "), "{messages}\n{}", differs.join("\n"));
    assert!(shown.contains("This is an emulator: nothing was verified on AWS."), "{shown}");
    let (code, messages, _) = group.conform(&["--record", "--only", "result-null"]);
    assert!(code == Some(1) && messages.contains("the results of an emulator cannot be recorded"), "{messages}");
    let (code, messages, _) = group.conform(&["--only", "nothing"]);
    assert!(code == Some(1) && messages.contains("no check has the ID `nothing`"), "{messages}");
    let objects = tempfile::tempdir().expect("a folder");
    bucket(&[&group.bucket, &objects.path().display().to_string()]);
    assert_eq!(std::fs::read_dir(objects.path()).expect("the folder").count(), 0, "an object is left");
    group.stop().await;
}

#[tokio::test]
async fn a_check_differs_without_the_rule_of_the_emulator() {
    let (rules, bucket) = (rules(), new_bucket("rules"));
    let checked: BTreeSet<&str> = rules.values().flatten().map(String::as_str).collect();
    let mut wrong = Vec::new();
    for rule in &checked {
        let group = Workgroup::new(rule, Some(rule), &bucket).await;
        let ids = rules.iter().filter(|(_, rules)| rules.iter().any(|own| own == rule)).map(|(id, _)| id.as_str());
        let arguments: Vec<&str> = ids.flat_map(|id| ["--only", id]).chain(["--json"]).collect();
        let (code, messages, shown) = group.conform(&arguments);
        let outcomes: BTreeMap<String, String> = serde_json::from_str(&shown).unwrap_or_default();
        if code != Some(1)
            || outcomes.is_empty()
            || outcomes.values().any(|outcome| !outcome.starts_with("differs on "))
        {
            wrong.push(format!("{rule}: {code:?} {messages}{shown}"));
        }
        group.stop().await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    // The emulator lists all rules.
    let program = Path::new(env!("CARGO_BIN_EXE_xtask")).with_file_name("redshift-emulator");
    let output =
        Command::new(program).args(["--postgres", "none", "--disable-rule", "none"]).output().expect("it starts");
    let message = String::from_utf8(output.stderr).expect("UTF-8");
    let (_, listed) = message.lines().find_map(|line| line.split_once("the rules are ")).expect("the rules");
    let known: BTreeSet<&str> = listed.split(", ").collect();
    let unchecked = UNCHECKED.iter().flat_map(|(_, rules)| rules.iter().copied());
    assert_eq!(checked.iter().copied().chain(unchecked).collect::<BTreeSet<_>>(), known);
}
