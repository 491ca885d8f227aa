//! Chromium without a window, spoken to in its DevTools protocol over the pipe that `--remote-debugging-pipe` opens: JSON
//! messages that end in a zero byte, to its file descriptor 3 and from its 4.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use nix::sys::stat::Mode;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The longest wait for an answer; Chromium's first start on a busy machine takes seconds.
const PATIENCE: Duration = Duration::from_secs(90);

/// Nothing but the page: no network of its own, no profile that lasts.
const FLAGS: [&str; 13] = [
    "--headless=new",
    "--no-sandbox", // tests may run as root, where Chromium's sandbox cannot; the only page is our own
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

/// A running Chromium with one page; it ends with this value.
pub struct Chromium {
    process: Child,
    to: File,
    from: Receiver<Value>,
    asked: u64,
    session: Option<String>,
    events: Vec<Value>,
    folder: TempDir,
}

/// Chromium's program: `$CHROMIUM`, or what distributions call it.
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
        // The shell opens the two descriptors by number, which Rust's own `Command` cannot.
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

    /// Opens a file, and gives what happened until it was loaded.
    pub fn open(&mut self, file: &Path) -> Vec<Value> {
        self.events.clear();
        self.call("Page.navigate", json!({ "url": format!("file://{}", file.display()) }));
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.next("loading the page");
            self.events.push(event);
        }
        // What the page does after it has loaded, its first painting too, is done before this is answered.
        self.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(() => done(true))))");
        std::mem::take(&mut self.events)
    }

    /// Evaluates an expression in the page, which its content security policy does not forbid; a promise is waited for.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", params);
        assert!(answer["exceptionDetails"].is_null(), "{}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    fn next(&mut self, doing: &str) -> Value {
        self.from.recv_timeout(PATIENCE).unwrap_or_else(|error| {
            let said = fs::read_to_string(self.folder.path().join("stderr")).unwrap_or_default();
            panic!("Chromium gave no answer to {doing}: {error}\n{said}")
        })
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Asked first: its helper processes end with it, and its profile is no longer in use.
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
