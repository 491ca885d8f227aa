//! The Redshift driver with the Redshift emulator, whose files state what it does not verify.

mod any_contract;
mod bootstrap;
mod contract_changed;
mod every_table;
mod forget;
mod incremental;
mod many_tables;
mod needs_time;
mod repeated_keys;
mod report;

pub use needs_time::api_faults;

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Result;
use aws_sdk_redshiftdata::Client;
use aws_sdk_redshiftdata::config::retry::RetryConfig;
use aws_sdk_redshiftdata::config::{BehaviorVersion, Config, Credentials, Region};
use contract::{Contract, RunId};
use jobs::cli::{self, Log};
use jobs::edge::clock;
use jobs::edge::lake::Lake;
use jobs::edge::warehouse::Redshift;
use jobs::failure::{exit_of, hint_of};
use jobs::flows::copy::{self, Outcome, Report, copy};
use jobs::flows::transform::{self, Origin, Transformation};
use jobs::incremental::Choice;
use jobs::load::Ledger;
use redshift_emulator::{Emulator, Fault};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

use crate::support::database::{Database, Role, WAITING};
use crate::support::workgroup::{self, workgroup};
use crate::support::zoo::{Zoo, animals, stock};
use crate::support::{file_url, wait_until};

/// A zoo whose warehouse is used through the Data API; both jobs run in this process.
pub struct Rig {
    pub zoo: Zoo,
    pub api: Emulator,
    contract: Contract,
    collections: Vec<String>,
    runtime: Runtime,
    attempts: Cell<u32>,
    /// The lake of the next attempts.
    pub lake: RefCell<Lake>,
    /// The reason to accept an implausible load.
    pub accept: RefCell<Option<String>>,
}

impl Rig {
    pub fn new(zoo: Zoo) -> Self {
        Self::entered(zoo, Role::Loader, false)
    }

    pub fn entered(zoo: Zoo, role: Role, snapshot_first: bool) -> Self {
        let api = workgroup(zoo.database(), role, snapshot_first);
        Self::before(zoo, api)
    }

    pub fn before(zoo: Zoo, api: Emulator) -> Self {
        let text = std::fs::read_to_string(zoo.contract()).expect("the contract");
        let contract = Contract::parse(&text, "zoo.yaml").expect("a sound contract");
        let collections = contract.collections.keys().cloned().collect();
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let lake = RefCell::new(Lake::open(&zoo.lake.url(), true, None).expect("a lake"));
        Self { zoo, api, contract, collections, runtime, attempts: Cell::new(0), lake, accept: RefCell::default() }
    }

    /// Restricts all further runs to these collections, separated by commas.
    pub fn only(mut self, collections: &str) -> Self {
        self.collections = collections.split(',').map(str::to_owned).collect();
        self
    }

    fn attempt(&self) -> String {
        self.attempts.set(self.attempts.get() + 1);
        format!("20260105T093000Z-{:06}", self.attempts.get())
    }

    fn lake(&self) -> Lake {
        self.lake.borrow().clone()
    }

    #[track_caller]
    pub fn transform(&self, run: &str) -> Value {
        self.try_transform(run).unwrap_or_else(|error| panic!("{run}: {error:#}"))
    }

    /// Runs one attempt of `transformation`.
    pub fn try_transform(&self, run: &str) -> Result<Value> {
        let job = transform::Job {
            contract: self.contract.clone(),
            run: id(run),
            attempt: self.attempt(),
            collections: self.collections.clone(),
            at_once: 4,
            retries: 0,
            first_wait: Duration::ZERO,
            verifies: false,
            choice: Choice::Changes,
            hash_key: None,
        };
        let source = Lake::open(&file_url(&self.zoo.source()), false, None).expect("a source");
        let work =
            Transformation::new(job, Origin::Files(source), self.lake(), Ledger::default(), cli::bars(Log::Json));
        self.runtime.block_on(async {
            let report = work.run().await;
            work.clean_up().await;
            Ok(serde_json::to_value(report?)?)
        })
    }

