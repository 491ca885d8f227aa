//! `cargo xtask rehearse` with the emulators and a real database, Airflow and Docker engine; `cargo xtask test --all`
//! runs it. strace records the programs that are started and their connections. The tests use a copy of the repository
//! with another `.env`.

mod alone;
mod leftovers;
mod preflight;
mod red;
mod sources;

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::copy::copy_repository;

/// The maximum duration of a failing rehearsal on a busy machine.
const AT_MOST: Duration = Duration::from_secs(1200);
/// The maximum time without output: the first rehearsal compiles, installs and builds.
const SILENCE: Duration = Duration::from_secs(1200);

/// The maximum time until the end of the output is read, after an exit.
const PIPE: Duration = Duration::from_secs(10);

fn repository() -> PathBuf {
    let place = std::env::var("TEST_REPOSITORY");
    place.expect("this test needs TEST_REPOSITORY: run it with `cargo xtask test --all`").into()
}

/// The program in the copy, which is created once.
fn command(arguments: &[&str]) -> Command {
    static COPIED: std::sync::Once = std::sync::Once::new();
    COPIED.call_once(|| copy_repository(&repository()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(arguments).current_dir(repository()).stdin(Stdio::null());
    command
}

/// Runs a first rehearsal, which compiles, installs and builds everything, so that the others are fast, and stops it with
/// Ctrl-C.
fn prepare() {
    static PREPARED: std::sync::Once = std::sync::Once::new();
    PREPARED.call_once(|| {
        let before = folders();
        let mut first = Running::new(command(&["rehearse"]));
        first.until("Running the `ingestion` DAG");
        println!("the first rehearsal ran the DAG after {:.0?}", first.start.elapsed());
        let state = state(&new_folder(&before).expect("its folder"));
        assert!(!leftovers(&state).is_empty(), "its servers run");
        first.signal("INT");
        let first = first.finish();
        assert_eq!(first.code, Some(130), "{}", first.stderr);
        assert!(first.stderr.contains("Stopping everything that was started"), "{}", first.stderr);
        assert_eq!(leftovers(&state), [""; 0]);
    });
}

/// A running rehearsal.
struct Running {
    child: Child,
    stderr: Receiver<String>,
    lines: Vec<String>,
    stdout: Receiver<String>,
    start: Instant,
}

/// The lines of a pipe.
fn lines_of(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (send, lines) = channel();
    thread::spawn(move || {
        let lines = BufReader::new(pipe).lines().map_while(Result::ok);
        lines.take_while(|line| send.send(line.clone()).is_ok()).count()
    });
    lines
}

/// A finished rehearsal.
struct Finished {
    code: Option<i32>,
    /// Standard output as JSON; null if it is not JSON.
    report: Value,
    stderr: String,
    duration: Duration,
}

impl Running {
    fn new(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let stdout = lines_of(child.stdout.take().expect("a pipe"));
        let stderr = lines_of(child.stderr.take().expect("a pipe"));
        Self { child, stderr, lines: Vec::new(), stdout, start: Instant::now() }
    }

    fn rehearsal(arguments: &[&str]) -> Self {
        prepare();
        Self::new(command(&[&["rehearse"], arguments].concat()))
    }

    /// Waits for a text on standard error.
    #[track_caller]
    fn until(&mut self, text: &str) {
        while !self.lines.last().is_some_and(|line| line.contains(text)) {
            let line = self.stderr.recv_timeout(SILENCE);
            self.lines.push(line.unwrap_or_else(|_| panic!("`{text}` was never printed: {:#?}", self.lines)));
        }
    }

    /// Waits for the report on standard output, but not for the exit.
    #[track_caller]
    fn report(&mut self) -> (Value, Duration) {
        let line = self.stdout.recv_timeout(SILENCE);
        self.lines.extend(self.stderr.try_iter());
        let line = line.unwrap_or_else(|_| panic!("no report: {}", self.lines.join("\n")));
        (serde_json::from_str(&line).expect("JSON"), self.start.elapsed())
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.expect("kill starts").success());
    }

    /// Waits for the exit, and for the end of the output.
    #[track_caller]
    fn finish(mut self) -> Finished {
        let start = Instant::now();
        let code = loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                break status.code();
            }
            self.lines.extend(self.stderr.try_iter());
            assert!(start.elapsed() < SILENCE, "it does not exit: {}", self.lines.join("\n"));
            thread::sleep(Duration::from_millis(50));
        };
        let duration = self.start.elapsed();
        while let Ok(line) = self.stderr.recv_timeout(PIPE) {
            self.lines.push(line);
        }
        let report = self.stdout.iter().last().and_then(|line| serde_json::from_str(&line).ok()).unwrap_or(Value::Null);
        Finished { code, report, stderr: self.lines.join("\n"), duration }
    }
}

/// Returns the rehearsal folders, in time order.
fn folders() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(repository().join("target/rehearse")).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// Returns the folder of a new rehearsal.
fn new_folder(before: &[PathBuf]) -> Option<PathBuf> {
    folders().into_iter().find(|folder| !before.contains(folder))
}

/// Returns the record of a rehearsal.
fn state(folder: &Path) -> Value {
    let text = std::fs::read_to_string(folder.join("state.json")).expect("state.json");
    serde_json::from_str(&text).expect("JSON")
}

/// Returns what a stopped rehearsal left behind: servers, processes, containers, image names, its folder.
fn leftovers(state: &Value) -> Vec<String> {
    let place = &state["place"];
    let (id, dir) = (place["id"].as_str().expect("an id"), place["dir"].as_str().expect("a folder"));
    let warehouse = state["warehouse"]["port"].as_u64();
    let ports = ["iam", "ministack", "moto", "airflow", "redshift", "wire"].map(|server| place[server].as_u64());
    let ports = ports.into_iter().chain([warehouse]).flatten().map(|port| u16::try_from(port).expect("a port"));
    let mut found: Vec<String> = ports
        .filter(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok())
        .map(|port| format!("a server at {port}"))
        .collect();
    for entry in std::fs::read_dir("/proc").expect("processes").flatten() {
        let (environ, cwd) =
            (std::fs::read(entry.path().join("environ")), std::fs::read_link(entry.path().join("cwd")));
        let is_marked =
            environ.is_ok_and(|text| String::from_utf8_lossy(&text).contains(&format!("DPWORLD_REHEARSAL={id}")));
        if is_marked || cwd.is_ok_and(|cwd| cwd.starts_with(dir)) {
            found.push(format!("process {}", entry.file_name().display()));
        }
    }
    let docker = |arguments: &[&str]| {
        let output = Command::new("docker").args(arguments).output().expect("docker starts");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let label = format!("label=DPWORLD_REHEARSAL={id}");
    found.extend(docker(&["ps", "--all", "--quiet", "--filter", &label]).lines().map(|id| format!("container {id}")));
    let names = docker(&["image", "ls", "--format", "{{.Repository}}:{{.Tag}}"]);
    for host in ["ministack", "iam"].map(|server| format!("127.0.0.1:{}/", place[server])) {
        let names = names.lines().filter(|name| name.starts_with(&host) && !name.starts_with(&format!("{host}base")));
        found.extend(names.map(|name| format!("image {name}")));
    }
    found.extend(Path::new(dir).exists().then(|| dir.to_owned()));
    found
}
