//! Headless Chromium, controlled with the DevTools protocol over the pipes of `--remote-debugging-pipe`: JSON messages,
//! each terminated by a zero byte, are written to its file descriptor 3 and read from 4.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use nix::sys::stat::Mode;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The maximum wait for a response; on a busy machine, Chromium's first start takes seconds.
const PATIENCE: Duration = Duration::from_secs(90);

/// Disables everything but the page: background network requests and a permanent profile.
const FLAGS: [&str; 13] = [
    "--headless=new",
    "--no-sandbox", // tests may run as root, where Chromium's sandbox does not work; we open only our own page
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
];

/// A running Chromium with one page; it is stopped when this value is dropped.
pub struct Chromium {
    process: Child,
    to: File,
    from: Receiver<Value>,
    asked: u64,
    session: Option<String>,
    events: Vec<Value>,
    folder: TempDir,
}

/// Returns the Chromium program: `$CHROMIUM`, or a name that distributions use.
pub fn installed() -> Option<PathBuf> {
    let given = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
    let found = || std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name)));
    given.or_else(|| found().find(|program| program.is_file()))
}

impl Chromium {
    /// Starts Chromium, and opens an empty page that reports its errors and requests.
    pub fn start(program: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let [to, from] = ["to", "from"].map(|name| folder.path().join(name));
        for pipe in [&to, &from] {
            nix::unistd::mkfifo(pipe, Mode::S_IRWXU).expect("a named pipe");
        }
        // A shell opens the two file descriptors by number, which Rust's `Command` cannot do.
        let process = Command::new("sh")
            .args(["-c", r#"exec "$@" 3<"$0/to" 4>"$0/from""#])
            .arg(folder.path())
            .arg(program)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .env("HOME", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(folder.path().join("stderr")).expect("a file"))
            .spawn()
            .expect("sh starts");
        let to = File::options().write(true).open(to).expect("the pipe to Chromium");
        let from = BufReader::new(File::open(from).expect("the pipe from Chromium"));
        let (tell, heard) = mpsc::channel();
        std::thread::spawn(move || {
            for message in from.split(0).map_while(Result::ok) {
                if tell.send(serde_json::from_slice(&message).expect("JSON")).is_err() {
                    return;
                }
            }
        });
        let mut chromium = Self { process, to, from: heard, asked: 0, session: None, events: Vec::new(), folder };
        let target = chromium.call("Target.createTarget", json!({ "url": "about:blank" }))["targetId"].clone();
        let attached = chromium.call("Target.attachToTarget", json!({ "targetId": target, "flatten": true }));
        chromium.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            chromium.call(&format!("{domain}.enable"), json!({}));
        }
        chromium
    }

    /// Calls a method of the protocol, and waits for its result.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        let id = self.asked;
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(format!("{message}\0").as_bytes()).expect("Chromium listens");
        loop {
            let mut message = self.next(method);
            if message["id"] == json!(id) {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].take();
            }
            self.events.push(message);
        }
    }

    /// Opens a file, and returns the events until it is loaded.
    pub fn open(&mut self, file: &Path) -> Vec<Value> {
        self.events.clear();
        self.call("Page.navigate", json!({ "url": format!("file://{}", file.display()) }));
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.next("loading the page");
            self.events.push(event);
        }
        // The response comes after the page has finished its work, including the first paint.
        self.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(() => done(true))))");
        std::mem::take(&mut self.events)
    }

    /// Evaluates an expression in the page, which its content security policy allows; waits for a promise.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let response = self.call("Runtime.evaluate", params);
        assert!(response["exceptionDetails"].is_null(), "{}", response["exceptionDetails"]);
        response["result"]["value"].clone()
    }

    fn next(&mut self, doing: &str) -> Value {
        self.from.recv_timeout(PATIENCE).unwrap_or_else(|error| {
            let stderr = fs::read_to_string(self.folder.path().join("stderr")).unwrap_or_default();
            panic!("Chromium did not respond to {doing}: {error}\n{stderr}")
        })
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Closing it first also stops its helper processes, so that its profile is no longer in use.
        let _ = self.to.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(10) {
            if matches!(self.process.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
