//! The lake on an S3 emulator, MiniStack, which `cargo xtask test --all` starts.
//!
//! These tests check the requests and the handling of responses, but not Amazon's limits, permissions or speed.

mod faults;
mod killed;
mod raced;
mod schedules;

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use aws_sdk_redshiftdata::config::timeout::TimeoutConfig;
use aws_sdk_redshiftdata::config::{Credentials, Region, SharedCredentialsProvider};
use connect::aws::SdkConfig;
use jobs::edge::lake::Lake;
use nix::sys::signal::Signal;
use redshift_emulator::Emulator;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::support::database::Role;
use crate::support::program::Program;
use crate::support::rogue::Rogue;
use crate::support::zoo::{Zoo, stock};
use crate::support::{file_url, lake, program, wait_until};

/// The bucket of one test.
struct Bucket {
    endpoint: String,
    name: String,
}

impl Bucket {
    fn fresh(name: &str) -> Self {
        let Ok(endpoint) = std::env::var("TEST_S3_ENDPOINT") else {
            panic!("this test needs TEST_S3_ENDPOINT, the URL of an S3 server: run `cargo xtask test --all`");
        };
        let bucket = Self { endpoint, name: format!("{name}-{}", std::process::id()) };
        bucket.ask(Method::PUT, "", &[]);
        bucket
    }

    /// Sends a request without a signature, which MiniStack does not check.
    #[track_caller]
    fn ask(&self, method: Method, key: &str, body: &[u8]) -> Vec<u8> {
        static CLIENT: LazyLock<Client> = LazyLock::new(|| {
            // TLS is not used here, but a client cannot be created without it.
            let _ = rustls::crypto::ring::default_provider().install_default();
            // Connections do not outlive the runtime of their request.
            Client::builder().pool_max_idle_per_host(0).build().expect("a client")
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let url = format!("{}/{}/{key}", self.endpoint, self.name);
            let request = CLIENT.request(method, url).body(body.to_vec());
            let response = request.send().await.expect("a response");
            assert!(response.status().is_success(), "{}", response.status());
            response.bytes().await.expect("a body").to_vec()
        })
    }

    fn read(&self, key: &str) -> Vec<u8> {
        self.ask(Method::GET, key, &[])
    }

    fn keys(&self, prefix: &str) -> Vec<String> {
        let listing = self.read(&format!("?list-type=2&prefix={prefix}"));
        let listing = String::from_utf8(listing).expect("text");
        let keys = listing.split("<Key>").skip(1).filter_map(|rest| rest.split_once("</Key>"));
        keys.map(|(key, _)| key.to_owned()).collect()
    }

    fn url(&self) -> String {
        format!("s3://{}", self.name)
    }

    /// A program whose lake is the bucket.
    fn program(&self, program: Program, zoo: &Zoo, run: &str) -> Program {
        self.placed(program, zoo).option("--run-id", run)
    }

    fn placed(&self, program: Program, zoo: &Zoo) -> Program {
        let contract = zoo.contract();
        let program = program.option("--lake-url", &self.url());
        let program = program.option("--contract", contract.to_str().expect("a plain path"));
        let program = program.env("AWS_ENDPOINT_URL", &self.endpoint).env("AWS_REGION", "eu-west-1");
        program.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test").secret("very-secret")
    }

    fn transformation(&self, zoo: &Zoo, run: &str) -> Program {
        self.program(program::transformation(), zoo, run).option("--source-url", &file_url(&zoo.source()))
    }

    fn copy(&self, zoo: &Zoo, run: &str) -> Program {
        let warehouse = zoo.database().url(Role::Loader);
        self.program(program::copy(), zoo, run).warehouse(&warehouse)
    }

    /// Returns a load into Redshift through this Data API, whose requests to S3 go to another endpoint.
    fn redshift_load(&self, zoo: &Zoo, run: &str, api: &Emulator, endpoint: &str) -> Program {
        let program = self.program(program::copy(), zoo, run).env("AWS_ENDPOINT_URL_REDSHIFT_DATA", api.url());
        program.warehouse("redshift://zoo-workgroup/zoo").env("AWS_ENDPOINT_URL", endpoint)
    }

