//! Starts the real programs with only the environment variables that a test sets.

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

/// The time after which a program that has not exited fails its test.
const LONGEST: Duration = Duration::from_secs(180);

/// A program that has not been started yet.
#[derive(Debug)]
pub struct Program {
    command: Command,
    secrets: Vec<String>,
}

/// A running program; it is killed when this value is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    began: Instant,
    output: TempDir,
    secrets: Vec<String>,
}

/// The result of a program.
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

pub fn forget() -> Program {
    Program::new(env!("CARGO_BIN_EXE_forget"))
}

pub fn report() -> Program {
    Program::new(env!("CARGO_BIN_EXE_report"))
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

    /// Adds an option with a value.
    pub fn option(mut self, name: &str, value: &str) -> Self {
        self.command.args([name, value]);
        self
    }

    /// Adds an option without a value.
    pub fn flag(mut self, name: &str) -> Self {
        self.command.arg(name);
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Sets the warehouse as in a job; the output must not contain its password.
    pub fn warehouse(self, url: &str) -> Self {
        let password =
            url.rsplit_once('@').and_then(|(before, _)| before.rsplit_once(':')).map(|(_, password)| password);
        self.secret(password.unwrap_or(url)).env("WAREHOUSE_URL", url)
    }

    /// Adds a secret that the output must not contain.
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

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns its standard error so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.output.path().join("stderr")).expect("its standard error")
    }

    #[track_caller]
    pub fn wait(mut self) -> Ended {
        let status = loop {
            match self.child.try_wait().expect("a child") {
                Some(status) => break status,
                None => assert!(self.began.elapsed() < LONGEST, "still at work: {}", self.log()),
            }
            sleep(Duration::from_millis(3));
        };
        let stdout = fs::read_to_string(self.output.path().join("stdout")).expect("its standard output");
        let ended = Ended { status, stdout, stderr: self.log(), took: self.began.elapsed() };
        for secret in &self.secrets {
            let shown = ended.stdout.contains(secret) || ended.stderr.contains(secret);
            assert!(!shown, "`{secret}` is shown\n{}\n{}", ended.stdout, ended.stderr);
        }
        ended
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    /// Checks that the program succeeded; returns its report.
    #[track_caller]
    pub fn done(&self) -> Value {
        assert_eq!(self.status.code(), Some(0), "{}\n{}", self.status, self.stderr);
        assert_eq!(self.stdout.lines().count(), 1, "one line of JSON, not {}", self.stdout);
        serde_json::from_str(&self.stdout).expect("JSON")
    }

    /// Checks that the program failed permanently, with these messages.
    #[track_caller]
    pub fn refused(&self, messages: &[&str]) {
        self.failed(1, messages);
    }

    /// Checks that the program failed temporarily, with these messages.
    #[track_caller]
    pub fn failed_temporarily(&self, messages: &[&str]) {
        self.failed(75, messages);
    }

    /// Checks that the program's command line was invalid, with these messages.
    #[track_caller]
    pub fn misused(&self, messages: &[&str]) {
        self.failed(2, messages);
    }

    #[track_caller]
    fn failed(&self, code: i32, messages: &[&str]) {
        assert_eq!(self.status.code(), Some(code), "{}\n{}{}", self.status, self.stdout, self.stderr);
        assert_eq!(self.stdout, "", "a failure has no report");
        for message in messages {
            assert!(self.stderr.contains(message), "no `{message}` in:\n{}", self.stderr);
        }
    }

    /// Checks that the program was killed by this signal.
    #[track_caller]
    pub fn was_killed(&self, signal: Signal) {
        assert_eq!(self.status.signal(), Some(signal as i32), "{}\n{}", self.status, self.stderr);
    }
}
