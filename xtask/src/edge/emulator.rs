//! AWS emulators on loopback: third-party programs that implement the real protocols.

use std::collections::BTreeMap;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::failure::Failure;

const REGION: &str = "eu-west-1";

/// A running emulator, which is stopped when this value is dropped.
#[derive(Debug)]
pub struct Emulator {
    child: Child,
    /// `http://127.0.0.1:port`.
    pub endpoint: String,
}

impl Emulator {
    /// Starts MiniStack from a Python environment, on a free port on 127.0.0.1, with its files in `dir`. A `launcher`
    /// script adds CloudFormation resource types that MiniStack does not support.
    pub fn ministack(python: &Path, launcher: Option<&Path>, dir: &Path) -> Result<Self> {
        let program = python.join(if launcher.is_some() { "bin/python" } else { "bin/ministack" });
        let [port] = free_ports()?;
        let mut command = command(&program, dir, &dir.join("log"))?;
        command.args(launcher).envs(ministack_environment(port, REGION));
        Self::start("MiniStack", command, dir, port)
    }

    /// Starts `docker-registry`, Debian's package of CNCF Distribution, on a free port on 127.0.0.1.
    pub fn registry(dir: &Path) -> Result<Self> {
        let [port] = free_ports()?;
        let mut command = command(Path::new("docker-registry"), dir, &dir.join("log"))?;
        let (config, files, log) = (dir.join("config.yml"), dir.join("files"), "log: {level: warn}");
        let storage = format!("storage: {{filesystem: {{rootdirectory: '{}'}}}}", files.display());
        std::fs::write(&config, format!("version: 0.1\n{log}\n{storage}\nhttp: {{addr: '127.0.0.1:{port}'}}\n"))?;
        command.arg("serve").arg(config);
        Self::start("docker-registry", command, dir, port)
    }

    fn start(name: &str, mut command: Command, dir: &Path, port: u16) -> Result<Self> {
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        let mut emulator = Self { child, endpoint: format!("http://127.0.0.1:{port}") };
        wait_for_port(name, port, &dir.join("log"), || emulator.child.try_wait().is_ok_and(|exit| exit.is_none()))?;
        Ok(emulator)
    }

    /// `127.0.0.1:port`.
    pub fn host(&self) -> &str {
        self.endpoint.trim_start_matches("http://")
    }
}

/// A server that outlives this value, and possibly this program; other processes find it by its mark.
#[derive(Debug)]
pub struct Server<'s> {
    pub name: &'s str,
    pub program: &'s Path,
    pub arguments: &'s [&'s str],
    /// Environment variables, in addition to the minimal environment.
    pub environment: &'s BTreeMap<String, String>,
    /// Name and value of the environment variable that marks the server.
    pub mark: (&'s str, &'s str),
    pub dir: &'s Path,
}

impl Server<'_> {
    /// Starts the server in its own process group, so that Ctrl-C does not reach it; returns the group ID.
    pub fn start(&self) -> Result<i32> {
        let mut command = command(self.program, self.dir, &self.log())?;
        command.args(self.arguments).process_group(0).env(self.mark.0, self.mark.1).envs(self.environment);
        let child = command.spawn().with_context(|| format!("cannot start {}", self.name))?;
        Ok(child.id().cast_signed())
    }

    pub fn log(&self) -> PathBuf {
        self.dir.join(format!("{}.log", self.name))
    }
}

/// Returns a command that runs in `dir` with a minimal environment and writes its output to a log file.
fn command(program: &Path, dir: &Path, log: &Path) -> Result<Command> {
    std::fs::create_dir_all(dir).with_context(|| format!("cannot create the folder `{}`", dir.display()))?;
    let log = std::fs::File::create(log)?;
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", dir).env("TMPDIR", dir);
    command.current_dir(dir).stdout(log.try_clone()?).stderr(log).stdin(Stdio::null());
    Ok(command)
}

/// Waits until a local port accepts connections. Fails if the process exits, or after a minute.
pub fn wait_for_port(name: &str, port: u16, log: &Path, mut is_alive: impl FnMut() -> bool) -> Result<()> {
    let (start, hint) = (Instant::now(), format!("see its log: {}", log.display()));
    while start.elapsed() < Duration::from_secs(60) {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(());
        }
        let failure = || Failure::new(format!("{name} exited before it accepted connections on its port"));
        ensure!(is_alive(), failure().hint(hint));
        std::thread::sleep(Duration::from_millis(100));
    }
    Err(Failure::new(format!("{name} did not respond within a minute")).hint(hint).into())
}

/// Returns `N` different free ports on 127.0.0.1.
pub fn free_ports<const N: usize>() -> Result<[u16; N]> {
    // The ports differ because all listeners are open at the same time.
    let listeners = [(); N].map(|()| TcpListener::bind("127.0.0.1:0"));
    let mut ports = [0; N];
    for (port, listener) in ports.iter_mut().zip(listeners) {
        *port = listener.and_then(|listener| listener.local_addr()).context("no free port on 127.0.0.1")?.port();
    }
    Ok(ports)
}

/// Returns MiniStack's environment variables, which make it listen only on 127.0.0.1.
pub fn ministack_environment(port: u16, region: &str) -> BTreeMap<String, String> {
    let pairs = [
        ("BIND_HOST", "127.0.0.1"),
        ("MINISTACK_HOST", "127.0.0.1"),
        ("GATEWAY_PORT", &port.to_string()),
        ("MINISTACK_REGION", region),
        // Otherwise it also listens on other ports, on every address.
        ("IOT_MTLS_ENABLED", "0"),
        ("SFTP_ENABLED", "0"),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
