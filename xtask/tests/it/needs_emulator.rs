//! The entry point of the dbt image with the real dbt, a real PostgreSQL and MiniStack's S3, which `cargo xtask test
//! --all` starts.
//!
//! The tests check what is uploaded and the messages about a failed upload, not Amazon's permissions. A server in this
//! file sends responses that MiniStack never sends, and a script replaces dbt if only the upload matters.

mod conform;
mod doctor;
mod forget;
mod report;
mod settings_schema;
mod sync;

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::signal::Signal;
use serde_json::Value;
use tempfile::TempDir;
use tokio_postgres::{Config, NoTls};

use crate::support::entry::{Entry, script};

const FINE: &str = "select 1 as one";
const BROKEN: &str = "select * from nowhere";
const SLOW: &str = "{{ config(materialized='table') }} select 1 as one from pg_sleep(60)";

/// A system table as a source, so that dbt has a source without a load.
const SOURCE: &str = "
sources:
  - name: pg_catalog
    tables:
      - name: pg_stat_activity
        config:
          loaded_at_field: backend_start
          freshness: {warn_after: {count: 1, period: day}}
";

fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("this test needs {name}: run it with `cargo xtask test --all`"))
}

/// Creates a bucket, or downloads its objects.
fn bucket(arguments: &[&str]) {
    let mut command = Command::new(Path::new(&setting("TEST_DBT")).join("python"));
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/needs_emulator/bucket.py")).args(arguments);
    command.env("AWS_ENDPOINT_URL", setting("TEST_S3_ENDPOINT")).env("AWS_DEFAULT_REGION", "eu-west-1");
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    assert!(command.status().expect("python starts").success(), "{arguments:?}");
}

/// A small dbt project with its own database and bucket; the database is dropped together with this value.
struct Project {
    folder: TempDir,
    name: String,
}

