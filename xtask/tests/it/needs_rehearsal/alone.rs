//! A rehearsal of three sources succeeds with the counts of `local`, connects only to this machine, and uses none of the
//! user's AWS keys: strace records every connection and every program that is started. Two of the sources are invented APIs.
//! The secrets of one of them are only in its requests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::sources::{Sources, search};
use super::{Running, command, leftovers, prepare, repository, state};
use crate::marts::older;
use crate::needs_browser::is_readable_and_correct;
use crate::support::Local;
use crate::support::apis::{CLIENT, ORDERS, STATIONS};
use crate::support::images::image_contains;

/// Fake AWS keys, which must not appear anywhere.
const KEYS: [(&str, &str); 4] = [
    ("AWS_ACCESS_KEY_ID", "AKIAZQ3CANARYCANARY1"),
    ("AWS_SECRET_ACCESS_KEY", "q0cAnAryK7MDENGcAnAryRfiCYcAnAryKEYcAnA"),
    ("AWS_SESSION_TOKEN", "FwoGZXIvYXdzEcanarycanary"),
    ("AWS_PROFILE", "canary-profile"),
];
/// Fake keys in `.env`.
const DOT_ENV: &str = "AWS_ACCESS_KEY_ID=AKIAZQ3CANARYCANARY2\nAWS_SECRET_ACCESS_KEY=dotenv-cAnAry-secret\n\
    AWS_ACCOUNT_ID=111122223333\nREADER_PASSWORD=dotenv-cAnAry-password\nAWS_ENDPOINT_URL=https://canary.example.com\n";

/// Deletes all images of a repository.
const LOSE_IMAGE: &str = "
import sys, botocore.session
keys = {'aws_access_key_id': 'test', 'aws_secret_access_key': 'test'}
session = botocore.session.get_session()
ecr = session.create_client('ecr', region_name='eu-west-1', endpoint_url=sys.argv[1], **keys)
images = ecr.list_images(repositoryName='ingestion-image')['imageIds']
ecr.batch_delete_image(repositoryName='ingestion-image', imageIds=images)
";

/// `.env` in the copy, which is removed when this value is dropped.
struct DotEnv(PathBuf);

impl DotEnv {
    fn new() -> Self {
        let path = repository().join(".env");
        let secrets = CLIENT.map(|(name, value)| format!("{name}='{value}'\n")).concat();
        fs::write(&path, DOT_ENV.to_owned() + &secrets).expect("written");
        Self(path)
    }
}

impl Drop for DotEnv {
    fn drop(&mut self) {
        // It may not exist.
        let _ = fs::remove_file(&self.0);
    }
}

fn is_secret(text: &[u8]) -> bool {
    String::from_utf8_lossy(text).to_lowercase().contains("canary")
}

/// Returns every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Runs a command in a kept rehearsal.
#[track_caller]
pub(super) fn in_rehearsal(dot_env: &str, arguments: &[&str]) -> Output {
    command(&[arguments, &["--env", "rehearse", "--dot-env", dot_env]].concat()).output().expect("xtask starts")
}

/// Returns the number of unit tests in the dbt project.
fn unit_tests() -> u64 {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../dbt/models")];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yml") {
                let text = std::fs::read_to_string(path).expect("YAML");
                let models: Value = serde_yaml::from_str(&text).expect("YAML");
                count += models["unit_tests"].as_array().map_or(0, Vec::len) as u64;
            }
        }
    }
    assert_ne!(count, 0);
    count
}

/// Every table, view and materialized view of the source and the marts, without those in which Redshift keeps a materialized
/// view's rows.
const RELATIONS: &str = "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.nspname IN ('spacex', 'analytics') AND c.relkind IN ('r', 'v', 'm') AND c.relname NOT LIKE 'mv_tbl__%' \
    ORDER BY 1";
/// Columns with the ID or the time of a run, and the column that a rehearsal adds.
const OF_THE_RUN: &str = "{_run_id,run_id,_loaded_at,loaded_at_utc,dbt_updated_at,valid_from_utc,dbt_scd_id,\
     fetched_at_utc,days_without_event,added_column}";

