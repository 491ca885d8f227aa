//! `cargo xtask warehouse-init` prepares an empty database: IAM roles can load into it and read from it, and have no
//! other permissions.

use std::process::{Command, Output};

use connect::data_api::DataApi;
use jobs::flows::copy::Outcome;
use redshift_emulator::User;
use redshift_emulator::identity::{Identities, Identity};
use serde_json::Value;

use super::{Rig, client};
use crate::support::database::{Role, Session};
use crate::support::workgroup::{DATABASE, WORKGROUP, settings, start};
use crate::support::zoo::Zoo;

const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:admin";

/// An empty database behind the Data API, and the names of the IAM roles. Each test uses different names, because users
/// belong to the whole server.
struct Account {
    rig: Rig,
    loader: String,
    transformer: String,
    analyst: String,
    developer: String,
}

impl Account {
    fn new(test: &str) -> Self {
        let zoo = Zoo::stocked().unprepared();
        let [loader, transformer, analyst, developer] =
            ["ingestion", "dbt", "analyst", "Dev"].map(|job| format!("{test}-{job}-{}", std::process::id()));
        let database = zoo.database();
        let mut settings = settings(database, Role::Postgres, false);
        let role = format!("arn:aws:iam::000000000000:role/{loader}");
        settings.identities = Identities::Everyone(Identity::of_arn(&role).expect("the ARN of a role"));
        settings.data_api.secrets.insert(SECRET.to_owned(), User::Admin);
        Self { rig: Rig::before(zoo, start(settings)), loader, transformer, analyst, developer }
    }

    /// Runs `cargo xtask warehouse-init`.
    fn init(&self, more: &[&str]) -> Output {
        self.init_with(SECRET, more)
    }

    fn init_with(&self, secret: &str, more: &[&str]) -> Output {
        let Some(xtask) = std::env::var_os("TEST_XTASK") else {
            panic!("this test needs TEST_XTASK, the path of `xtask`: run it with `cargo xtask test`");
        };
        let mut command = Command::new(xtask);
        command.args(["warehouse-init", "redshift://zoo-workgroup/zoo", "--admin-secret", secret]);
        command.args(["--loader", &self.loader, "--transformer", &self.transformer, "--reader", &self.analyst]);
        command.args(["--developer", &self.developer]);
        command.arg("--contract").arg(self.rig.zoo.contract()).args(more);
        command.env_clear().env("AWS_ENDPOINT_URL", self.rig.api.url()).env("AWS_DEFAULT_REGION", "eu-west-1");
        command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
        command.output().expect("xtask starts")
    }