impl Project {
    /// The name of the bucket and the database.
    fn new(name: &str, models: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |file: &str, text: &str| fs::write(folder.path().join(file), text).expect("written");
        fs::create_dir(folder.path().join("models")).expect("a folder");
        write("dbt_project.yml", "{name: tiny, profile: dpworld, flags: {send_anonymous_usage_stats: false}}");
        write("models/sources.yml", SOURCE);
        for (model, sql) in models {
            write(&format!("models/{model}.sql"), sql);
        }
        let project = Self { folder, name: format!("{name}-{}", std::process::id()) };
        project.on_server(&format!("CREATE DATABASE \"{}\" OWNER transformer TEMPLATE template0", project.name));
        bucket(&[&project.name]);
        project
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.file(name)).expect("a file of dbt's")
    }

    fn on_server(&self, sql: &str) {
        let mut config: Config = setting("TEST_WAREHOUSE_POSTGRES").parse().expect("a URL");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let (client, connection) = config.dbname("postgres").connect(NoTls).await.expect("a connection");
            tokio::spawn(connection);
            client.batch_execute(sql).await.expect(sql);
        });
    }

    /// Returns the entry point as the user `transformer`, with the bucket as its lake.
    fn entry(&self) -> Entry {
        let warehouse: Config = setting("TEST_WAREHOUSE_TRANSFORMER").parse().expect("a URL");
        let password = String::from_utf8(warehouse.get_password().expect("a password").to_vec()).expect("text");
        Entry::new(self.folder.path(), &[Path::new(&setting("TEST_DBT"))])
            .env("DBT_PROFILES_DIR", concat!(env!("CARGO_MANIFEST_DIR"), "/../dbt"))
            .env("DBT_PORT", &warehouse.get_ports()[0].to_string())
            .env("DBT_DATABASE", &self.name)
            .secret("DBT_PASSWORD", &password)
            .env("AWS_ENDPOINT_URL", &setting("TEST_S3_ENDPOINT"))
            .env("LAKE_URL", &format!("s3://{}", self.name))
            .env("RUN_ID", "r1")
    }

    /// Returns the files of each attempt in the bucket by name, newest attempt last.
    fn kept(&self, prefix: &str) -> Vec<BTreeMap<String, Vec<u8>>> {
        let copy = tempfile::tempdir().expect("a folder");
        bucket(&[&self.name, &copy.path().display().to_string()]);
        let children = |folder: &Path| {
            let mut found: Vec<PathBuf> =
                fs::read_dir(folder).expect("a folder").flatten().map(|at| at.path()).collect();
            found.sort();
            found
        };
        let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
        let attempts = children(&copy.path().join(prefix));
        let files = |attempt: &PathBuf| {
            children(attempt)
                .iter()
                .filter(|file| file.is_file())
                .map(|file| (name(file), fs::read(file).expect("bytes")))
                .collect()
        };
        attempts.iter().map(files).collect()
    }

    /// Returns how the build and each model ended according to the events of each attempt of the run, oldest first.
    fn lineage(&self) -> Vec<Vec<(String, String)>> {
        let [files] = <[_; 1]>::try_from(self.kept("lineage/dbt")).expect("the folder of the run");
        assert!(
            files.keys().all(|name| name.starts_with("build-20") && name.ends_with(".jsonl")),
            "{:?}",
            files.keys()
        );
        let end = |line: &str| {
            let event: Value = serde_json::from_str(line).expect("JSON");
            let [job, end] = [&event["job"]["name"], &event["eventType"]].map(|one| one.as_str().expect("text"));
            let model = job.strip_suffix(".build.run").and_then(|name| name.rsplit('.').next()).unwrap_or(job);
            (end != "START").then(|| owned((model, end)))
        };
        let ends = |bytes: &Vec<u8>| {
            let mut ends: Vec<_> = std::str::from_utf8(bytes).expect("text").lines().filter_map(end).collect();
            ends.sort();
            ends
        };
        files.values().map(ends).collect()
    }

    /// Returns the files of the only attempt in the bucket.
    fn kept_once(&self) -> BTreeMap<String, Vec<u8>> {
        let [files] = <[_; 1]>::try_from(self.kept("dbt/run=r1")).expect("one attempt");
        files
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        self.on_server(&format!("DROP DATABASE \"{}\" WITH (FORCE)", self.name));
    }
}

fn owned((name, end): (&str, &str)) -> (String, String) {
    (name.to_owned(), end.to_owned())
}

fn names(files: &BTreeMap<String, Vec<u8>>) -> Vec<&str> {
    files.keys().map(String::as_str).collect()
}

#[test]
fn the_files_of_a_command_are_uploaded_without_those_of_an_older_command() {
    let project = Project::new("kept", &[("fine", FINE)]);
    let lake = format!("s3://{}/pre//fix/", project.name);
    let done = |arguments: &[&str]| {
        let result = project.entry().env("LAKE_URL", &lake).run(arguments);
        result.reports(0, &[&format!("dbt's artifacts: s3://{}/pre/fix/dbt/run=r1/", project.name)]);
        result.stdout
    };
    let log = || project.read("logs/dbt.log");
    assert!(done(&["build"]).contains("PASS=1 WARN=0 ERROR=0"));
    let (first, results) = (log(), project.read("target/run_results.json"));
    done(&["parse", "--target-path", "elsewhere"]);
    let second = log();
    done(&["source", "freshness"]);
    let third = log();
    done(&["docs", "generate"]);

    let kept = project.kept("pre/fix/dbt/run=r1");
    let expected: [&[&str]; 4] = [
        &["dbt.log", "manifest.json", "run_results.json"],
        &["dbt.log", "manifest.json"],
        &["dbt.log", "manifest.json", "sources.json"],
        &["catalog.json", "dbt.log", "manifest.json", "run_results.json"],
    ];
    assert_eq!(kept.iter().map(names).collect::<Vec<_>>(), expected);
    // The documentation, which is generated after the upload, is also in dbt's log.
    assert!(kept[0]["run_results.json"] == results && first.starts_with(&kept[0]["dbt.log"]));
    assert!(kept[1]["manifest.json"] == project.read("elsewhere/manifest.json"));
    assert!(kept[1]["dbt.log"] == second[first.len()..] && kept[2]["dbt.log"] == third[second.len()..]);
    assert!(kept[2]["sources.json"] == project.read("target/sources.json"));
    for name in ["manifest.json", "catalog.json", "run_results.json"] {
        assert!(kept[3][name] == project.read(&format!("target/{name}")), "{name}");
    }
    let warehouse: Config = setting("TEST_WAREHOUSE_TRANSFORMER").parse().expect("a URL");
    let secrets = [warehouse.get_password().expect("a password"), b"AKIACANARYCANARYCANA", b"canary-"];
    for (name, content) in kept.iter().flatten() {
        let shown = secrets.iter().any(|secret| content.windows(secret.len()).any(|part| part == *secret));
        assert!(!shown, "{name} shows a secret");
    }
}