/// Returns the rows of a query in the rehearsal's warehouse; every column is text.
fn rows(state: &Value, sql: &str) -> Vec<Vec<String>> {
    let (server, database) = (&state["warehouse"], "dpstack");
    let mut config = tokio_postgres::Config::new();
    let port = u16::try_from(server["port"].as_u64().expect("a port")).expect("a port");
    config.host("127.0.0.1").port(port).user("postgres").dbname(database);
    config.password(server["password"].as_str().expect("a password"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let (client, connection) = config.connect(tokio_postgres::NoTls).await.expect("a connection");
        tokio::spawn(connection);
        let rows = client.query(sql, &[]).await.expect("rows");
        rows.iter().map(|row| (0..row.len()).map(|at| row.get(at)).collect()).collect()
    })
}

/// Checks that the rehearsal's warehouse has the rows that a local run loads and builds through PostgreSQL's driver.
#[track_caller]
fn same_rows(local: &Local, state: &Value) {
    let query = |sql: &str| rows(state, sql);
    let relations = query(RELATIONS).concat();
    assert!(relations.len() > 40, "{relations:?}");
    let digest = |relation: &String| {
        format!(
            "SELECT '{relation}' AS relation, count(*) || ' ' || md5(string_agg(line, '' ORDER BY line)) AS digest \
             FROM (SELECT (to_jsonb(x) - '{OF_THE_RUN}'::text[])::text AS line FROM {relation} x) AS lines"
        )
    };
    let sql = relations.iter().map(digest).collect::<Vec<_>>().join(" UNION ALL ");
    let expected = local.json(&["query", &sql]);
    let expected = expected.as_array().expect("rows").iter();
    let expected: Vec<_> = expected
        .map(|row| ["relation", "digest"].map(|name| row[name].as_str().expect("a text").to_owned()).to_vec())
        .collect();
    assert_eq!(query(&sql), expected);
}

/// Checks that the list of calls, from which the page of permissions is made, has every action that a role used.
#[track_caller]
fn calls_are_listed(report: &Value) {
    let listed = include_str!("../../../src/stack/calls.yaml");
    let listed = listed.replace("${SecretAction}", "ssm:GetParameters");
    let listed: Vec<Value> = serde_yaml::from_str(&listed).expect("a table");
    let words = |line: &Value, key: &str| -> Vec<String> {
        line[key].as_str().expect("words").split_whitespace().map(str::to_owned).collect()
    };
    let roles = [
        ("ci.BuildRole", "build"),
        ("ci.DeployRole", "deploy"),
        ("ci.PlanRole", "plan"),
        ("compute.DbtRole", "dbt"),
        ("compute.IngestionRole", "ingestion"),
        ("orchestration.AirflowRole", "airflow"),
        ("source-shop.ExecutionRole", "pull-source"),
        ("warehouse.CopyRole", "copy"),
    ];
    let calls = report["calls"].as_object().expect("calls by role");
    assert_eq!(calls.len(), roles.len(), "every role is used: {:?}", calls.keys());
    for (place, role) in roles {
        let used = calls[&format!("DataPlatform-{place}")].as_array().expect("actions");
        let of_role = listed.iter().filter(|line| words(line, "roles").iter().any(|name| name == role));
        let known: Vec<String> = of_role.flat_map(|line| words(line, "actions")).collect();
        let unknown: Vec<_> = used.iter().filter(|action| !known.iter().any(|known| *known == **action)).collect();
        assert!(unknown.is_empty(), "calls.yaml does not list what `{role}` calls: {unknown:?}");
    }
}