    async fn copy(&self, run: &str) -> Result<Report> {
        let job = copy::Job {
            contract: &self.contract,
            run: id(run),
            attempt: self.attempt(),
            loaded_at: clock::rfc3339(clock::now()),
            collections: self.collections.iter().map(String::as_str).collect(),
            accept: self.accept.borrow().clone(),
            accept_with: "copy --accept 'REASON'".to_owned(),
            first_wait: Duration::from_millis(1),
        };
        let client = client(self.api.url());
        let warehouse = Redshift::with(client, workgroup::WORKGROUP, workgroup::DATABASE, "default");
        let mut warehouse = warehouse.first_wait(job.first_wait);
        copy(&job, &self.lake(), &mut warehouse).await
    }

    /// Runs one attempt of `copy`.
    pub fn load(&self, run: &str) -> Result<Report> {
        self.runtime.block_on(self.copy(run))
    }

    /// Runs several attempts in parallel, one for each of these runs.
    pub fn load_at_once(&self, runs: &[&str]) -> Vec<Result<Report>> {
        self.runtime.block_on(futures_util::future::join_all(runs.iter().map(|run| self.copy(run))))
    }

    /// Runs an attempt that is killed at the request with this number, after the service received it (`arrives`) or
    /// before; returns whether this request was sent. Statements that have started in the warehouse continue.
    pub fn load_and_die(&self, run: &str, at: usize, arrives: bool) -> bool {
        let death = Arc::new(Notify::new());
        let strikes = Arc::clone(&death);
        self.api.meets(move |number, _| match number == at {
            true => {
                strikes.notify_one();
                if arrives { Fault::LoseResponse } else { Fault::LoseRequest }
            }
            false => Fault::None,
        });
        let died = self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = death.notified() => true,
                _ = self.copy(run) => false,
            }
        });
        self.api.meets(|_, _| Fault::None);
        died
    }

    #[track_caller]
    pub fn commits(&self, run: &str) -> Report {
        let report = self.load(run).unwrap_or_else(|error| panic!("{run}: {error:#}"));
        assert_eq!(report.outcome, Outcome::Committed, "{run}");
        report
    }

    /// Checks that the head is this run, loaded once, and that the tables contain exactly these animals.
    #[track_caller]
    pub fn holds(&self, run: &str, expected: &[(u32, &str)]) {
        let session = self.zoo.database().session(Role::Postgres);
        let asked = session.texts(
            "SELECT concat_ws(' ', count(*), max(seq), (SELECT max(seq) FROM etl.heads WHERE source = 'zoo'), \
             (SELECT run_id FROM etl.runs ORDER BY seq DESC LIMIT 1), count(DISTINCT run_id)) FROM etl.runs",
        );
        let runs = session.number("SELECT count(*) FROM etl.runs");
        assert_eq!(asked, [format!("{runs} {runs} {runs} {run} {runs}")], "the ledger");
        let rows = session.texts("SELECT id || ' ' || name FROM zoo.animals WHERE _deleted_at IS NULL ORDER BY id");
        let expected: Vec<String> = expected.iter().map(|(id, name)| format!("{id} {name}")).collect();
        assert_eq!(rows, expected, "the animals");
        assert_eq!(session.number("SELECT count(*) - count(DISTINCT id) FROM zoo.animals"), 0, "each key once");
    }
}

/// Holds the load lock until this number of loads wait for it: then all of them have computed their changes on the same
/// head.
fn hold_until_waiting(database: &Database, loads: i64) -> JoinHandle<()> {
    let (holder, watcher) = (database.enter(Role::Postgres), database.enter(Role::Postgres));
    holder.run("BEGIN; LOCK etl.load_lock");
    std::thread::spawn(move || {
        wait_until(&format!("{loads} loads wait for the lock"), || watcher.number(WAITING) == loads);
        drop(holder);
    })
}

fn id(run: &str) -> RunId {
    run.parse().expect("a run id")
}

pub fn client(url: &str) -> Client {
    let retries = RetryConfig::standard().with_max_attempts(6).with_initial_backoff(Duration::from_millis(1));
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(url)
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(retries.with_max_backoff(Duration::from_millis(5)));
    Client::from_conf(config.build())
}