#[test]
fn the_files_of_a_failed_build_are_uploaded_and_its_exit_code_precedes_that_of_the_upload() {
    let project = Project::new("failed", &[("fine", FINE), ("broken", BROKEN)]);
    let result = project.entry().run(&[]);
    result.reports(1, &["dbt's artifacts: s3://"]);
    assert!(result.stdout.contains("PASS=1 WARN=0 ERROR=1"), "{}", result.stdout);
    let kept = project.kept_once();
    assert_eq!(names(&kept), ["dbt.log", "manifest.json", "run_results.json"]);
    for (name, path) in [("manifest.json", "target"), ("run_results.json", "target"), ("dbt.log", "logs")] {
        assert!(kept[name] == project.read(&format!("{path}/{name}")), "{name}");
    }
    let results: Value = serde_json::from_slice(&kept["run_results.json"]).expect("JSON");
    let mut statuses: Vec<_> =
        results["results"].as_array().expect("results").iter().map(|one| &one["status"]).collect();
    statuses.sort_by_key(|status| status.to_string());
    assert_eq!(statuses, ["error", "success"]);

    assert_eq!(project.lineage(), [[("broken", "FAIL"), ("dbt.build", "FAIL"), ("fine", "COMPLETE")].map(owned)]);

    let later = project.entry().env("AWS_ENDPOINT_URL", "http://127.0.0.1:1").run(&[]);
    later.reports(1, &["error: cannot upload dbt's `manifest.json`", "EndpointConnectionError"]);
}

#[test]
fn an_unreachable_warehouse_is_a_temporary_failure() {
    let project = Project::new("silent", &[("fine", FINE)]);
    project.entry().run(&["compile"]);
    let result = project.entry().env("DBT_PORT", "1").env("RUN_ID", "r2").run(&["build"]);
    result.reports(75, &["(manifest.json, dbt.log)"]);
    assert!(result.stdout.contains("Connection refused"), "{}", result.stdout);
    assert!(project.file("target/run_results.json").exists(), "the older run's, which is not uploaded for this run");
    assert_eq!(project.kept("dbt/run=r2").iter().map(names).collect::<Vec<_>>(), [["dbt.log", "manifest.json"]]);
}

#[test]
fn the_log_of_a_stopped_run_is_uploaded() {
    let project = Project::new("stopped", &[("slow", SLOW)]);
    let mut running = project.entry().start(&["build"]);
    running.until("START sql table model");
    running.signal(Signal::SIGTERM);
    // Python adds its own message when a signal stops it.
    let result = running.wait();
    assert!(result.code == Some(75) && result.stderr.contains("(manifest.json, dbt.log)"), "{result:?}");
    let kept = project.kept_once();
    // dbt writes a line to its output first, so the last one may not be in the log.
    assert!(String::from_utf8_lossy(&kept["dbt.log"]).contains("Found 1 model"));
    assert!(!kept.contains_key("run_results.json"));
}

