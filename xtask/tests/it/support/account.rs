//! An account in MiniStack, which uses a twelve-digit access key as the account number: runs the program in it, and
//! reads its state without the program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::form_urlencoded::byte_serialize;

use super::http;

/// The region of all accounts.
const REGION: &str = "eu-west-1";

/// The next account number.
static NUMBERS: AtomicU32 = AtomicU32::new(1);

/// An empty account.
pub(crate) struct Account {
    pub(crate) number: String,
    endpoint: String,
    /// The repository in which the program runs; by default, this one.
    root: PathBuf,
}

/// A finished program.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Returns its output as one JSON value; it must have succeeded.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        serde_json::from_str(&self.stdout).expect("one JSON value")
    }

    /// Checks that it succeeded.
    #[track_caller]
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.code, Some(0), "{}{}", self.stdout, self.stderr);
        self
    }

    /// Checks that it failed permanently with these texts.
    #[track_caller]
    pub(crate) fn refused(self, texts: &[&str]) -> Self {
        assert_eq!(self.code, Some(1), "{}{}", self.stdout, self.stderr);
        // Long error lines are wrapped.
        let message = self.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        for text in texts {
            assert!(message.contains(text), "`{text}` is not in: {}", self.stderr);
        }
        self
    }
}

impl Account {
    /// Creates the next account on a server.
    pub(crate) fn new(endpoint: &str) -> Self {
        // Another test run on the same server uses other numbers; `000000000000` is the default account.
        let number = 100_000 * u64::from(std::process::id()) + u64::from(NUMBERS.fetch_add(1, Ordering::Relaxed));
        let number = format!("{number:012}");
        Self { number, endpoint: endpoint.to_owned(), root: ".".into() }
    }

    /// Returns the account in `prod.yaml`; only one test may use it.
    pub(crate) fn of_production(endpoint: &str) -> Self {
        Self { number: "123456789012".to_owned(), endpoint: endpoint.to_owned(), root: ".".into() }
    }

    /// Returns the account, with another repository.
    pub(crate) fn in_repository(self, root: &Path) -> Self {
        Self { root: root.to_owned(), ..self }
    }

