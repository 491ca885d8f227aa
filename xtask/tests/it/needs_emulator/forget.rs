//! `cargo xtask forget` in a deployment: a versioned bucket, and the Redshift emulator in front of a real PostgreSQL.
//!
//! It does not show Amazon's permissions.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tokio_postgres::{Config, NoTls};

use super::setting;

const KEY: &str = "5a0543cd8b628179073115b6";
const NAME: &str = "Robert Behnken";
const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:admin";
const ROLE: &str = "arn:aws:iam::000000000000:role/copy";

/// Creates a versioned bucket, or leaves an old version of an object, or prints the versions that have a text.
const S3: &str = "
import sys, boto3
client = boto3.client('s3')
what, bucket, *rest = sys.argv[1:]
if what == 'create':
    client.create_bucket(Bucket=bucket, CreateBucketConfiguration={'LocationConstraint': 'eu-west-1'})
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={'Status': 'Enabled'})
elif what == 'plant':
    client.put_object(Bucket=bucket, Key=rest[0], Body=rest[1])
    client.delete_object(Bucket=bucket, Key=rest[0])
else:
    for page in client.get_paginator('list_object_versions').paginate(Bucket=bucket):
        for one in page.get('Versions', []):
            body = client.get_object(Bucket=bucket, Key=one['Key'], VersionId=one['VersionId'])['Body'].read()
            if any(text.encode() in body for text in rest):
                print(one['Key'])
";

struct Deployment {
    url: String,
    suffix: String,
}

impl Deployment {
    fn command(&self, program: impl AsRef<Path>, arguments: &[&str]) -> Command {
        let mut command = Command::new(program.as_ref());
        command.args(arguments).env("AWS_ENDPOINT_URL", setting("TEST_S3_ENDPOINT"));
        command.env("AWS_ENDPOINT_URL_REDSHIFT_DATA", &self.url).env("AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS", &self.url);
        command.env("AWS_ACCESS_KEY_ID", "AKIDFORGET").env("AWS_SECRET_ACCESS_KEY", "test");
        command.env("AWS_DEFAULT_REGION", "eu-west-1").env("BUCKET_SUFFIX", &self.suffix).env_remove("AWS_PROFILE");
        command
    }

    fn bucket(&self) -> String {
        format!("dpstack-dlake-{}", self.suffix)
    }

    fn s3(&self, arguments: &[&str]) -> String {
        let bucket = self.bucket();
        let all = [&["-c", S3, arguments[0], &bucket], &arguments[1..]].concat();
        done(self.command(Path::new(&setting("TEST_DBT")).join("python"), &all).output())
    }

    fn xtask(&self, arguments: &[&str]) -> Output {
        let all = [arguments, &["--env", "dev", "--dot-env", "/dev/null"]].concat();
        self.command(env!("CARGO_BIN_EXE_xtask"), &all).output().expect("xtask starts")
    }

    fn job(&self, program: &str, run: &str) {
        let lake = format!("s3://{}", self.bucket());
        let all = [
            "--lake-url",
            &lake,
            "--run-id",
            run,
            "--warehouse-url",
            "redshift://dpstack-workgroup/dpstack",
            "--collections",
            "crew",
        ];
        let program = Path::new(env!("CARGO_BIN_EXE_xtask")).with_file_name(program);
        let sample = format!("file://{}/../jobs/sample/spacex", env!("CARGO_MANIFEST_DIR"));
        done(self.command(program, &all).env("SOURCE_URL", sample).output());
    }
}

#[track_caller]
fn done(output: std::io::Result<Output>) -> String {
    let output = output.expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

async fn on_server(database: &str, sql: &str) {
    let mut config: Config = setting("TEST_WAREHOUSE_POSTGRES").parse().expect("a URL");
    let (client, connection) = config.dbname(database).connect(NoTls).await.expect("a connection");
    tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

#[tokio::test]
async fn no_version_of_an_object_and_no_table_has_the_record() {
    let name = format!("forget_{}", std::process::id());
    on_server("postgres", &format!("CREATE DATABASE {name} TEMPLATE template0")).await;
    let postgres = setting("TEST_WAREHOUSE_POSTGRES");
    let (start, _) = postgres.rsplit_once('/').expect("a URL");
    let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_xtask")).with_file_name("redshift-emulator"));
    command.env("EMULATOR_POSTGRES", format!("{start}/{name}")).env("EMULATOR_COPY_KEY", "test:test").args([
        "--namespace",
        "dpstack",
        "--copy-role",
        ROLE,
    ]);
    command.args(["--identity", "AKIDFORGET=arn:aws:iam::000000000000:role/forget", "--admin-secret", SECRET]);
    command.args(["--s3-endpoint", &setting("TEST_S3_ENDPOINT")]);
    let mut emulator =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(emulator.stdout.take().expect("output")).read_line(&mut line).expect("a line");
    let addresses: Value = serde_json::from_str(&line).expect("the addresses");
    let url = addresses["url"].as_str().expect("a URL").to_owned();
    let deployment = Deployment { url, suffix: format!("t{}", std::process::id()) };
    deployment.s3(&["create"]);
    let init = [
        "warehouse-init",
        "redshift://dpstack-workgroup/dpstack",
        "--admin-secret",
        SECRET,
        "--loader",
        "forget",
        "--transformer",
        "dbt",
    ];
    done(Ok(deployment.xtask(&init)));
    for run in ["r1", "r2"] {
        deployment.job("transformation", run);
        deployment.job("copy", run);
    }
    deployment.s3(&["plant", "raw/spacex/crew/run=r0/killed.json", &format!("[{{\"id\": \"{KEY}\"}}]")]);
    let found = deployment.s3(&["find", KEY, NAME]);
    assert!(found.contains("run=r0/killed.json") && found.contains("run=r1/") && found.contains("run=r2/"), "{found}");

    let forget = ["forget", "spacex", "--key", KEY, "--collection", "crew", "--yes", "--json"];
    let output = deployment.xtask(&forget);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        (&report["left"], &report["collections"]["crew"]["loaded"]["crew"]),
        (&Value::Array(vec![]), &1.into()),
        "{report:#}"
    );
    assert!(report["versions"].as_u64().is_some_and(|versions| versions > 4), "{report:#}");
    assert_eq!(deployment.s3(&["find", KEY, NAME]), "");
    on_server(&name, &format!("DO $$ BEGIN ASSERT NOT EXISTS (SELECT FROM spacex.crew WHERE id = '{KEY}'); END $$"))
        .await;
    emulator.kill().expect("the emulator is stopped");
    emulator.wait().expect("the emulator stops");
    on_server("postgres", &format!("DROP DATABASE {name} WITH (FORCE)")).await;
}