#[test]
fn it_succeeds_with_the_counts_of_local_and_connects_only_to_this_machine() {
    // First the steps that need the network, and the copy, which must not contain `.env`.
    prepare();
    let sources = Sources::add();
    let (dot_env, traced) = (DotEnv::new(), tempfile::tempdir().expect("a folder"));
    let trace = traced.path().join("trace");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "--seccomp-bpf", "-s", "4096", "-e", "trace=connect,sendto,sendmsg,execve", "-o"]);
    strace.arg(&trace).arg(env!("CARGO_BIN_EXE_xtask")).args(["rehearse", "--keep", "--json"]);
    strace.current_dir(repository()).envs(KEYS);
    // strace exits after the last server.
    let mut running = Running::new(strace);
    let (report, duration) = running.report();
    let steps = report["steps"].as_array().expect("steps");
    let times = steps.iter().map(|step| format!("{} {} s", step["step"], step["seconds"]));
    println!("succeeded after {duration:.0?}: {}", times.collect::<Vec<_>>().join(", "));
    assert!(steps.len() >= 8 && steps.iter().all(|step| step["seconds"].is_f64()), "{steps:?}");

    // All connections are local, and no program got a key.
    let text = fs::read_to_string(&trace).expect("a trace");
    let lines: Vec<&str> = text.lines().collect();
    // Programs send files that contain the names of such fields.
    let to: Vec<&&str> = lines.iter().filter(|line| line.contains("{sa_family=AF_INET")).collect();
    assert!(to.len() > 100, "connections: {}", to.len());
    let here = ["inet_addr(\"127.", "inet_pton(AF_INET6, \"::1\"", "inet_pton(AF_INET6, \"::ffff:127."];
    let elsewhere: Vec<_> = to.iter().filter(|line| !here.iter().any(|here| line.contains(here))).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:#?}");
    let started = lines.iter().filter(|line| line.contains("execve("));
    assert!(started.clone().count() > 10);
    // Only the first program, started by strace itself, got the keys.
    let with_keys: Vec<_> = started.filter(|line| is_secret(line.as_bytes())).collect();
    assert!(with_keys.is_empty(), "{with_keys:#?}");

    let kept = &report["kept"];
    let text = |key: &str| kept[key].as_str().expect("a text").to_owned();
    let folder = repository().join(text("dot_env")).parent().expect("its folder").to_owned();
    let written: Vec<PathBuf> =
        files(&folder).into_iter().filter(|file| is_secret(&fs::read(file).unwrap_or_default())).collect();
    assert!(written.is_empty() && files(&folder).len() > 20, "{written:?}");
    let state = state(&folder);
    let [objects, lines, found] = search(&state);
    assert!(objects > 100 && lines > 300 && found == 0, "{found} of {objects} objects and {lines} lines have a secret");
    for name in ["ingestion-image", "dbt-image"] {
        let host = format!("127.0.0.1:{}/{name}", state["place"]["ministack"]);
        let images = Command::new("docker").args(["image", "ls", "--quiet", &host]).output().expect("docker starts");
        let id = String::from_utf8(images.stdout).expect("UTF-8").lines().next().expect("an image").to_owned();
        assert!(!image_contains(&id, &["ZQ3CANARY", "cAnAry"]), "{name}");
    }

    // The counts are those of a local run.
    drop((dot_env, sources));
    let platform = Local::new();
    let local = platform.json(&[]);
    same_rows(&platform, &state);
    let (tables, others): (Vec<_>, Vec<_>) =
        report["tables"].as_object().expect("tables").iter().partition(|(name, _)| !name.contains('.'));
    let expected: Vec<_> = local["tables"].as_object().expect("tables").iter().collect();
    assert_eq!(tables, expected);
    let inserted: Vec<_> = others.iter().map(|(name, counts)| (name.as_str(), counts["inserted"].as_u64())).collect();
    let (orders, stations) = (ORDERS as u64, STATIONS as u64);
    // The orders have one, two, three, one, … lines.
    let lines = ("shop.order_lines", Some(2 * orders));
    assert_eq!(inserted, [lines, ("shop.orders", Some(orders)), ("stations.stations", Some(stations))]);
    let ran = report["other_runs"].as_object().expect("runs");
    assert!(ran.len() == 2 && ran.values().all(|run| run["exit"] == 0), "{ran:?}");
    assert_eq!(report["contradictions"], serde_json::json!([]));
    calls_are_listed(&report);
    // Except for the unit tests, which the job on AWS excludes.
    let excluded = |count: &str| if ["pass", "total"].contains(&count) { unit_tests() } else { 0 };
    for count in ["pass", "warn", "error", "skip", "total"] {
        let of = |value: &Value| value["dbt"][count].as_u64().expect("a count");
        assert_eq!(of(&report) + excluded(count), of(&local), "{count}");
    }
    let lights = |light: &str| {
        let list = report["status"].as_array().expect("a list").iter();
        list.filter(|one| one["light"] == light).map(|one| one["check"].clone()).collect::<Vec<Value>>()
    };
    assert_eq!((lights("red").len(), lights("green").len() > 15), (0, true));
    assert_eq!(lights("not_verifiable_here"), ["Airflow"]);
    assert_eq!((&report["second_run"]["exit"], &report["long_statement"]["exit"]), (&0.into(), &0.into()));
    assert_eq!(report["refused"], serde_json::json!([]));

    use_and_stop(&text("dot_env"), &state);
    let finished = running.finish();
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(!is_secret(finished.stderr.as_bytes()) && !is_secret(report.to_string().as_bytes()), "{}", finished.stderr);
}

