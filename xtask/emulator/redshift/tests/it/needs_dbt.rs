//! An unmodified dbt-redshift against the emulator: TLS, a login with GetCredentials, and two builds of a small project with the
//! platform's profile and macros. `TEST_DBT` is the folder of dbt's programs.
//!
//! The complete project is built by the rehearsal.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use redshift_emulator::identity::{Identities, Identity};
use redshift_emulator::wire::WireSettings;
use redshift_emulator::{Emulator, Settings, User};
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

use super::service::database::Database;

const KEY: &str = "AKIADBT";
const PREPARED: &str = "
CREATE ROLE \"IAMR:dbt\" LOGIN;
";
const LOADED: &str = "
CREATE SCHEMA spacex;
CREATE SCHEMA analytics AUTHORIZATION \"IAMR:dbt\";
CREATE TABLE spacex.flights (flight varchar(20), rocket varchar(20), flown_at timestamp, tags super, loaded_at timestamp);
INSERT INTO spacex.flights VALUES
    ('a', 'one', '2022-01-01', '[]', getdate()), ('b', 'one', '2022-01-03', '[1, 2]', getdate()),
    ('c', 'two', '2022-02-01', NULL, getdate());
GRANT USAGE ON SCHEMA spacex TO \"IAMR:dbt\";
GRANT SELECT ON spacex.flights TO \"IAMR:dbt\";
";
/// The system views that the platform lets dbt read, one in each line: a generated file.
const GRANTED: &str = "../../src/warehouse/read_by_dbt.txt";

struct Bench {
    emulator: Emulator,
    database: Database,
    /// The project, dbt's output and the CA's certificate.
    folder: TempDir,
}

/// What dbt printed, and whether it succeeded.
struct Ran(bool, String);

impl Bench {
    fn new() -> Self {
        Self::with(|_| ())
    }

    fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let database = Database::fresh();
        let mut settings = Settings::new(database.url(), "workgroup", &name(&database), User::Admin);
        let identity = Identity::of_arn("arn:aws:iam::000000000000:role/dbt").expect("an identity");
        settings.identities = Identities::Keys([(KEY.to_owned(), identity)].into());
        settings.wire = Some(WireSettings::default());
        change(&mut settings);
        let emulator = Emulator::start(settings).unwrap_or_else(|error| panic!("{error:#}"));
        // The role may exist on the server already.
        database.run(&format!(
            "DO $$ BEGIN {PREPARED} EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        ));
        database.run(LOADED);
        for view in granted().lines() {
            database.run(&grant(view));
        }
        let folder = tempfile::tempdir().expect("a folder");
        let (_, ca) = emulator.wire().expect("the endpoint");
        std::fs::write(folder.path().join("ca.pem"), ca).expect("a file");
        copy(&here().join("tests/it/needs_dbt/project"), &folder.path().join("project"));
        std::fs::copy(platform().join("profiles.yml"), folder.path().join("project/profiles.yml")).expect("a profile");
        Self { emulator, database, folder }
    }

    /// Runs dbt as the container of the job does, with these arguments.
    fn dbt(&self, arguments: &[&str]) -> Ran {
        let output = self
            .python(&programs().join("dbt"))
            .args(["--no-use-colors"])
            .args(arguments)
            .output()
            .expect("dbt starts");
        Ran(output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Returns a Python program with the environment of the job.
    fn python(&self, program: &Path) -> Command {
        let (address, _) = self.emulator.wire().expect("the endpoint");
        let folder = self.folder.path();
        let mut command = Command::new(programs().join("python"));
        command.arg(program).env_clear();
        command.current_dir(folder.join("project")).env("PATH", "/usr/bin:/bin").env("HOME", folder);
        command.env("PYTHONPATH", here().join("python")).env("SSL_CERT_FILE", folder.join("ca.pem"));
        command.env("AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS", self.emulator.url()).env("AWS_DEFAULT_REGION", "eu-west-1");
        command.env("AWS_ACCESS_KEY_ID", KEY).env("AWS_SECRET_ACCESS_KEY", "secret").env("LANG", "C.UTF-8");
        command
            .env("DBT_TARGET", "dev")
            .env("DBT_PORT", address.port().to_string())
            .env("DBT_MACROS", platform().join("macros"));
        command.env("DBT_HOST", "workgroup.000000000000.eu-west-1.redshift-serverless.amazonaws.com");
        command.env("DBT_DATABASE", name(&self.database)).env("DBT_PROFILES_DIR", ".");
        command
    }

    #[track_caller]
    fn succeeds(&self, arguments: &[&str]) {
        let Ran(success, text) = self.dbt(arguments);
        assert!(success, "{text}\n{:#?}", self.emulator.journal().events());
    }

    /// Runs dbt, which must fail with this in its output.
    #[track_caller]
    fn fails(&self, arguments: &[&str], expected: &str) {
        let Ran(success, text) = self.dbt(arguments);
        assert!(!success && text.contains(expected), "expected `{expected}`:\n{text}");
    }

    /// Replaces a part of a file of the project.
    fn change(&self, file: &str, old: &str, new: &str) {
        let file = self.folder.path().join("project").join(file);
        let text = std::fs::read_to_string(&file).expect("a file");
        assert!(text.contains(old), "{old} is not in {text}");
        std::fs::write(file, text.replace(old, new)).expect("a file");
    }

    /// Returns the rows of a relation as JSON, without the emulator.
    fn rows(&self, relation: &str) -> Vec<String> {
        self.database.texts(&format!("SELECT to_jsonb(r)::text FROM {relation} AS r ORDER BY 1"))
    }

    /// Takes the grants on system views back.
    fn revoke(&self) {
        for view in granted().lines() {
            self.database.run(&format!("REVOKE SELECT ON {view} FROM \"IAMR:dbt\""));
        }
    }

    fn rules(&self) -> Vec<String> {
        self.emulator.journal().events().into_iter().map(|event| event.rule).collect()
    }
}

/// Returns the folder of dbt's programs.
fn programs() -> PathBuf {
    let programs = std::env::var("TEST_DBT");
    programs.expect("this test needs TEST_DBT, the folder of dbt's programs: run it with `cargo xtask test`").into()
}

fn name(database: &Database) -> String {
    Url::parse(&database.url()).expect("a URL").path().trim_start_matches('/').to_owned()
}

fn granted() -> String {
    std::fs::read_to_string(here().join(GRANTED)).unwrap_or_default()
}

fn grant(view: &str) -> String {
    format!("GRANT SELECT ON {view} TO \"IAMR:dbt\"")
}

fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The platform's dbt project.
fn platform() -> PathBuf {
    here().join("../../../dbt")
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a file");
        }
    }
}

const BUILD: &[&str] = &["build", "--exclude-resource-type", "unit_test"];
const FULL_BUILD: &[&str] = &["build", "--exclude-resource-type", "unit_test", "--full-refresh"];

#[test]
fn a_project_is_built_twice_documented_and_rebuilt() {
    let bench = Bench::new();
    bench.succeeds(&["debug"]);
    bench.succeeds(BUILD);
    let comments = "SELECT concat_ws('.', relname, attname) FROM pg_description JOIN pg_class AS c ON c.oid = objoid \
        LEFT JOIN pg_attribute ON attrelid = c.oid AND attnum = objsubid AND attnum > 0 \
        WHERE relnamespace = 'analytics'::regnamespace ORDER BY 1";
    let commented = ["per_rocket", "per_rocket.days", "per_rocket.flight_count", "per_rocket.flights"];
    let commented = [&commented[..], &["per_rocket.rocket", "stg_flights"]].concat();
    assert_eq!(bench.database.texts(comments), commented);
    // A changed expression, and an added, a removed and a retyped column.
    bench.change("models/per_rocket.sql", "text_list('flight')", "text_list('upper(flight)')");
    bench.change("models/per_rocket.sql", "as days", "as added");
    bench.change("models/per_rocket.sql", "count(*)", "cast(count(*) as varchar(9))");
    bench.change("models/models.yml", "name: days, data_type", "name: added, data_type");
    bench.change("models/models.yml", "data_type: bigint", "data_type: varchar(9)");
    bench.change(
        "models/mv_by_rocket.sql",
        "auto_refresh=true, dist='all'",
        "auto_refresh=false, dist='rocket', sort='rocket'",
    );
    bench.database.run(
        "UPDATE spacex.flights SET rocket = 'two' WHERE flight = 'b'; DELETE FROM spacex.flights WHERE flight = 'c'",
    );
    bench.succeeds(BUILD);
    let row = |rocket: &str, flight: &str| {
        format!(r#"{{"added": 0.00, "rocket": "{rocket}", "flights": "{flight}", "flight_count": "1"}}"#)
    };
    assert_eq!(bench.rows("analytics.per_rocket"), [row("one", "A"), row("two", "B")]);
    bench.succeeds(&["docs", "generate"]);
    bench.succeeds(&["source", "freshness"]);
    bench.succeeds(FULL_BUILD);
    assert_eq!(bench.rules(), Vec::<String>::new());
}

/// The names are those of the outputs of `copy`: a place of Redshift Serverless has its workgroup and region.
#[test]
fn lineage_has_the_names_of_the_jobs() {
    let bench = Bench::new();
    bench.succeeds(BUILD);
    let (address, _) = bench.emulator.wire().expect("the endpoint");
    let (target, file) = (bench.folder.path().join("project/target"), bench.folder.path().join("events.jsonl"));
    let results = File::open(target.join("run_results.json")).expect("dbt's results");
    let ran = bench.python(&platform().join("lineage.py")).arg(target).arg(&file).stdin(results).output();
    let ran = ran.expect("Python");
    assert!(ran.status.success() && ran.stderr.is_empty(), "{ran:?}");
    let text = std::fs::read_to_string(file).expect("the events");
    let events = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let of = |event: &Value, job: &str| event["job"]["name"].as_str().is_some_and(|name| name.contains(job));
    let events: Vec<Value> = events.filter(|event| event["eventType"] == "COMPLETE").collect();
    let event = |job: &str| events.iter().find(|event| of(event, job)).expect("the event of a model");
    let (namespace, database) = (format!("redshift://workgroup.eu-west-1:{}", address.port()), name(&bench.database));
    let staging = event(".stg_flights.build.run");
    let from = &staging["inputs"][0];
    assert_eq!((&from["namespace"], &from["name"]), (&json!(namespace), &json!(format!("{database}.spacex.flights"))));
    let mart = event(".per_rocket.build.run");
    assert_eq!(mart["inputs"][0]["name"], staging["outputs"][0]["name"]);
    let columns = &mart["outputs"][0]["facets"]["columnLineage"]["fields"];
    assert_eq!(columns["flights"]["inputFields"][0]["field"], "flight", "{columns}");
}

/// Redshift runs LISTAGG only on tables, and unit tests replace tables by constants.
#[test]
fn a_unit_test_of_listagg_is_refused() {
    let rule = "compute-node-function";
    let bench = Bench::new();
    bench.fails(&["build"], &format!("[rule {rule}]"));
    assert_eq!(bench.rules(), [rule]);
    let bench = Bench::with(|settings| settings.engine.disabled.0.extend([rule.to_owned()]));
    bench.succeeds(&["build"]);
}

/// Starting without grants, each refusal shows one view that dbt reads: the second build describes the materialized view that
/// exists. `UPDATE=1` writes the file of the views that the platform grants.
#[test]
fn the_grants_are_those_that_dbt_needs() {
    let rule = "superuser-system-view";
    let bench = Bench::new();
    bench.revoke();
    let mut needed = BTreeSet::new();
    for command in [BUILD, BUILD, FULL_BUILD, &["docs", "generate"], &["source", "freshness"]] {
        while let Ran(false, text) = bench.dbt(command) {
            assert!(text.contains(&format!("[rule {rule}]")), "{text}");
            let events = bench.emulator.journal().events();
            let relation = |text: &str| Some(text.split_once("for relation ")?.1.split_once(' ')?.0.to_owned());
            let view = events.last().and_then(|event| relation(&event.message)).expect("the name of a view");
            bench.database.run(&grant(&view));
            assert!(needed.insert(view), "{text}");
        }
    }
    let needed: String = needed.into_iter().map(|view| view + "\n").collect();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(here().join(GRANTED), &needed).expect("a file");
    }
    assert_eq!(needed, granted());
}

#[test]
fn with_the_rule_switched_off_dbt_needs_no_grants() {
    let bench = Bench::with(|settings| settings.engine.disabled.0.extend(["superuser-system-view".to_owned()]));
    bench.revoke();
    bench.succeeds(BUILD);
    bench.succeeds(BUILD);
}

/// `connect_timeout` is the timeout of the socket for every statement.
#[test]
fn a_statement_that_takes_longer_than_connect_timeout_is_lost() {
    let slow = |settings: &mut Settings| {
        let slow_statement = Some(("table \"".to_owned(), Duration::from_secs(4)));
        settings.wire = Some(WireSettings { slow_statement, ..WireSettings::default() });
    };
    let bench = Bench::with(slow);
    bench.succeeds(BUILD);
    let bench = Bench::with(slow);
    bench.change("profiles.yml", "retries: 3\n", "retries: 3\n      connect_timeout: 2\n");
    bench.fails(BUILD, "The read operation timed out");
    assert_eq!(bench.rules(), ["client-timeout"]);
}