    /// Returns the program with these arguments and this endpoint, without the caller's environment.
    pub(crate) fn by(&self, endpoint: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command
            .current_dir(&self.root)
            .env_clear()
            .args(arguments)
            .args(["--dot-env", "/dev/null"])
            .stdin(Stdio::null());
        for name in ["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command.env("AWS_CONFIG_FILE", "/nowhere/config").env("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials");
        command.env("AWS_ACCESS_KEY_ID", &self.number).env("AWS_SECRET_ACCESS_KEY", "test");
        command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_ENDPOINT_URL", endpoint);
        command.env("SETTINGS_MODULE", "rehearse").env("AWS_ACCOUNT_ID", &self.number);
        command.env("BUCKET_SUFFIX", format!("t{}", self.number));
        command
    }

    pub(crate) fn run_by(&self, endpoint: &str, arguments: &[&str]) -> Ran {
        ran(&mut self.by(endpoint, arguments))
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_by(&self.endpoint, arguments)
    }

    /// Runs the program with a template folder.
    pub(crate) fn with(&self, command: &str, folder: &Path, more: &[&str]) -> Ran {
        self.run(&[&[command, "--folder", folder.to_str().expect("text")], more].concat())
    }

    fn ask(&self, service: &str, (method, path): (&str, &str), more: &[(&str, &str)], body: &str) -> (String, Vec<u8>) {
        let scope = format!("{}/20260101/{REGION}/{service}/aws4_request", self.number);
        let signed = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none");
        let headers = [&[("Host", "aws"), ("Authorization", signed.as_str())], more].concat();
        http::ask(&self.endpoint, (method, path), &headers, body.as_bytes())
    }

    /// Calls the query protocol; returns its response, which must not be an error.
    #[track_caller]
    pub(crate) fn call(&self, service: &str, action: &str, parameters: &[(&str, &str)]) -> String {
        let text = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let parameters: String = parameters.iter().map(|(name, value)| format!("&{name}={}", text(value))).collect();
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        let version = if service == "cloudformation" { "2010-05-15" } else { "2010-03-31" };
        let body = format!("Action={action}&Version={version}{parameters}");
        let (head, answer) = self.ask(service, ("POST", "/"), &form, &body);
        let answer = String::from_utf8(answer).expect("text");
        assert!(head.contains(" 200 "), "{action}: {answer}");
        answer
    }

    /// Calls the JSON protocol.
    #[track_caller]
    pub(crate) fn call_json(&self, service: &str, target: &str, body: &Value) -> Value {
        let more = [("X-Amz-Target", target), ("Content-Type", "application/x-amz-json-1.1")];
        let (head, answer) = self.ask(service, ("POST", "/"), &more, &body.to_string());
        assert!(head.contains(" 200 "), "{target}: {}", String::from_utf8_lossy(&answer));
        serde_json::from_slice(&answer).expect("JSON")
    }

    /// Calls a REST service.
    pub(crate) fn call_rest(&self, service: &str, method: &str, path: &str, body: &str) -> (String, String) {
        let (head, answer) = self.ask(service, (method, path), &[], body);
        (head, String::from_utf8(answer).expect("text"))
    }

    pub(crate) fn buckets(&self) -> Vec<String> {
        let (_, answer) = self.call_rest("s3", "GET", "/", "");
        let mut names = texts(&answer, "Name");
        names.sort();
        names
    }

    /// Returns the keys of a bucket; at most 1,000.
    pub(crate) fn keys(&self, bucket: &str) -> Vec<String> {
        texts(&self.call_rest("s3", "GET", &format!("/{bucket}?list-type=2"), "").1, "Key")
    }

    /// Returns every stack, by its name without the prefix: its status, parameters, resources, outputs and open change
    /// sets.
    pub(crate) fn state(&self) -> BTreeMap<String, Value> {
        let response = self.call("cloudformation", "DescribeStacks", &[]);
        let stacks = response.split("<member><StackName>").skip(1).map(|stack| {
            let name = stack.split_once('<').expect("a name").0;
            let id = texts(stack, "StackId").remove(0);
            let resources = self.call("cloudformation", "ListStackResources", &[("StackName", &id)]);
            let columns = ["LogicalResourceId", "ResourceType", "PhysicalResourceId"].map(|tag| texts(&resources, tag));
            let [names, kinds, physical] = columns;
            let resources: BTreeMap<String, Value> =
                names.into_iter().zip(kinds.into_iter().zip(physical)).map(|(name, of)| (name, json!(of))).collect();
            let pairs = |key: &str, value: &str| -> BTreeMap<String, String> {
                texts(stack, key).into_iter().zip(texts(stack, value)).collect()
            };
            let (outputs, parameters) = (pairs("OutputKey", "OutputValue"), pairs("ParameterKey", "ParameterValue"));
            let sets = texts(&self.call("cloudformation", "ListChangeSets", &[("StackName", &id)]), "ExecutionStatus");
            let open: Vec<String> = sets.into_iter().filter(|status| !status.starts_with("EXECUTE")).collect();
            let status = texts(stack, "StackStatus").remove(0);
            let state = json!({
                "status": status, "parameters": parameters, "resources": resources, "outputs": outputs, "open": open,
            });
            (name.replace("DataPlatform-", ""), state)
        });
        stacks.filter(|(_, state)| state["status"] != "DELETE_COMPLETE").collect()
    }

    /// Returns the status of a stack, if it exists.
    pub(crate) fn status(&self, stack: &str) -> Option<String> {
        Some(self.state().get(stack)?["status"].as_str()?.to_owned())
    }

    /// Pushes empty images under the tags that the program expects.
    pub(crate) fn push_images(&self) {
        self.push_images_of("rehearse", "");
    }

    /// The same for another settings module, whose repositories have names with this prefix.
    pub(crate) fn push_images_of(&self, module: &str, prefix: &str) {
        let images = self.run(&["build-images", "--dry-run", "--json", "--env", module]).json();
        for image in images.as_array().expect("images") {
            let (name, key) = (image["image"].as_str().expect("a name"), image["key"].as_str().expect("a key"));
            self.push(&format!("{prefix}{name}"), key);
        }
    }

    /// Pushes an image with one empty layer (OCI Distribution Specification, "Push").
    fn push(&self, repository: &str, tag: &str) {
        let host = format!("{}.dkr.ecr.{REGION}.amazonaws.com", self.number);
        let ask = |call: (&str, &str), kind: &str, body: &str| {
            let headers = [("Host", host.as_str()), ("Content-Type", kind)];
            let (head, _) = http::ask(&self.endpoint, call, &headers, body.as_bytes());
            assert!(head.starts_with("HTTP/1.1 20"), "{call:?}: {head}");
            head
        };
        let blob = |content: &str| {
            let head = ask(("POST", &format!("/v2/{repository}/blobs/uploads/")), "application/octet-stream", "");
            let place =
                head.lines().find_map(|line| line.strip_prefix("Location: ").or(line.strip_prefix("location: ")));
            let place = place.expect("where to").trim();
            let place = place.split_once("/v2/").expect("a path").1;
            let hash: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
            let digest = format!("sha256:{hash}");
            let more = if place.contains('?') { '&' } else { '?' };
            let place = format!("/v2/{place}{more}digest={digest}");
            ask(("PUT", &place), "application/octet-stream", content);
            json!({"mediaType": "application/octet-stream", "size": content.len(), "digest": digest})
        };
        // The name of the repository identifies the image.
        let (config, layer) = (blob(&format!("{{\"os\":\"linux\",\"author\":\"{repository}\"}}")), blob("layer"));
        let kind = "application/vnd.docker.distribution.manifest.v2+json";
        let manifest = json!({"schemaVersion": 2, "mediaType": kind, "config": config, "layers": [layer]});
        ask(("PUT", &format!("/v2/{repository}/manifests/{tag}")), kind, &manifest.to_string());
    }
}

pub(crate) fn ran(command: &mut Command) -> Ran {
    let output = command.output().expect("xtask starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Returns the text between each pair of these tags.
pub(crate) fn texts(xml: &str, tag: &str) -> Vec<String> {
    let (begin, end) = (format!("<{tag}>"), format!("</{tag}>"));
    xml.split(&begin).skip(1).filter_map(|rest| Some(rest.split_once(&end)?.0.to_owned())).collect()
}