/// Uploads responses with other launches.
fn change_the_source(dot_env: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    older(folder.path());
    let launches = repository().join("jobs/sample/spacex/launches.json");
    let sample = fs::read(&launches).expect("the sample");
    fs::copy(folder.path().join("launches.json"), &launches).expect("written");
    let uploaded = in_rehearsal(dot_env, &["upload-sample"]);
    fs::write(&launches, sample).expect("written");
    assert!(uploaded.status.success(), "{}", String::from_utf8_lossy(&uploaded.stderr));
}

/// A kept rehearsal can be used until it is stopped, except with AWS keys in the environment.
fn use_and_stop(dot_env: &str, state: &Value) {
    change_the_source(dot_env);
    let run = in_rehearsal(dot_env, &["run", "--direct", "--interval", "0.5", "--json"]);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let run: Value = serde_json::from_slice(&run.stdout).expect("JSON");
    let logs = in_rehearsal(dot_env, &["logs", run["run_id"].as_str().expect("an id")]);
    let lines = String::from_utf8(logs.stdout).expect("UTF-8");
    for text in ["copy_job | {", "\"outcome\":\"committed\"", "dbt_build | ", "Done. PASS="] {
        assert!(lines.contains(text), "{text}: {lines}");
    }
    assert!(!lines.contains('\u{fffd}'), "the containers print no colours: {lines}");
    // Its report, as a browser shows it, has the figures of the warehouse.
    let page = String::from_utf8(in_rehearsal(dot_env, &["report"]).stdout).expect("UTF-8");
    is_readable_and_correct(Path::new(page.trim()), ("rehearsal", 3, 1), &|sql| rows(state, sql).concat());
    // Airflow gets synced files, and a run fails if its image is not in the registry.
    let (dag, folder) =
        (repository().join("dags/ingestion.py"), Path::new(state["place"]["dir"].as_str().expect("a folder")));
    let text = fs::read_to_string(&dag).expect("a file");
    fs::write(&dag, format!("{text}# changed\n")).expect("written");
    let synced = in_rehearsal(dot_env, &["sync-dags"]);
    fs::write(&dag, &text).expect("written");
    assert!(synced.status.success(), "{}", String::from_utf8_lossy(&synced.stderr));
    let start = Instant::now();
    while !fs::read_to_string(folder.join("airflow/dags/ingestion.py")).expect("a file").ends_with("# changed\n") {
        assert!(start.elapsed() < Duration::from_secs(120), "Airflow's folder did not change");
        std::thread::sleep(Duration::from_millis(200));
    }
    super::preflight::withheld_permissions_are_named(dot_env);
    let lost = Command::new(repository().join("target/python/ministack/bin/python"))
        .args(["-c", LOSE_IMAGE, &format!("http://127.0.0.1:{}", state["place"]["ministack"])])
        .status();
    assert!(lost.expect("python starts").success());
    let run = in_rehearsal(dot_env, &["run", "--direct", "--interval", "0.5", "--json"]);
    let run: Value = serde_json::from_slice(&run.stdout).expect("JSON");
    let reason = run["reason"].as_str().unwrap_or_default();
    assert!(run["exit"] == 1 && reason.contains("CannotPullContainerError"), "{run}");
    let mut keys = command(&["status", "--env", "rehearse", "--dot-env", dot_env]);
    let refused = keys.envs(KEYS).env_remove("AWS_PROFILE").output().expect("xtask starts");
    let stderr = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr.contains("AWS_ACCESS_KEY_ID is set in the environment") && !is_secret(&refused.stderr), "{stderr}");

    let id = state["place"]["id"].as_str().expect("an id");
    assert!(!leftovers(state).is_empty());
    let stopped = command(&["rehearse", "stop", id]).output().expect("xtask starts");
    assert_eq!(String::from_utf8_lossy(&stopped.stdout), format!("Stopped {id}.\n"));
    assert_eq!(leftovers(state), [""; 0]);
    let none = command(&["rehearse", "stop", id]).output().expect("xtask starts");
    assert_eq!(none.status.code(), Some(1));
}