    /// Returns the bucket as the lake of a job in this process. Requests have a time limit of half a second; in the
    /// programs it is a minute.
    fn lake(&self, endpoint: &str) -> Lake {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_millis(500)).build();
        let config = SdkConfig::builder().endpoint_url(endpoint).region(Region::new("eu-west-1"));
        let keys = SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test"));
        let config = config.credentials_provider(keys).timeout_config(timeouts).build();
        Lake::open(&self.url(), true, Some(&config)).expect("a lake")
    }

    /// Checks that every object in the manifests of a run exists with the recorded content, and that no Parquet file remains
    /// of its other attempts. Their responses and COPY manifests remain: `storage.raw` and `storage.stage` expire them.
    #[track_caller]
    fn is_whole(&self, run: &str, collections: &str) {
        let (mut listed, mut found) = (Vec::new(), Vec::new());
        for collection in collections.split(',') {
            let receipt = self.receipt(run, collection);
            let tables = receipt["tables"].as_array().expect("tables");
            let files = tables.iter().flat_map(|table| table["files"].as_array().expect("files"));
            for object in files.chain(receipt.get("quarantine")).chain([&receipt["raw"]]) {
                let bytes = self.read(object["key"].as_str().expect("a key"));
                let stored = (json!(bytes.len()), json!(lake::sha256(&bytes)));
                assert_eq!(stored, (object["bytes"].clone(), object["sha256"].clone()), "{object}");
                listed.push(object["key"].as_str().expect("a key").to_owned());
            }
            listed.pop();
            for table in tables {
                let table = table["table"].as_str().expect("a name");
                found.extend(self.keys(&format!("processed/zoo/{table}/run={run}/")));
            }
            found.extend(self.keys(&format!("quarantine/zoo/{collection}/run={run}/")));
        }
        listed.sort();
        found.sort();
        assert_eq!(found, listed, "run {run}");
    }

    fn receipt(&self, run: &str, collection: &str) -> Value {
        serde_json::from_slice(&self.read(&lake::receipt_key("zoo", run, collection))).expect("JSON")
    }
}

/// Returns the table and the SHA-256 of each file that a manifest lists.
fn recorded(receipt: &Value) -> BTreeMap<String, Vec<Value>> {
    let tables = receipt["tables"].as_array().expect("tables").iter();
    let files =
        |table: &Value| table["files"].as_array().expect("files").iter().map(|file| file["sha256"].clone()).collect();
    tables.map(|table| (table["table"].to_string(), files(table))).collect()
}

#[test]
fn a_run_writes_the_same_bytes_as_to_a_folder() {
    let (zoo, bucket) = (Zoo::stocked(), Bucket::fresh("whole"));
    bucket.transformation(&zoo, "r1").run().done();
    zoo.transformation("r1").run().done();
    for (collection, _) in stock() {
        let (there, here) = (bucket.receipt("r1", collection), zoo.lake.receipt("zoo", "r1", collection));
        assert_eq!(recorded(&there), recorded(&here), "{collection}");
        assert_eq!(there["raw"]["sha256"], here["raw"]["sha256"]);
        for file in
            there["tables"].as_array().expect("tables").iter().flat_map(|table| table["files"].as_array()).flatten()
        {
            let bytes = bucket.read(file["key"].as_str().expect("a key"));
            assert_eq!(
                (json!(bytes.len()), json!(lake::sha256(&bytes))),
                (file["bytes"].clone(), file["sha256"].clone())
            );
        }
    }
    let report = bucket.copy(&zoo, "r1").run().done();
    assert_eq!((&report["outcome"], &report["tables"]["animals"]["inserted"]), (&json!("committed"), &json!(3)));
    assert_eq!(zoo.ledger(), ["1 r1"]);

    let [copied, transformed] = <[String; 2]>::try_from(bucket.keys("lineage/zoo/run=r1/")).expect("one of each job");
    let last = |key: &str| {
        let events = String::from_utf8(bucket.read(key)).expect("text");
        serde_json::from_str::<Value>(events.lines().last().expect("an event")).expect("JSON")
    };
    let written = &last(&transformed)["outputs"][0];
    assert_eq!((&written["namespace"], &written["name"]), (&json!(bucket.url()), &json!("processed/zoo/animals")));
    assert_eq!(last(&copied)["inputs"][0]["name"], written["name"]);
}

#[test]
fn a_run_is_verified_and_replayed_from_the_bucket() {
    let (zoo, bucket) = (Zoo::stocked(), Bucket::fresh("replay"));
    bucket.transformation(&zoo, "r1").run().done();
    let before = bucket.keys("");
    let from_raw = || bucket.placed(program::transformation(), &zoo).option("--from-raw", "r1");
    assert_eq!(from_raw().flag("--verify").run().done()["collections"]["animals"]["status"], "identical");
    assert_eq!(bucket.keys(""), before, "nothing is written");

    from_raw().option("--run-id", "r2").run().done();
    for (collection, _) in stock() {
        let (one, two) = (bucket.receipt("r1", collection), bucket.receipt("r2", collection));
        assert_eq!((recorded(&one), &one["raw"]), (recorded(&two), &two["raw"]), "{collection}");
    }
    bucket.ask(Method::DELETE, bucket.receipt("r1", "about")["raw"]["key"].as_str().expect("a key"), &[]);
    let messages = ["collection `about` failed", "s3://", "it is missing"];
    from_raw().flag("--verify").run().refused(&messages);
    from_raw().option("--run-id", "r3").run().refused(&messages);
}

