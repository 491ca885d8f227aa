//! `dbt/run.py` as the image starts it: in the project's folder, with a separate environment. Its output is searched
//! for secrets.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// The entry point with some settings.
pub(crate) struct Entry {
    command: Command,
    secrets: Vec<String>,
}

/// A run in progress.
pub(crate) struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    output: String,
    secrets: Vec<String>,
}

/// A run that has finished.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Creates a folder with a program `dbt` that is this shell script.
pub(crate) fn script(script: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("dbt");
    fs::write(&file, format!("#!/bin/sh\n{script}\n")).expect("the script");
    fs::set_permissions(&file, Permissions::from_mode(0o755)).expect("a program");
    folder
}

impl Entry {
    /// Runs the entry point in a project's folder; `programs` precede `PATH`.
    pub(crate) fn new(project: &Path, programs: &[&Path]) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = programs.iter().map(|folder| folder.to_path_buf()).chain(std::env::split_paths(&path));
        let mut command = Command::new("python3");
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../dbt/run.py")).current_dir(project).env_clear();
        // Neither ~/.aws nor the metadata of an EC2 instance may matter.
        command.env("HOME", project).env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_DEFAULT_REGION", "eu-west-1");
        command.env("PATH", std::env::join_paths(path).expect("a path"));
        let keys = [
            ("AWS_ACCESS_KEY_ID", "AKIACANARYCANARYCANA"),
            ("AWS_SECRET_ACCESS_KEY", "canary-secret"),
            ("AWS_SESSION_TOKEN", "canary-token"),
        ];
        keys.iter().fold(Self { command, secrets: Vec::new() }, |entry, (name, secret)| entry.secret(name, secret))
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Adds a setting that must not appear in the output.
    pub(crate) fn secret(mut self, name: &str, value: &str) -> Self {
        self.secrets.push(value.trim().to_owned());
        self.env(name, value)
    }

    pub(crate) fn run(self, arguments: &[&str]) -> Finished {
        self.start(arguments).wait()
    }

    pub(crate) fn start(mut self, arguments: &[&str]) -> Running {
        self.command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("python3 starts");
        let stdout = BufReader::new(child.stdout.take().expect("its output"));
        Running { child, stdout, output: String::new(), secrets: self.secrets }
    }
}

impl Running {
    /// Waits until standard output has a line with this text.
    pub(crate) fn until(&mut self, text: &str) {
        while !self.output.contains(text) {
            let read = self.stdout.read_line(&mut self.output).expect("text");
            assert_ne!(read, 0, "it exited without `{text}`: {}", self.output);
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).expect("a process id");
        kill(Pid::from_raw(id), signal).expect("it runs");
    }

    pub(crate) fn wait(mut self) -> Finished {
        self.stdout.read_to_string(&mut self.output).expect("text");
        let output = self.child.wait_with_output().expect("it exits");
        let stderr = String::from_utf8(output.stderr).expect("text");
        let finished = Finished { code: output.status.code(), stdout: self.output, stderr };
        for secret in &self.secrets {
            assert!(
                ![&finished.stdout, &finished.stderr].iter().any(|text| text.contains(secret)),
                "{secret}: {finished:?}"
            );
        }
        finished
    }
}

impl Finished {
    /// Checks the exit code, and that standard error is one line with these texts.
    #[track_caller]
    pub(crate) fn reports(&self, code: i32, texts: &[&str]) {
        // A build also writes the status of its nodes.
        let lines = self.stderr.lines().filter(|line| !line.starts_with("nodes: "));
        assert_eq!((self.code, lines.count()), (Some(code), 1), "{self:?}");
        for text in texts {
            assert!(self.stderr.contains(text), "`{text}` is not in: {}", self.stderr);
        }
    }
}