#[test]
fn the_loaded_rows_are_the_same_as_through_the_postgresql_protocol() {
    let (rig, other) = (Rig::new(Zoo::stocked()), Zoo::stocked());
    rig.transform("r1");
    let report = rig.commits("r1");
    let second = other.load("r1");
    let mut own = serde_json::to_value(&report).expect("JSON");
    for report in [&mut own, &mut second.clone()] {
        report.as_object_mut().expect("a report").retain(|key, _| key == "tables");
    }
    assert_eq!(own["tables"], second["tables"]);
    for table in ["animals", "animal_meals", "animal_nicknames", "keepers", "tickets", "about"] {
        let sql = format!("SELECT to_jsonb(t) - '_loaded_at' AS row FROM zoo.{table} AS t ORDER BY _row_hash");
        let rows = |zoo: &Zoo| zoo.database().session(Role::Loader).objects(&sql);
        assert!(!rows(&other).is_empty(), "{table}");
        assert_eq!(rows(&rig.zoo), rows(&other), "{table}");
    }
    assert!(rig.zoo.database().versions("staging_zoo").is_empty(), "its own tables are dropped");
}

/// A VARCHAR would hold 65,535 bytes; a single string in JSON still has this limit.
#[test]
fn json_of_two_megabytes_is_loaded_unchanged() {
    let zoo = Zoo::stocked();
    let tags = json!([vec!["x".repeat(65_535); 30], {"quote \" and \\": "\n\t/ é 🚀 \u{1}"}]);
    zoo.set("animals", &json!([{"id": 1, "name": "Ada", "tags": tags, "colour": {"path": "C:\\x41"}}]));
    let rig = Rig::new(zoo).only("animals");
    rig.transform("r1");
    rig.commits("r1");
    let rows = rig.zoo.objects("SELECT tags, _extra FROM zoo.animals");
    assert_eq!(rows, [json!({"tags": tags, "_extra": {"colour": {"path": "C:\\x41"}}})]);
}

#[test]
fn changes_deletions_and_repetitions_are_applied_and_reported() {
    let rig = Rig::new(Zoo::stocked()).only("animals");
    for (run, names) in
        [("r1", vec![(1, "Ada"), (2, "Bo")]), ("r2", vec![(1, "Ida"), (3, "Cy")]), ("r3", vec![(1, "Ida"), (3, "Cy")])]
    {
        rig.zoo.set("animals", &animals(&names));
        rig.transform(run);
        rig.commits(run);
        rig.holds(run, &names);
    }
    let report = rig.load("r2").expect("a superseded run is not a failure");
    assert_eq!((report.outcome, report.superseded_by), (Outcome::Superseded, Some(id("r3"))));
    assert_eq!(rig.load("r3").expect("a committed run").outcome, Outcome::AlreadyCommitted);
    rig.holds("r3", &[(1, "Ida"), (3, "Cy")]);
}

#[test]
fn most_statements_need_one_call() {
    let rig = Rig::new(Zoo::stocked());
    rig.transform("r1");
    rig.commits("r1");
    rig.transform("r2");
    rig.api.operations();
    rig.commits("r2");
    let operations = rig.api.operations();
    let number = |operation: &str| operations.iter().filter(|name| *name == operation).count();
    // The ledger, the new staging tables, the deltas and two of the four calls that copy: each statement commits by itself.
    assert_eq!((number("BatchExecuteStatement"), number("DescribeStatement")), (6, 5), "{operations:?}");
}

#[test]
fn a_contract_that_grows_adds_columns_and_widens_text() {
    let rig = Rig::new(Zoo::stocked()).only("keepers");
    rig.transform("r1");
    rig.commits("r1");
    let Rig { zoo, .. } = rig;
    zoo.amend("name: {type: string(32)", "name: {type: string(80)");
    let rig = Rig::new(zoo).only("keepers");
    rig.transform("r2");
    rig.commits("r2");
    let sql = "SELECT character_maximum_length FROM svv_columns WHERE table_name = 'keepers' AND column_name = 'name'";
    assert_eq!(rig.zoo.database().session(Role::Postgres).number(sql), 80);
}

#[test]
fn a_role_without_grants_gets_an_error_that_names_them() {
    let rig = Rig::entered(Zoo::stocked(), Role::Transformer, false);
    rig.transform("r1");
    let error = rig.load("r1").expect_err("no grants");
    assert!(format!("{error:#}").contains("permission denied"), "{error:#}");
    assert!(hint_of(&error).is_some_and(|hint| hint.contains("grants")), "{:?}", hint_of(&error));
    assert_eq!(exit_of(&error), contract::Exit::Failed);
}

