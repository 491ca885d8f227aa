//! Compares `cargo xtask sync-dags` with s5cmd and the AWS CLI: each tool, with its defaults, uploads the same files to
//! buckets in the same MiniStack. Prints the table in `docs/dags.md`.
//!
//! This compares the work that the programs do and the number of their requests, not the performance of Amazon S3.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::s3::{ask, keys, make_bucket};

/// The number of files, without the requirements.
const FILES: usize = 5_000;
/// The numbers of measurements: with an empty bucket, without changes, and with one changed file.
const ROUNDS: [usize; 3] = [3, 9, 3];
/// A program that takes longer is killed; all of them usually need much less.
const PATIENCE: Duration = Duration::from_secs(120);
/// The file that changes.
const CHANGED: &str = "group_7/module_7.py";

fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("this test needs {name}: run it with `cargo xtask test --all`"))
}

/// A tool that syncs a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tool {
    Ours,
    S5cmd,
    Aws,
}

const TOOLS: [Tool; 3] = [Tool::Ours, Tool::S5cmd, Tool::Aws];

impl Tool {
    fn name(self) -> &'static str {
        match self {
            Self::Ours => "`cargo xtask sync-dags` (including the Python check of every file)",
            Self::S5cmd => "`s5cmd sync --delete` 2.3.0",
            Self::Aws => "`aws s3 sync --delete` 1.46.3",
        }
    }

    fn bucket(self, round: usize) -> String {
        match self {
            // The bucket name in the settings, with a suffix.
            Self::Ours => format!("dpstack-airflow-speed{round}"),
            Self::S5cmd => format!("s5cmd-speed{round}"),
            Self::Aws => format!("aws-speed{round}"),
        }
    }
}

/// A folder of DAGs, an S3 server, and the programs.
struct Speed {
    folder: TempDir,
    output: TempDir,
    endpoint: String,
    tools: PathBuf,
}

impl Speed {
    /// Creates small files in 50 folders; some of the files import others.
    fn new() -> Self {
        let (endpoint, tools) = (setting("TEST_S3_ENDPOINT"), PathBuf::from(setting("TEST_SYNC_TOOLS")));
        let speed = Self {
            folder: tempfile::tempdir().expect("a folder"),
            output: tempfile::tempdir().expect("a folder"),
            endpoint,
            tools,
        };
        speed.write("requirements.txt", "boto3==1.40.0\n");
        for number in 0..FILES {
            let group = number % 50;
            let import =
                if number < 50 { String::new() } else { format!("from group_{group} import module_{group}\n") };
            let text = format!("import json\n{import}\n\ndef number():\n    return json.dumps({number})\n");
            speed.write(&format!("group_{group}/module_{number}.py"), &text);
        }
        speed
    }

    fn write(&self, name: &str, text: &str) {
        let file = self.folder.path().join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, text).expect("written");
    }

    fn command(&self, tool: Tool, round: usize) -> Command {
        let (from, to) = (self.folder.path().display(), format!("s3://{}/dags/", tool.bucket(round)));
        let mut command = match tool {
            Tool::Ours => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
                command.args(["sync-dags", "--env", "dev", "--dot-env", "/dev/null", "--dir"]).arg(self.folder.path());
                command.env("AWS_ENDPOINT_URL", &self.endpoint).env("BUCKET_SUFFIX", format!("speed{round}"));
                command
            }
            Tool::S5cmd => {
                let mut command = Command::new(program(&self.tools));
                command.args(["--endpoint-url", &self.endpoint, "sync", "--delete"]).arg(format!("{from}/")).arg(to);
                command
            }
            Tool::Aws => {
                let mut command = Command::new(self.tools.join("bin/aws"));
                command.args(["--endpoint-url", &self.endpoint, "s3", "sync", "--no-progress", "--delete"]);
                command.arg(self.folder.path()).arg(to);
                command
            }
        };
        command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test").env("AWS_REGION", "eu-west-1");
        command.env("AWS_DEFAULT_REGION", "eu-west-1").env("AWS_EC2_METADATA_DISABLED", "true");
        // Without the user's configuration and proxy.
        command.env("AWS_CONFIG_FILE", "/nowhere/config").env("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials");
        command.env_remove("AWS_PROFILE").env_remove("AWS_SESSION_TOKEN").env_remove("AWS_ACCOUNT_ID");
        command.env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1");
        command
    }

    /// Returns its duration and output. The output is written to a file, so that the tool never waits for a reader.
    fn run(&self, tool: Tool, round: usize) -> (Duration, String) {
        let output = self.output.path().join("output");
        let file = File::create(&output).expect("a file");
        let mut command = self.command(tool, round);
        command.stdin(Stdio::null()).stdout(file.try_clone().expect("a file")).stderr(file);
        let began = Instant::now();
        let mut child = command.spawn().expect("it starts");
        let status = loop {
            if let Some(status) = child.try_wait().expect("a child") {
                break status;
            }
            if began.elapsed() > PATIENCE {
                child.kill().and_then(|()| child.wait()).expect("it runs");
                panic!("{tool:?} did not finish: {}", fs::read_to_string(output).expect("text"));
            }
            thread::sleep(Duration::from_millis(1));
        };
        let took = began.elapsed();
        let output = fs::read_to_string(output).expect("text");
        assert!(status.success(), "{tool:?}: {output}");
        (took, output)
    }
}