/// The message is that of a conflict; a variable removes it.
const IN_CONFLICT: &str =
    r#"select {% if env_var('DBT_CONFLICT', '') %}"deadlock detected"{% else %}1 as one{% endif %}"#;

#[test]
fn a_repeated_job_builds_what_its_preceding_attempt_has_not_built() {
    const ON_CONFLICT: &str = "select * from {{ ref('conflict') }}";
    let project = Project::new("again", &[("fine", FINE), ("conflict", IN_CONFLICT), ("later", ON_CONFLICT)]);
    let attempt = |number: &str, job: &str| {
        let entry = project.entry().env("AWS_BATCH_JOB_ID", job).env("AWS_BATCH_JOB_ATTEMPT", number);
        entry.env("DBT_EXCLUDE_RESOURCE_TYPES", "unit_test")
    };
    let statuses = || {
        let kept = project.kept("dbt/run=r1").pop().expect("an attempt");
        let results: Value = serde_json::from_slice(&kept["run_results.json"]).expect("JSON");
        let line = |one: &Value| {
            let name = one["unique_id"].as_str().expect("an ID").rsplit('.').next().expect("a name").to_owned();
            (name, one["status"].as_str().expect("a status").to_owned())
        };
        results["results"].as_array().expect("results").iter().map(line).collect::<BTreeMap<_, _>>()
    };
    let expected = |conflict: &str, later: &str| {
        let fine = ("fine".to_owned(), "success".to_owned());
        [fine, ("conflict".to_owned(), conflict.to_owned()), ("later".to_owned(), later.to_owned())].into()
    };
    for number in ["1", "2"] {
        let failed = attempt(number, "job").env("DBT_CONFLICT", "yes").run(&["build"]);
        let built_fine = failed.stdout.contains(".fine ");
        assert!(failed.code == Some(75) && built_fine == (number == "1"), "{failed:?}");
        assert_eq!(statuses(), expected("error", "skipped"));
    }
    assert!(project.kept("dbt").iter().all(BTreeMap::is_empty), "no build was complete");
    let done = attempt("3", "job").run(&["build"]);
    assert!(done.code == Some(0) && done.stderr.contains("dbt retry: continuing") && !done.stdout.contains(".fine "));
    assert_eq!(statuses(), expected("success", "success"));
    let [docs, production, _] = <[_; 3]>::try_from(project.kept("dbt")).expect("three folders");
    assert_eq!((names(&docs), names(&production)), (vec!["index.html"], vec!["manifest.json"]));
    let page = String::from_utf8_lossy(&docs["index.html"]);
    assert!(page.contains("model.tiny.later") && page.contains("\"type\": \"integer\""));
    // Each attempt reports what it has built.
    let again = [("conflict", "FAIL"), ("dbt.build", "FAIL")].map(owned).to_vec();
    let whole = [("conflict", "COMPLETE"), ("dbt.build", "COMPLETE"), ("later", "COMPLETE")].map(owned).to_vec();
    let first = again.iter().cloned().chain([owned(("fine", "COMPLETE"))]).collect();
    assert_eq!(project.lineage(), [first, again, whole]);
    // The next attempt has nothing to do, and another job builds everything.
    let nothing = attempt("4", "job").run(&["build"]);
    assert!(nothing.code == Some(0) && !nothing.stdout.contains("START"), "{nothing:?}");
    assert_eq!(statuses(), expected("success", "success"));
    let all = attempt("2", "other").run(&["build"]);
    assert!(all.code == Some(0) && all.stdout.contains(".fine "), "{all:?}");
    assert_eq!(statuses(), expected("success", "success"));
}