#[test]
fn a_large_response_is_uploaded_in_parts_and_read_completely() {
    let (zoo, bucket) = (Zoo::stocked(), Bucket::fresh("large"));
    let text = "stripes and spots ".repeat(30);
    // Numbers without repetitions, so that the Parquet file is large as well.
    let noise = |id: u64| format!("{:x}", id.wrapping_mul(0x9e37_79b9_7f4a_7c15)).repeat(24);
    let records = (0..24_000).map(|id| json!({"id": id, "name": format!("Nr {id}"), "tags": [text, noise(id)]}));
    let body = Value::from_iter(records).to_string();
    assert!(body.len() > 20_000_000, "{}", body.len());
    zoo.set_text("animals", &body);
    let report = bucket.transformation(&zoo, "r1").run().done();
    assert_eq!(report["collections"]["animals"]["tables"][0]["rows"], 24_000);

    let raw = bucket.receipt("r1", "animals")["raw"].clone();
    let key = raw["key"].as_str().expect("a key");
    let listing = String::from_utf8(bucket.read(&format!("?list-type=2&prefix={key}"))).expect("text");
    // The ETag of a multipart upload ends with the number of parts.
    let parts = body.len().div_ceil(5 << 20);
    let etag = |quote: &str| listing.contains(&format!("-{parts}{quote}</ETag>"));
    assert!(etag("&quot;") || etag("\""), "{listing}");
    let stored = bucket.read(key);
    assert!(stored == body.as_bytes(), "the object is not what was sent");
    assert_eq!((&raw["bytes"], &raw["sha256"]), (&json!(body.len()), &json!(lake::sha256(body.as_bytes()))));
    zoo.transformation("r1").run().done();
    assert_eq!(recorded(&bucket.receipt("r1", "animals")), recorded(&zoo.lake.receipt("zoo", "r1", "animals")));
    assert_eq!(bucket.copy(&zoo, "r1").run().done()["tables"]["animals"]["inserted"], 24_000);
}

#[test]
fn a_transformation_stopped_during_an_upload_leaves_no_parts() {
    let (zoo, bucket) = (Zoo::empty(), Bucket::fresh("stopped"));
    let slow = Rogue::dribbling([b"[".as_slice(), " ".repeat(12 << 20).as_bytes()].concat());
    let uploads = || String::from_utf8(bucket.read("?uploads")).expect("text").matches("<Upload>").count();
    let program = bucket.program(program::transformation(), &zoo, "r1").option("--source-url", &slow.url());
    let running = program.option("--collections", "animals").start();
    wait_until("an upload has begun", || uploads() == 1);
    running.signal(Signal::SIGTERM);
    running.wait().failed_temporarily(&["stopped by SIGTERM"]);
    let keys = bucket.keys("");
    assert!(uploads() == 0 && keys.iter().all(|key| key.starts_with("lineage/")), "{keys:?}");
}

#[test]
fn a_manifest_is_never_overwritten() {
    let (zoo, bucket) = (Zoo::stocked(), Bucket::fresh("once"));
    let running: Vec<_> = (0..4).map(|_| bucket.transformation(&zoo, "r1").start()).collect();
    let reports: Vec<Value> = running.into_iter().map(|running| running.wait().done()).collect();
    let fetched = |report: &&Value| report["collections"]["animals"]["status"] == "fetched";
    assert_eq!(reports.iter().filter(fetched).count(), 1);
    let receipt = bucket.receipt("r1", "animals");
    let key = receipt["tables"][0]["files"][0]["key"].as_str().expect("a key");
    assert_eq!(bucket.keys("processed/zoo/animals/run=r1/"), [key], "the losers' files are gone");

    zoo.set("animals", &json!([]));
    let again = bucket.transformation(&zoo, "r1").run().done();
    assert_eq!(again["collections"]["animals"]["status"], "reused");
    assert_eq!(bucket.receipt("r1", "animals"), receipt);
}

#[test]
fn a_source_in_a_bucket_is_read_like_a_folder() {
    let (zoo, bucket) = (Zoo::stocked(), Bucket::fresh("source"));
    for (name, response) in stock() {
        bucket.ask(Method::PUT, &format!("sample/zoo/{name}.json"), response.to_string().as_bytes());
    }
    bucket.ask(Method::PUT, "sample/zoo/older/dinosaurs.json", b"[]");
    let source = format!("{}/sample/zoo", bucket.url());
    let from = |run| bucket.program(program::transformation(), &zoo, run).option("--source-url", &source);
    assert_eq!(from("r1").run().done()["collections"]["animals"]["tables"][0]["rows"], 3);

    bucket.ask(Method::DELETE, "sample/zoo/tickets.json", &[]);
    let ended = from("r2").run();
    ended.refused(&[
        &format!("the source {source}/ does not contain tickets.json"),
        "--collections animals,keepers,about",
    ]);
}

#[test]
fn a_missing_bucket_and_an_unreachable_lake_have_different_errors() {
    let (zoo, bucket) = (Zoo::stocked(), Bucket::fresh("there"));
    let missing = Bucket { endpoint: bucket.endpoint.clone(), name: format!("{}-not", bucket.name) };
    missing.transformation(&zoo, "r1").option("--retries", "0").run().refused(&["NoSuchBucket"]);

    let silent = Bucket { endpoint: "http://127.0.0.1:1".to_owned(), name: bucket.name.clone() };
    let program = silent.transformation(&zoo, "r1").option("--retries", "0").option("--collections", "about");
    program.run().failed_temporarily(&["s3://"]);
}