#[test]
fn a_target_changed_by_hand_stops_the_load_which_is_rolled_back() {
    let rig = Rig::new(Zoo::stocked()).only("animals");
    rig.transform("r1");
    rig.commits("r1");
    // A second row with the same key: Redshift does not enforce keys.
    let loader = rig.zoo.database().session(Role::Loader);
    loader.run("INSERT INTO zoo.animals SELECT * FROM zoo.animals WHERE id = 1");
    rig.zoo.set("animals", &animals(&[(1, "Ida")]));
    rig.transform("r2");
    let error = rig.load("r2").expect_err("two rows of one key");
    let message = format!("{error:#}");
    assert_eq!(message, "duplicate keys in `zoo.animals`: 1");
    assert!(hint_of(&error).is_some_and(|hint| hint.contains("modified manually")), "{:?}", hint_of(&error));
    assert!(!rig.api.statements().iter().any(|sql| sql.starts_with("MERGE ") && sql.contains("r2")));
    assert_eq!(rig.zoo.ledger(), ["1 r1"]);
    assert_eq!(rig.zoo.objects("SELECT DISTINCT name FROM zoo.animals WHERE id = 1"), [json!({"name": "Ada"})]);
}

/// Another program makes a column of a new staging table too narrow.
const NARROWED: &str = "
CREATE FUNCTION narrow() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE created text;
BEGIN
    FOR created IN SELECT object_identity FROM pg_event_trigger_ddl_commands() LOOP
        IF created LIKE 'staging\\_zoo.animals\\_\\_s%' THEN
            EXECUTE 'ALTER TABLE ' || created || ' ALTER name TYPE varchar(2)';
        END IF;
    END LOOP;
END $$;
CREATE EVENT TRIGGER narrow ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION narrow();
";

#[test]
fn a_failed_copy_is_reported_with_the_warehouses_details_about_the_file() {
    let rig = Rig::new(Zoo::stocked()).only("animals");
    rig.transform("r1");
    rig.zoo.database().session(Role::Postgres).run(NARROWED);
    let message = format!("{:#}", rig.load("r1").expect_err("a COPY that fails"));
    for expected in
        ["cannot copy into the staging table for animals", ".parquet: name: ", "longer than the length defined"]
    {
        assert!(message.contains(expected), "{message}");
    }
    assert!(rig.zoo.ledger().is_empty());
}

#[test]
fn leftovers_are_dropped_only_after_their_lease_has_expired() {
    let rig = Rig::new(Zoo::stocked()).only("animals");
    rig.transform("r1");
    assert!(rig.load_and_die("r1", 24, true), "a load has more requests than that");
    rig.api.until_idle();
    let left = |rig: &Rig| rig.zoo.database().versions("staging_zoo").len();
    let dead = left(&rig);
    assert!(dead > 0);
    rig.commits("r1");
    assert_eq!(left(&rig), dead, "for all that is known, the first attempt still runs");
    rig.zoo.database().session(Role::Loader).run("UPDATE etl.attempts SET expires_at = getdate()");
    assert_eq!(rig.load("r1").expect("committed before").outcome, Outcome::AlreadyCommitted);
    rig.zoo.set("animals", &stock()[0].1);
    rig.transform("r2");
    rig.commits("r2");
    assert_eq!(left(&rig), 0);
}

/// Tables are listed before the leases are read, so the lease of every listed table is found.
#[test]
fn leftovers_are_listed_before_the_leases_are_read() {
    let rig = Rig::new(Zoo::stocked()).only("animals");
    rig.transform("r1");
    rig.commits("r1");
    let statements = rig.api.statements();
    let position = |parts: &[&str]| statements.iter().position(|sql| parts.iter().all(|part| sql.contains(part)));
    let held = position(&["INSERT INTO etl.attempts"]);
    let listed = position(&["svv_columns", "'staging_zoo'"]);
    let leases = position(&["SELECT token FROM etl.attempts"]);
    let created = position(&["CREATE TABLE staging_zoo."]);
    assert!(held.is_some() && held < listed && listed < leases && leases < created, "{statements:#?}");
}