    #[track_caller]
    fn statements(&self, more: &[&str]) -> Vec<String> {
        let output = self.init(&[more, &["--json"]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let printed: Value = serde_json::from_slice(&output.stdout).expect("one JSON value");
        let statements = printed["statements"].as_array().expect("statements").iter();
        statements.map(|sql| sql.as_str().expect("text").to_owned()).collect()
    }

    fn enter(&self, role: &str) -> Session {
        let session = self.rig.zoo.database().enter(Role::Postgres);
        session.run(&format!("SET SESSION AUTHORIZATION \"IAMR:{role}\""));
        session
    }
}

#[test]
fn an_empty_database_is_prepared_once_and_a_second_time_changes_nothing() {
    let account = Account::new("whole");
    let database = account.rig.zoo.database();
    account.rig.transform("r1");
    let error = format!("{:#}", account.rig.load("r1").expect_err("nothing is prepared"));
    assert!(error.contains("etl.runs"), "{error}");

    let planned = account.statements(&["--dry-run"]);
    assert!(database.session(Role::Postgres).texts("SELECT 1 FROM pg_namespace WHERE nspname = 'etl'").is_empty());
    assert_eq!(account.statements(&[]), planned);
    account.rig.commits("r1");
    assert_eq!(account.rig.load("r1").expect("a load").outcome, Outcome::AlreadyCommitted);

    // The second time, no user, role or membership is created, and the rows are unchanged.
    let before = database.versions("zoo");
    let again = account.statements(&[]);
    assert!(again.len() < planned.len());
    assert!(again.iter().all(|sql| !sql.starts_with("CREATE USER") && !sql.contains("ROLE loader TO")), "{again:#?}");
    assert_eq!(database.versions("zoo"), before);
    account.rig.transform("r2");
    account.rig.commits("r2");

    // The query in the README of dbt, for columns without a description.
    let readme = include_str!("../../../../dbt/README.md");
    let query = readme.split_once("```sql\n").and_then(|(_, rest)| rest.split_once("```")).expect("a query").0;
    let query = query.replace("'spacex'", "'zoo'");
    let api = DataApi::new(client(account.rig.api.url()), WORKGROUP, DATABASE, None);
    let undescribed = || {
        let finished = account.rig.runtime.block_on(api.run(&[&query])).expect("a response").expect("a query");
        let mut rows = account.rig.runtime.block_on(api.rows(&finished)).expect("rows");
        rows.sort();
        rows
    };
    assert_eq!(undescribed(), [[""; 0]; 0]);
    let session = database.session(Role::Postgres);
    session.run("COMMENT ON COLUMN etl.attempts.token IS NULL; COMMENT ON COLUMN zoo.animals._run_id IS NULL");
    assert_eq!(undescribed(), [["etl", "attempts", "token"], ["zoo", "animals", "_run_id"]]);
}

#[test]
fn each_role_has_only_the_permissions_that_it_needs() {
    let account = Account::new("least");
    account.statements(&[]);
    account.rig.transform("r1");
    account.rig.commits("r1");
    let (transformer, analyst) = (account.enter(&account.transformer), account.enter(&account.analyst));
    transformer.run("CREATE TABLE analytics.mart AS SELECT * FROM zoo.animals");
    for session in [&transformer, &analyst] {
        assert!(session.number("SELECT count(*) FROM zoo.animals") > 0);
        assert!(session.number("SELECT count(*) FROM etl.runs") > 0);
        assert!(session.number("SELECT count(*) FROM analytics.mart") > 0);
        for sql in [
            "DELETE FROM zoo.animals",
            "UPDATE etl.heads SET seq = 0",
            "CREATE TABLE zoo.more (n int)",
            "CREATE TABLE staging_zoo.more (n int)",
            "DO $$ BEGIN LOCK etl.load_lock; END $$",
        ] {
            let message = session.query(sql).expect_err(sql);
            assert!(message.contains("permission denied"), "{sql}: {message}");
        }
    }
    assert!(analyst.query("CREATE TABLE analytics.more (n int)").is_err());
    // dbt-redshift uses them to describe an existing materialized view.
    for view in ["svv_table_info", "svv_mv_info"] {
        transformer.run(&format!("SELECT 1 FROM {view}"));
        assert!(analyst.query(&format!("SELECT 1 FROM {view}")).is_err());
    }
    // For the report.
    let loader = account.enter(&account.loader);
    assert!(loader.number("SELECT count(*) FROM analytics.mart") > 0);
    for sql in
        ["DELETE FROM analytics.mart", "CREATE TABLE analytics.more (n int)", "SELECT 1 FROM analytics_staging.any"]
    {
        let message = loader.query(sql).expect_err(sql);
        assert!(message.contains("permission denied"), "{sql}: {message}");
    }
}

#[test]
fn a_developer_reads_production_and_builds_in_schemas_of_their_own() {
    let account = Account::new("layers");
    account.statements(&[]);
    account.rig.transform("r1");
    account.rig.commits("r1");
    let [transformer, analyst, developer] =
        [&account.transformer, &account.analyst, &account.developer].map(|role| account.enter(role));
    transformer.run("CREATE VIEW analytics_staging.stg_animals AS SELECT * FROM zoo.animals");
    transformer.run("CREATE TABLE analytics.animals AS SELECT * FROM analytics_staging.stg_animals");
    let own = format!("dev_{}", account.developer.to_lowercase().replace('-', "_"));
    developer.run(&format!("CREATE VIEW {own}_staging.stg_animals AS SELECT * FROM analytics_staging.stg_animals"));
    developer.run(&format!("CREATE TABLE {own}.animals AS SELECT * FROM {own}_staging.stg_animals"));
    assert!(analyst.number("SELECT count(*) FROM analytics.animals") > 0);
    let refused = |session: &Session, sql: &str| {
        let message = session.query(sql).expect_err(sql);
        assert!(message.contains("permission denied"), "{sql}: {message}");
    };
    refused(&analyst, "SELECT 1 FROM analytics_staging.stg_animals");
    refused(&analyst, &format!("SELECT 1 FROM {own}.animals"));
    refused(&transformer, "CREATE SCHEMA dev_more");
    refused(&developer, "CREATE SCHEMA dev_more");
    refused(&developer, "CREATE TABLE analytics.more (n int)");
    refused(&developer, "CREATE VIEW analytics_staging.more AS SELECT 1 AS n");
}

#[test]
fn views_of_layers_in_the_schema_of_the_marts_are_dropped() {
    let account = Account::new("misplaced");
    account.statements(&[]);
    let transformer = account.enter(&account.transformer);
    for view in ["stg_old", "int_old", "own"] {
        transformer.run(&format!("CREATE VIEW analytics.{view} AS SELECT 1 AS n"));
    }
    account.statements(&[]);
    assert!(account.statements(&[]).iter().all(|sql| !sql.starts_with("DROP")));
    let left = "SELECT viewname FROM pg_views WHERE schemaname = 'analytics'";
    assert_eq!(account.rig.zoo.database().session(Role::Postgres).texts(left), ["own"]);
}

#[test]
fn invalid_requests_give_one_error_and_change_nothing() {
    let account = Account::new("wrong");
    let message = |output: Output| {
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let other = message(account.init_with(&SECRET.replace("admin", "other"), &[]));
    assert!(
        other.contains("the secret does not exist") && other.contains("hint: check the workgroup, database and secret"),
        "{other}"
    );
    account.rig.api.refuses("SELECT 'role'");
    let refused = message(account.init(&[]));
    assert!(refused.contains("refused on demand") && refused.contains("svv_roles"), "{refused}");
    let session = account.rig.zoo.database().session(Role::Postgres);
    assert!(session.texts("SELECT 1 FROM pg_namespace WHERE nspname = 'etl'").is_empty());
}
