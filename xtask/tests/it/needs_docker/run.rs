//! The images in containers as Fargate runs them: a read-only root file system except for the volume `/tmp`, the image's
//! own user, no capabilities.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tokio_postgres::{Client, Config, NoTls};

use super::{REGION, build_images, docker, docker_output, first, on_aws, setting};

const ELSEWHERE: &str = "eu-central-1";

/// A prepared database that is dropped together with this value.
struct Database(String);

impl Database {
    fn new() -> Self {
        let database = Self(format!("images_{}", std::process::id()));
        on_server("postgres", &format!("CREATE DATABASE {} TEMPLATE dpstack", database.0));
        database
    }

    fn url(&self, role: &str) -> url::Url {
        let mut url: url::Url = setting(&format!("TEST_WAREHOUSE_{role}")).parse().expect("a URL");
        url.set_path(&self.0);
        url
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        on_server("postgres", &format!("DROP DATABASE {} WITH (FORCE)", self.0));
    }
}

fn connected<T>(database: &str, work: impl AsyncFnOnce(Client) -> T) -> T {
    let mut config: Config = setting("TEST_WAREHOUSE_POSTGRES").parse().expect("a URL");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let (client, connection) = config.dbname(database).connect(NoTls).await.expect("a connection");
        tokio::spawn(connection);
        work(client).await
    })
}

fn on_server(database: &str, sql: &str) {
    connected(database, async |client| client.batch_execute(sql).await.expect(sql));
}

fn count(database: &str, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    connected(database, async |client| client.query_one(&sql, &[]).await.expect(&sql).get(0))
}

/// Runs a container as Batch on Fargate does; returns its exit code and output. Values do not appear in the process list.
pub(super) fn container(
    image: &str,
    command: &[&str],
    environment: &BTreeMap<&str, String>,
    source: &Path,
) -> (Option<i32>, String) {
    let mut docker = Command::new("docker");
    docker.args(["run", "--rm", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]);
    // The database and the lake are on this machine's loopback.
    docker.args(["--network", "host", "--volume", &format!("{}:/source:ro", source.display())]);
    for (name, value) in environment {
        docker.args(["--env", name]).env(name, value);
    }
    let output = docker.arg(image).args(command).output().expect("docker starts");
    let message = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.code(), message)
}

/// Returns the recorded responses of the API if they exist, or else the sample.
pub(super) fn source() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the root");
    let recorded = root.join("../shared/spacex");
    let source = if recorded.exists() { recorded } else { root.join("jobs/sample/spacex") };
    source.canonicalize().expect("a folder")
}

/// Returns the number of records in a response.
fn records(collection: &str) -> i64 {
    let text = std::fs::read(source().join(format!("{collection}.json"))).expect("a response");
    let response: Value = serde_json::from_slice(&text).expect("JSON");
    response.as_array().map_or(1, Vec::len).try_into().expect("a small number")
}

#[test]
fn pulled_by_digest_the_images_load_the_data_without_privileges_and_write_only_to_tmp() {
    let name = |image: &Value| image["uri"].as_str().expect("a name").to_owned();
    let ministack: Vec<String> = first().iter().map(name).collect();
    // The other registry has no ECR API, so the engine determines which layers are missing.
    on_aws(ELSEWHERE, &["repositories", "ingestion-image", "dbt-image"]);
    let mut command = build_images(&["--push", "--registry", &setting("TEST_REGISTRY"), "--json"]);
    let output = command.env("AWS_DEFAULT_REGION", ELSEWHERE).output().expect("xtask starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let pushed: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(pushed.iter().all(|image| image["built"] == false && !image["pushed"].is_null()), "{pushed:?}");
    let [ingestion, dbt] = [name(&pushed[0]), ministack[1].clone()];
    let images: Vec<String> = ministack.iter().cloned().chain(pushed.iter().map(name)).collect();
    // Both registries may have the same image.
    let id = |image: &String| docker_output(&["image", "inspect", "--format", "{{.Id}}", image]);
    let ids: Vec<String> = images.iter().map(id).collect();
    for (image, id) in images.iter().zip(ids) {
        assert!(image.contains("@sha256:"), "{image}");
        // Remove all its names, so that its layers are pulled from the registry.
        docker_output(&["image", "rm", "--force", id.trim()]);
        docker_output(&["pull", "--quiet", image]);
    }

    let database = Database::new();
    let lake = database.0.replace('_', "-");
    on_aws(REGION, &["bucket", &lake]);
    let mut environment = BTreeMap::from([
        ("RUN_ID", "first".to_owned()),
        ("LAKE_URL", format!("s3://{lake}")),
        ("SOURCE_URL", "file:///source".to_owned()),
        ("AWS_ENDPOINT_URL", setting("TEST_AWS_ENDPOINT")),
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("WAREHOUSE_URL", database.url("LOADER").into()),
    ]);
    for job in ["transformation", "copy"] {
        let (code, message) = container(&ingestion, &[job], &environment, &source());
        assert_eq!(code, Some(0), "{job}: {message}");
    }
    for collection in ["launches", "payloads", "cores", "starlink", "crew", "company"] {
        assert_eq!(count(&database.0, &format!("spacex.{collection}")), records(collection), "{collection}");
    }

    let warehouse = database.url("TRANSFORMER");
    environment.extend([
        ("DBT_PORT", warehouse.port().expect("a port").to_string()),
        ("DBT_DATABASE", database.0.clone()),
        ("DBT_PASSWORD", warehouse.password().expect("a password").to_owned()),
    ]);
    environment.remove("WAREHOUSE_URL");
    let (code, message) = container(&dbt, &["dbt", "build"], &environment, &source());
    assert!(code == Some(0) && message.contains("ERROR=0"), "{message}");
    assert_eq!(count(&database.0, "analytics.fct_launches"), records("launches"));

    // Only /tmp is writable, and the image has no shell.
    let code = "import os\nopen('/tmp/x', 'w')\nassert os.getuid() == 65532\nopen('/dbt/x', 'w')";
    let mut python = Command::new("docker");
    python.args(["run", "--rm", "--read-only", "--cap-drop", "ALL", "--entrypoint", "python3", &dbt, "-c", code]);
    let message = String::from_utf8_lossy(&python.output().expect("docker starts").stderr).into_owned();
    assert!(message.contains("line 4") && message.contains("Read-only file system: '/dbt/x'"), "{message}");
    assert!(!docker(&["run", "--rm", &ingestion, "sh"]).status.success(), "the image has no shell");
}
