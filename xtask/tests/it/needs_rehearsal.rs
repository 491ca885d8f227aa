//! `cargo xtask rehearse` with real emulators, a real database, a real Airflow and a real engine: `cargo xtask test --all` starts
//! it. Which processes are begun and where they connect to is the system's own account of it, by strace.
//!
//! It works in a copy of the repository, whose `.env` is a test's own.

mod alone;
mod leftovers;
mod red;

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::copy::copy_repository;

/// A rehearsal that fails says why within this time.
const AT_MOST: Duration = Duration::from_secs(180);
/// How long one may be silent: the first compiles, installs and builds.
const SILENCE: Duration = Duration::from_secs(1200);

fn repository() -> PathBuf {
    let place = std::env::var("TEST_REPOSITORY");
    place.expect("this test needs TEST_REPOSITORY: run it with `cargo xtask test --all`").into()
}

/// The program in the copy, which is made once.
fn command(words: &[&str]) -> Command {
    static COPIED: std::sync::Once = std::sync::Once::new();
    COPIED.call_once(|| copy_repository(&repository()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(words).current_dir(repository()).stdin(Stdio::null());
    command
}

/// Has a first one compile, install and build, once: what the others are held to is a rehearsal's own.
fn prepared() {
    static PREPARED: std::sync::Once = std::sync::Once::new();
    PREPARED.call_once(|| {
        let mut first = Begun::new(command(&["rehearse"]));
        first.until("Running the DAG");
        println!("a first one was ready to run after {:.0?}", first.began.elapsed());
        first.signal("INT");
        assert_eq!(first.end().code, Some(130));
    });
}

/// One that goes on beside the test.
struct Begun {
    child: Child,
    words: Receiver<String>,
    said: Vec<String>,
    out: Receiver<String>,
    began: Instant,
}

/// The lines of a pipe, as they come.
fn lines_of(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (send, lines) = channel();
    thread::spawn(move || {
        let lines = BufReader::new(pipe).lines().map_while(Result::ok);
        lines.take_while(|line| send.send(line.clone()).is_ok()).count()
    });
    lines
}

/// How it ended.
struct Ended {
    code: Option<i32>,
    /// Standard output as JSON; null where it was none.
    told: Value,
    /// Standard error.
    said: String,
    took: Duration,
}

impl Begun {
    fn new(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let out = lines_of(child.stdout.take().expect("a pipe"));
        let words = lines_of(child.stderr.take().expect("a pipe"));
        Self { child, words, said: Vec::new(), out, began: Instant::now() }
    }

    fn rehearsal(words: &[&str]) -> Self {
        prepared();
        Self::new(command(&[&["rehearse"], words].concat()))
    }

    /// Waits until it has said this.
    #[track_caller]
    fn until(&mut self, wanted: &str) {
        while !self.said.last().is_some_and(|line| line.contains(wanted)) {
            let line = self.words.recv_timeout(SILENCE);
            self.said.push(line.unwrap_or_else(|_| panic!("it never said `{wanted}`: {:#?}", self.said)));
        }
    }

    /// Waits for what it tells on standard output, and not for its end.
    #[track_caller]
    fn told(&mut self) -> (Value, Duration) {
        let line = self.out.recv_timeout(SILENCE);
        self.said.extend(self.words.try_iter());
        let line = line.unwrap_or_else(|_| panic!("it told nothing: {}", self.said.join("\n")));
        (serde_json::from_str(&line).expect("JSON"), self.began.elapsed())
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.expect("kill starts").success());
    }

    fn end(mut self) -> Ended {
        let code = self.child.wait().expect("it ends").code();
        let took = self.began.elapsed();
        self.said.extend(self.words.iter());
        let told = self.out.iter().last().and_then(|line| serde_json::from_str(&line).ok()).unwrap_or(Value::Null);
        Ended { code, told, said: self.said.join("\n"), took }
    }
}

/// The folders of the rehearsals that there are, in the order of their times.
fn folders() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(repository().join("target/rehearse")).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// The folder of one that has begun since then.
fn begun_since(before: &[PathBuf]) -> Option<PathBuf> {
    folders().into_iter().find(|folder| !before.contains(folder))
}

/// What a rehearsal wrote down of itself.
fn state(folder: &Path) -> Value {
    let text = std::fs::read_to_string(folder.join("state.json")).expect("it is written down");
    serde_json::from_str(&text).expect("JSON")
}

/// What is left of a rehearsal that has ended: servers that answer, processes, containers, names of images, its folder.
fn left(state: &Value) -> Vec<String> {
    let place = &state["place"];
    let (id, dir) = (place["id"].as_str().expect("an id"), place["dir"].as_str().expect("a folder"));
    let warehouse = state["warehouse"]["port"].as_u64();
    let ports = ["ministack", "moto", "airflow"].map(|server| place[server].as_u64());
    let ports = ports.into_iter().chain([warehouse]).flatten().map(|port| u16::try_from(port).expect("a port"));
    let mut left: Vec<String> = ports
        .filter(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok())
        .map(|port| format!("something answers at {port}"))
        .collect();
    for entry in std::fs::read_dir("/proc").expect("processes").flatten() {
        let (environ, cwd) =
            (std::fs::read(entry.path().join("environ")), std::fs::read_link(entry.path().join("cwd")));
        let is_marked =
            environ.is_ok_and(|text| String::from_utf8_lossy(&text).contains(&format!("DPWORLD_REHEARSAL={id}")));
        if is_marked || cwd.is_ok_and(|cwd| cwd.starts_with(dir)) {
            left.push(format!("process {}", entry.file_name().display()));
        }
    }
    let docker = |arguments: &[&str]| {
        let output = Command::new("docker").args(arguments).output().expect("docker starts");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let label = format!("label=DPWORLD_REHEARSAL={id}");
    left.extend(docker(&["ps", "--all", "--quiet", "--filter", &label]).lines().map(|id| format!("container {id}")));
    let host = format!("127.0.0.1:{}/", place["ministack"]);
    let names = docker(&["image", "ls", "--format", "{{.Repository}}:{{.Tag}}"]);
    let names = names.lines().filter(|name| name.starts_with(&host) && !name.starts_with(&format!("{host}base")));
    left.extend(names.map(|name| format!("image {name}")));
    left.extend(Path::new(dir).exists().then(|| dir.to_owned()));
    left
}