/// Returns the native program: the PyPI package installs a Python script in `bin` that starts it.
fn program(tools: &Path) -> PathBuf {
    let versions = fs::read_dir(tools.join("lib")).expect("an environment").flatten();
    let mut found = versions.map(|version| version.path().join("site-packages/s5cmd/bin/s5cmd"));
    found.find(|program| program.is_file()).expect("s5cmd is installed")
}

/// Returns all tools, each time starting with a different one.
fn turn(number: usize) -> impl Iterator<Item = usize> {
    (0..TOOLS.len()).map(move |place| (place + number) % TOOLS.len())
}

fn median(times: &[Duration]) -> f64 {
    let mut times = times.to_vec();
    times.sort();
    times[times.len() / 2].as_secs_f64()
}

#[test]
fn a_sync_without_changes_is_faster_than_s5cmd() {
    let speed = Speed::new();
    let mut times = TOOLS.map(|_| [const { Vec::<Duration>::new() }; 3]);
    for round in 0..ROUNDS[0] {
        for at in turn(round) {
            let (tool, bucket) = (TOOLS[at], TOOLS[at].bucket(round));
            make_bucket(&speed.endpoint, &bucket);
            times[at][0].push(speed.run(tool, round).0);
            let there = keys(&speed.endpoint, &bucket).iter().filter(|key| !key.contains("/.")).count();
            assert_eq!(there, FILES + 1, "{tool:?}");
        }
    }
    let last = ROUNDS[0] - 1;
    for round in 0..ROUNDS[1] {
        for at in turn(round) {
            let (took, output) = speed.run(TOOLS[at], last);
            times[at][1].push(took);
            let nothing =
                if TOOLS[at] == Tool::Ours { output.contains("\nNothing to do: 5001 ") } else { output.is_empty() };
            assert!(nothing, "{:?} was not idle: {output}", TOOLS[at]);
        }
    }
    for round in 0..ROUNDS[2] {
        let text = format!("{}\n", "# Longer each time.\n".repeat(round + 1));
        speed.write(CHANGED, &text);
        for at in turn(round) {
            times[at][2].push(speed.run(TOOLS[at], last).0);
            let path = format!("/{}/dags/{CHANGED}", TOOLS[at].bucket(last));
            assert_eq!(ask(&speed.endpoint, "GET", &path, b"").1, text.as_bytes(), "{:?}", TOOLS[at]);
        }
    }
    println!("| 5,000 small files | first | no change | one change |\n|---|---|---|---|");
    for (tool, times) in TOOLS.iter().zip(&times) {
        let [first, same, changed] = times.each_ref().map(|times| median(times));
        println!("| {} | {first:.1} s | {same:.2} s | {changed:.2} s |", tool.name());
    }
    println!("Every time, in seconds: {times:.2?}");
    let [ours, s5cmd, _] = times.each_ref().map(|times| median(&times[1]));
    // Other load on the machine slows down both tools at random; the best times are affected least.
    let [our_best, its_best, _] = times.each_ref().map(|times| times[1].iter().min());
    let message = format!("without changes, `sync-dags` takes {ours:.2} s, s5cmd {s5cmd:.2} s");
    assert!(ours <= s5cmd || our_best <= its_best, "{message}");
}