#[test]
fn a_table_that_would_lose_most_of_its_rows_is_not_loaded() {
    let rig = Rig::new(Zoo::stocked().limited()).only("animals");
    let four = [(1, "Ada"), (2, "Bo"), (3, "Cy"), (4, "Di")];
    for (run, many) in [("r1", 4), ("r2", 1)] {
        rig.zoo.set("animals", &animals(&four[..many]));
        rig.transform(run);
    }
    rig.commits("r1");
    let error = rig.load("r2").expect_err("three of four");
    let message = "table `animals` would lose 3 of its 4 rows (75.0 %; the limit is 25.0 %)";
    assert_eq!((error.to_string().as_str(), exit_of(&error)), (message, contract::Exit::Failed));
    rig.holds("r1", &four);
    assert!(rig.zoo.database().versions("staging_zoo").is_empty(), "its own tables are dropped");

    // A reason is kept as it was written.
    let reason = r"Bo's \herd\ left; ask 'Käthe'";
    rig.accept.replace(Some(reason.to_owned()));
    rig.commits("r2");
    let found = "SELECT seq, table_name, check_name, problem, refused, reason FROM etl.findings";
    let finding = json!({
        "seq": 2, "table_name": "animals", "check_name": "deleted", "problem": message, "refused": true, "reason": reason
    });
    assert_eq!(rig.zoo.objects(found), [finding]);
}

/// Redshift reports the same conflict with and without an error number.
#[test]
fn a_conflict_is_retried_after_a_wait_and_exits_with_75() {
    let rig = Rig::new(Zoo::stocked()).only("animals");
    for fault in [Fault::Conflict, Fault::ConflictInWords] {
        for met in ["ExecuteStatement", "BatchExecuteStatement"] {
            let run = format!("{fault:?}-{met}");
            rig.transform(&run);
            // The first two requests.
            let mut left = 2;
            rig.api.meets(move |_, operation| {
                let conflicts = operation == met && left > 0;
                left -= usize::from(conflicts);
                if conflicts { fault } else { Fault::None }
            });
            rig.commits(&run);

            let never = format!("never-{run}");
            rig.transform(&never);
            rig.api.meets(move |_, operation| if operation == met { fault } else { Fault::None });
            let began = Instant::now();
            let error = rig.load(&never).expect_err("a conflict each time");
            assert_eq!(exit_of(&error), contract::Exit::TempFail, "{run}: {error:#}");
            // At least six waits, starting at 1 ms and doubling each time.
            assert!(began.elapsed() >= Duration::from_millis(63), "{run}: {:?}", began.elapsed());
            rig.api.meets(|_, _| Fault::None);
        }
    }
}

#[test]
fn a_load_that_s3_throttles_exits_with_75() {
    let rig = Rig::new(Zoo::stocked()).only("animals");
    rig.transform("r1");
    rig.api.meets(|_, operation| if operation == "ExecuteStatement" { Fault::SlowDown } else { Fault::None });
    let error = rig.load("r1").expect_err("a throttled load");
    assert_eq!(exit_of(&error), contract::Exit::TempFail, "{error:#}");
    assert!(format!("{error:#}").contains("Error SlowDown"), "{error:#}");
    rig.api.meets(|_, _| Fault::None);
    rig.commits("r1");
}

#[test]
fn eight_loads_of_one_run_and_of_adjacent_runs_commit_each_run_once() {
    for snapshot_first in [false, true] {
        let rig = Rig::entered(Zoo::stocked(), Role::Loader, snapshot_first).only("animals");
        // Only new rows, so that the updates of the tables themselves do not conflict.
        let zoo = [(1, "Ada"), (2, "Bo"), (3, "Cy")];
        for (run, most) in [("r1", 1), ("r2", 2), ("r3", 3)] {
            rig.zoo.set("animals", &animals(&zoo[..most]));
            rig.transform(run);
        }
        rig.commits("r1");
        let holder = hold_until_waiting(rig.zoo.database(), 8);
        let reports = rig.load_at_once(&["r3", "r2", "r3", "r2", "r3", "r2", "r3", "r3"]);
        holder.join().expect("the lock's holder");
        let outcomes: Vec<Value> = reports
            .into_iter()
            .map(|report| json!(report.unwrap_or_else(|error| panic!("{snapshot_first}: {error:#}")).outcome))
            .collect();
        let committed = outcomes.iter().filter(|outcome| **outcome == json!("committed")).count();
        let ledger = rig.zoo.ledger();
        assert_eq!(committed + 1, ledger.len(), "{outcomes:?} {ledger:?}");
        rig.holds("r3", &zoo);
    }
}

#[test]
fn twenty_schedules_of_faults_and_kills_load_each_run_once() {
    needs_time::some_schedules(0..20);
}
