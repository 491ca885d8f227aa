//! A build or push that is interrupted by the user or by the engine leaves no partial result, and running the same command
//! again finishes it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::doubles::Stalling;
use super::engine::Engine;
use super::{REGION, SECRET, build_images, docker_output, first, ministack, on_aws, refusal, repository};

/// A running command.
struct Running(Child);

impl Running {
    /// Resets the handling of SIGINT: unlike in a terminal, the children of a test in the background ignore it.
    fn start(command: &Command) -> Self {
        let mut own = Command::new("env");
        own.arg("--default-signal=INT").arg(command.get_program()).args(command.get_args());
        own.current_dir(command.get_current_dir().expect("a folder"));
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => own.env(name, value),
                None => own.env_remove(name),
            };
        }
        Self(own.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("xtask starts"))
    }

    /// Waits for a line on its standard error.
    fn until(&mut self, message: &str) {
        let mut stderr = Vec::new();
        let mut lines = BufReader::new(self.0.stderr.as_mut().expect("standard error")).lines();
        while !stderr.last().is_some_and(|line: &String| line.contains(message)) {
            stderr.push(lines.next().unwrap_or_else(|| panic!("no line has `{message}`: {stderr:?}")).expect("UTF-8"));
        }
    }

    fn interrupt(self) {
        kill(Pid::from_raw(self.0.id().try_into().expect("a pid")), Signal::SIGINT).expect("it runs");
        let output = self.0.wait_with_output().expect("it ends");
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&output.status), Some(Signal::SIGINT as i32));
        assert!(output.stdout.is_empty(), "it printed a result");
    }

    /// Waits for a temporary failure.
    fn fails_temporarily(self) {
        let output = self.0.wait_with_output().expect("it ends");
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(75), "{message}");
        assert!(message.contains("hint: check that the engine is running, then run the command again"), "{message}");
        assert!(output.stdout.is_empty() && !message.contains(SECRET), "{message}");
    }
}

/// Returns settings in which the ingestion image has a repository of that name.
fn with_repository(name: &str) {
    let text = format!("extends: dev\nregistry:\n  ingestion: {name}\n");
    fs::write(repository().join(format!("infra/settings/{name}.yaml")), text).expect("written");
    on_aws(REGION, &["repositories", name]);
}

#[track_caller]
fn finishes(command: &mut Command) -> Value {
    let output = command.output().expect("xtask starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let made: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    made[0].clone()
}

/// Interrupts a build and checks that its container is gone.
pub(super) fn interrupt_a_build() {
    let mut running = Running::start(&build_images(&["--no-cache", "--image", "dbt-image", "--json"]));
    running.until("pip install");
    running.until("Running in");
    running.interrupt();
    let began = Instant::now();
    while docker_output(&["ps", "--all", "--no-trunc", "--format", "{{.Command}}"]).contains("/requirements.txt") {
        assert!(began.elapsed() < Duration::from_secs(120), "the build's container still exists");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn an_interrupted_build_leaves_no_container_and_the_next_one_finishes() {
    // The first build of all is the one after it.
    assert_eq!(first()[1]["built"], true);
}

#[test]
fn an_interrupted_push_leaves_no_image_and_the_next_one_finishes() {
    first();
    with_repository("interrupted");
    let registry = Stalling::before(&ministack(), 2_000_000);
    let push = || {
        build_images(&[
            "--push",
            "--registry",
            &registry.host,
            "--image",
            "ingestion-image",
            "--env",
            "interrupted",
            "--json",
        ])
    };
    let running = Running::start(&push());
    registry.wait();
    running.interrupt();
    registry.release();
    let made = finishes(&mut push());
    assert!(made["pushed"]["layers"] == 1 && made["built"] == false, "{made}");
    assert!(finishes(&mut push())["pushed"].is_null());
}

#[test]
fn a_killed_engine_is_a_temporary_failure_and_the_next_run_finishes() {
    first();
    with_repository("killed");
    let engine = Engine::start();
    let registry = Stalling::before(&ministack(), 2_000_000);
    let push = |more: &[&str]| {
        let always =
            ["--push", "--registry", &registry.host, "--image", "ingestion-image", "--env", "killed", "--json"];
        let mut command = build_images(&[&always, more].concat());
        command.env("DOCKER_HOST", &engine.address);
        command
    };

    let mut building = Running::start(&push(&["--no-cache"]));
    building.until("Building ingestion-image");
    engine.kill();
    building.fails_temporarily();

    engine.start_again();
    let pushing = Running::start(&push(&[]));
    registry.wait();
    engine.kill();
    pushing.fails_temporarily();

    let (code, message) = refusal(&mut push(&[]));
    assert!(
        code == Some(1) && message.contains("cannot connect to the Docker engine at tcp://127.0.0.1:"),
        "{message}"
    );

    registry.release();
    engine.start_again();
    assert_eq!(finishes(&mut push(&[]))["pushed"]["layers"], 1);
}
