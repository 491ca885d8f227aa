//! A DAG folder, a bucket, and the requests of its syncs.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::super::setting;
use crate::support::proxy::{Fate, Proxy, Recorded};
use crate::support::s3::{ask, make_bucket};

/// The objects in the bucket, by key.
pub(super) type State = BTreeMap<String, String>;

pub(super) fn line(request: &Recorded) -> String {
    request.line()
}

pub(super) struct Bench {
    folder: TempDir,
    suffix: String,
    bucket: String,
    upstream: String,
    state: State,
}

impl Bench {
    /// Creates a bench with a versioned DAG bucket, as MWAA requires.
    pub(super) fn new(name: &str) -> Self {
        Self::with("airflow", name)
    }

    pub(super) fn lake(name: &str) -> Self {
        Self::with("dlake", name)
    }

    fn with(what: &str, name: &str) -> Self {
        let suffix = format!("{name}-{}", std::process::id());
        let bucket = format!("dpstack-{what}-{suffix}");
        let upstream = setting("TEST_S3_ENDPOINT");
        make_bucket(&upstream, &bucket);
        Self { folder: tempfile::tempdir().expect("a folder"), suffix, bucket, upstream, state: State::new() }
    }

    pub(super) fn write(&self, files: &[(&str, &str)]) {
        for (name, text) in files {
            let file = self.folder.path().join(name);
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            fs::write(file, text).expect("written");
        }
    }

    pub(super) fn remove(&self, file: &str) {
        fs::remove_file(self.folder.path().join(file)).expect("a file");
    }

    pub(super) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub(super) fn upstream(&self) -> String {
        self.upstream.clone()
    }

    /// Returns an object's path in S3's own protocol.
    pub(super) fn path(&self, key: &str) -> String {
        format!("/{}/{key}", self.bucket)
    }

    pub(super) fn put(&self, key: &str, bytes: &[u8]) {
        let (head, _) = ask(&self.upstream, "PUT", &self.path(key), bytes);
        assert!(head.contains(" 200 "), "{head}");
    }

    /// Writes an object as another client.
    pub(super) fn meddle(&mut self, key: &str, text: &str) {
        self.put(key, text.as_bytes());
        self.state.insert(key.to_owned(), text.to_owned());
    }

    pub(super) fn read(&self, key: &str) -> Vec<u8> {
        ask(&self.upstream, "GET", &self.path(key), b"").1
    }

    fn header(&self, key: &str, name: &str) -> String {
        let (head, _) = ask(&self.upstream, "GET", &self.path(key), b"");
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(own, _)| own.eq_ignore_ascii_case(name)).expect("the header").1.to_owned()
    }

    pub(super) fn etag(&self, key: &str) -> String {
        self.header(key, "etag")
    }

    pub(super) fn version(&self, key: &str) -> String {
        self.header(key, "x-amz-version-id")
    }

    pub(super) fn command(&self, name: &str, endpoint: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args([name, "--env", "dev", "--dot-env", "/dev/null"]);
        // The proxy counts only requests to S3.
        command
            .env("AWS_ENDPOINT_URL_CLOUDFORMATION", &self.upstream)
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("BUCKET_SUFFIX", &self.suffix)
            .env_remove("AWS_ACCOUNT_ID");
        command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
        command
    }

    fn sync(&self, endpoint: &str) -> Command {
        let mut command = self.command("sync-dags", endpoint);
        command.arg("--dir").arg(self.folder.path());
        command
    }

    pub(super) fn sample(&self, arguments: &[&str]) -> String {
        self.sample_through(&self.upstream, arguments)
    }

    pub(super) fn sample_through(&self, endpoint: &str, arguments: &[&str]) -> String {
        let output = self.command("upload-sample", endpoint).args(arguments).output().expect("xtask starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    /// Runs a sync through a proxy; Python imports the files that it wrote.
    pub(super) fn through(&mut self, proxy: &Proxy, arguments: &[&str]) -> Output {
        let output = self.sync(&proxy.endpoint).args(arguments).output().expect("xtask starts");
        self.follow(&proxy.requests());
        output
    }

    /// Runs a successful sync without the check by Python, for many files.
    pub(super) fn unseen(&self) {
        let output = self.sync(&self.upstream).output().expect("xtask starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Starts a sync that the test kills.
    pub(super) fn start(&self, proxy: &Proxy) -> Child {
        let mut command = self.sync(&proxy.endpoint);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("xtask starts")
    }

    /// Runs a successful sync; returns its JSON and its requests.
    pub(super) fn done(&mut self, arguments: &[&str]) -> (Value, Vec<Recorded>) {
        let proxy = Proxy::start(&self.upstream, Box::new(|_, _| Fate::Pass));
        let output = self.through(&proxy, &[arguments, &["--json"]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (serde_json::from_slice(&output.stdout).expect("JSON"), proxy.requests())
    }

    /// Runs a successful sync; returns its text.
    pub(super) fn text(&mut self, arguments: &[&str]) -> String {
        let proxy = Proxy::start(&self.upstream, Box::new(|_, _| Fate::Pass));
        let output = self.through(&proxy, arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    /// Runs a sync that fails with these texts.
    pub(super) fn refused(&mut self, arguments: &[&str], texts: &[&str]) -> Vec<Recorded> {
        let proxy = Proxy::start(&self.upstream, Box::new(|_, _| Fate::Pass));
        let output = self.through(&proxy, arguments);
        refusal(&output, texts);
        proxy.requests()
    }

    /// Applies the requests to the known state, and lets Python import every file after each write.
    pub(super) fn follow(&mut self, requests: &[Recorded]) {
        let mut states = vec![self.state.clone()];
        let done = |request: &&Recorded| request.status.is_some_and(|status| status < 300);
        for (at, request) in requests.iter().enumerate().filter(|(_, request)| done(request)) {
            match request.method.as_str() {
                "PUT" => {
                    let text = String::from_utf8(request.body.clone()).expect("text");
                    self.state.insert(request.key.clone(), text);
                }
                // Repeated, because its response was lost.
                "DELETE" if requests[..at].iter().filter(done).any(|first| first.line() == request.line()) => {}
                "DELETE" => assert!(self.state.remove(&request.key).is_some(), "{} did not exist", request.key),
                _ => continue,
            }
            states.push(self.state.clone());
        }
        for (key, text) in &self.state {
            assert!(self.read(key) == text.as_bytes(), "the bucket's {key} differs from the requests");
        }
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/needs_emulator/sync/importable.py");
        let mut python =
            Command::new("python3").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python");
        let mut input = python.stdin.take().expect("a pipe");
        input.write_all(&serde_json::to_vec(&states).expect("JSON")).expect("read");
        drop(input);
        let output = python.wait_with_output().expect("python ends");
        let problems = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && problems.is_empty(), "{problems}");
    }

    /// Asserts that the bucket has exactly these DAGs and requirements.
    pub(super) fn holds(&self, files: &[(&str, &str)]) {
        let key = |name: &str| if name == "requirements.txt" { name.to_owned() } else { format!("dags/{name}") };
        let expected: State = files.iter().map(|(name, text)| (key(name), (*text).to_owned())).collect();
        let mut current = self.state.clone();
        current.remove("dags/.dpworld-sync.json");
        assert_eq!(current, expected);
    }
}

/// Asserts exit code 1 and these texts on standard error.
pub(super) fn refusal(output: &Output, texts: &[&str]) {
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    for text in texts {
        assert!(message.contains(text), "{text}: {message}");
    }
}
