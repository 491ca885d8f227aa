//! The real programs, started with nothing in their environment but what a test gives them.

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

/// A program that never ends is a failed test, not a test that never ends.
const LONGEST: Duration = Duration::from_secs(60);

/// A program about to be started.
#[derive(Debug)]
pub struct Program {
    command: Command,
    secrets: Vec<String>,
}

/// A program at work; it ends with this value.
#[derive(Debug)]
pub struct Running {
    child: Child,
    began: Instant,
    output: TempDir,
    secrets: Vec<String>,
}

/// What a program left behind.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

pub fn transformation() -> Program {
    Program::new(env!("CARGO_BIN_EXE_transformation"))
}

pub fn copy() -> Program {
    Program::new(env!("CARGO_BIN_EXE_copy"))
}

impl Program {
    fn new(path: &str) -> Self {
        let mut command = Command::new(path);
        command.env_clear().stdin(Stdio::null());
        Self { command, secrets: Vec::new() }
    }

    /// An option with its value.
    pub fn option(mut self, name: &str, value: &str) -> Self {
        self.command.args([name, value]);
        self
    }

    /// An option without a value.
    pub fn flag(mut self, name: &str) -> Self {
        self.command.arg(name);
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// The warehouse, the way a job gets it; its password must not be seen in what the program says.
    pub fn warehouse(self, url: &str) -> Self {
        let password =
            url.rsplit_once('@').and_then(|(before, _)| before.rsplit_once(':')).map(|(_, password)| password);
        self.secret(password.unwrap_or(url)).env("WAREHOUSE_URL", url)
    }

    /// Something that must not be seen in what the program says.
    pub fn secret(mut self, text: &str) -> Self {
        self.secrets.push(text.to_owned());
        self
    }

    pub fn start(mut self) -> Running {
        let output = tempfile::tempdir().expect("a temporary folder");
        let file = |name| File::create(output.path().join(name)).expect("a file");
        let child = self.command.stdout(file("stdout")).stderr(file("stderr")).spawn().expect("the program");
        Running { child, began: Instant::now(), output, secrets: self.secrets }
    }

    #[track_caller]
    pub fn run(self) -> Ended {
        self.start().wait()
    }
}

impl Running {
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).expect("a process that is there");
    }

    /// What it has said so far.
    pub fn said(&self) -> String {
        fs::read_to_string(self.output.path().join("stderr")).expect("its standard error")
    }

    #[track_caller]
    pub fn wait(mut self) -> Ended {
        let status = loop {
            match self.child.try_wait().expect("a child") {
                Some(status) => break status,
                None => assert!(self.began.elapsed() < LONGEST, "still at work: {}", self.said()),
            }
            sleep(Duration::from_millis(3));
        };
        let stdout = fs::read_to_string(self.output.path().join("stdout")).expect("its standard output");
        let ended = Ended { status, stdout, stderr: self.said(), took: self.began.elapsed() };
        for secret in &self.secrets {
            let shown = ended.stdout.contains(secret) || ended.stderr.contains(secret);
            assert!(!shown, "`{secret}` is shown\n{}\n{}", ended.stdout, ended.stderr);
        }
        ended
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    /// It was done; what it reported.
    #[track_caller]
    pub fn done(&self) -> Value {
        assert_eq!(self.status.code(), Some(0), "{}\n{}", self.status, self.stderr);
        assert_eq!(self.stdout.lines().count(), 1, "one line of JSON, not {}", self.stdout);
        serde_json::from_str(&self.stdout).expect("JSON")
    }

    /// It refused, for good, and said these words.
    #[track_caller]
    pub fn refused(&self, words: &[&str]) {
        self.failed(1, words);
    }

    /// It failed for now and said these words.
    #[track_caller]
    pub fn failed_for_now(&self, words: &[&str]) {
        self.failed(75, words);
    }

    /// It was called wrongly and said these words.
    #[track_caller]
    pub fn misused(&self, words: &[&str]) {
        self.failed(2, words);
    }

    #[track_caller]
    fn failed(&self, code: i32, words: &[&str]) {
        assert_eq!(self.status.code(), Some(code), "{}\n{}{}", self.status, self.stdout, self.stderr);
        assert_eq!(self.stdout, "", "a failure has no report");
        for words in words {
            assert!(self.stderr.contains(words), "no `{words}` in:\n{}", self.stderr);
        }
    }

    /// It was ended by this signal.
    #[track_caller]
    pub fn was_killed(&self, signal: Signal) {
        assert_eq!(self.status.signal(), Some(signal as i32), "{}\n{}", self.status, self.stderr);
    }
}