/// Starts a server that returns the same error for every request.
fn answering(status: u16, code: &'static str) -> String {
    let server = tiny_http::Server::http("127.0.0.1:0").expect("a free port");
    let address = server.server_addr();
    std::thread::spawn(move || {
        for mut request in server.incoming_requests() {
            std::io::copy(request.as_reader(), &mut std::io::sink()).expect("a body");
            let body = format!("<Error><Code>{code}</Code><Message>In S3's\nown words</Message></Error>");
            request.respond(tiny_http::Response::from_string(body).with_status_code(status)).expect("a client");
        }
    });
    format!("http://{address}")
}

/// Returns the entry point with a script as dbt, which writes an artifact; the folder must outlive the run.
fn uploading(folder: &TempDir) -> Entry {
    let entry = Entry::new(folder.path(), &[folder.path(), Path::new(&setting("TEST_DBT"))]);
    let entry = entry.env("AWS_ENDPOINT_URL", &setting("TEST_S3_ENDPOINT"));
    entry.env("LAKE_URL", "s3://lake/dev").env("RUN_ID", "r1")
}

const WRITES_MANIFEST: &str = "mkdir -p target && echo '{}' > target/manifest.json";

#[test]
fn a_refused_upload_is_one_line_with_a_hint() {
    let folder = script(WRITES_MANIFEST);
    let missing = uploading(&folder).env("LAKE_URL", "s3://not-there").run(&[]);
    missing
        .reports(1, &["error: cannot upload dbt's `manifest.json` to `s3://not-there/dbt/run=r1/", ": NoSuchBucket: "]);
    missing.reports(1, &["; hint: create the bucket `not-there`"]);
    let denied = uploading(&folder).env("AWS_ENDPOINT_URL", &answering(403, "AccessDenied")).run(&[]);
    denied.reports(1, &[": AccessDenied: In S3's own words; hint: ", "needs `s3:PutObject` on `lake/dev/dbt/*`"]);
    let output = uploading(&folder).env("AWS_ACCESS_KEY_ID", "").env("AWS_SECRET_ACCESS_KEY", "").run(&[]);
    output.reports(1, &["NoCredentialsError", "credentials"]);
    uploading(&folder).env("AWS_ENDPOINT_URL", "nonsense").run(&[]).reports(2, &["check AWS_ENDPOINT_URL"]);
}

#[test]
fn documentation_that_cannot_be_written_is_a_warning() {
    let folder = script(
        "case $2 in docs) exit 1; esac; mkdir -p target; echo '{}' > target/manifest.json; \
         echo '{\"args\": {\"which\": \"build\"}}' > target/run_results.json",
    );
    let name = format!("documented-{}", std::process::id());
    bucket(&[&name]);
    let done = uploading(&folder).env("LAKE_URL", &format!("s3://{name}")).run(&["build"]);
    assert!(
        done.code == Some(0) && done.stderr.contains("documentation was not published: CalledProcessError"),
        "{done:?}"
    );
}

#[test]
fn a_temporary_failure_of_an_upload_has_exit_code_75() {
    let folder = script(WRITES_MANIFEST);
    let busy = uploading(&folder).env("AWS_ENDPOINT_URL", &answering(503, "SlowDown")).run(&[]);
    busy.reports(75, &[": SlowDown: ", "; hint: try again"]);
    let output = uploading(&folder).env("AWS_ENDPOINT_URL", "http://user:canary-secret@127.0.0.1:1").run(&[]);
    output.reports(75, &["EndpointConnectionError; hint: try again"]);
    // Python shows a header that it cannot send.
    let unsendable = uploading(&folder).secret("AWS_SESSION_TOKEN", "canary-line\n").run(&[]);
    unsendable.reports(75, &["HTTPClientError"]);

    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", silent.local_addr().expect("its address"));
    let running = uploading(&folder).env("AWS_ENDPOINT_URL", &url).start(&[]);
    let _held = silent.accept().expect("the upload");
    running.signal(Signal::SIGTERM);
    running.wait().reports(75, &["stopped by SIGTERM; hint: try again"]);
}
