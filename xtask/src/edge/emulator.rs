//! Stand-ins for AWS on loopback: programs of others that speak the real protocols.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::failure::Failure;

/// MiniStack, which answers for S3, ECR and CloudFormation.
pub const MINISTACK: &str = "ministack==1.5.33";

/// A running emulator; it ends with this value.
#[derive(Debug)]
pub struct Emulator {
    child: Child,
    /// `http://127.0.0.1:port`.
    pub endpoint: String,
}

impl Emulator {
    /// Starts MiniStack from a Python environment, on a free port of 127.0.0.1, its files in `dir`.
    pub fn ministack(python: &Path, dir: &Path) -> Result<Self> {
        Self::start("MiniStack", &python.join("bin/ministack"), dir, |command, port| {
            ministack_of(command, port);
            Ok(())
        })
    }

    /// Starts MiniStack with the CloudFormation types that it lacks: by `launcher`, which adds them.
    pub fn ministack_by(launcher: &Path, python: &Path, dir: &Path) -> Result<Self> {
        Self::start("MiniStack", &python.join("bin/python"), dir, |command, port| {
            ministack_of(command.arg(launcher), port);
            Ok(())
        })
    }

    /// Starts Debian's `docker-registry`, the Distribution project's own, on a free port of 127.0.0.1.
    pub fn registry(dir: &Path) -> Result<Self> {
        Self::start("docker-registry", Path::new("docker-registry"), dir, |command, port| {
            let config = dir.join("config.yml");
            let (files, log) = (dir.join("files"), "log: {level: warn}");
            let storage = format!("storage: {{filesystem: {{rootdirectory: '{}'}}}}", files.display());
            std::fs::write(&config, format!("version: 0.1\n{log}\n{storage}\nhttp: {{addr: '127.0.0.1:{port}'}}\n"))?;
            command.arg("serve").arg(config);
            Ok(())
        })
    }

    fn start(
        name: &str,
        program: &Path,
        dir: &Path,
        configure: impl FnOnce(&mut Command, u16) -> Result<()>,
    ) -> Result<Self> {
        std::fs::create_dir_all(dir).with_context(|| format!("cannot make the folder `{}`", dir.display()))?;
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr())?.port();
        let log = std::fs::File::create(dir.join("log"))?;
        let mut command = Command::new(program);
        command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", dir).env("TMPDIR", dir).current_dir(dir);
        configure(&mut command, port)?;
        let child = command.stdout(log.try_clone()?).stderr(log).stdin(Stdio::null()).spawn();
        let child = child.with_context(|| format!("cannot start {name}"))?;
        let mut emulator = Self { child, endpoint: format!("http://127.0.0.1:{port}") };
        emulator.wait(name, port, &dir.join("log"))?;
        Ok(emulator)
    }

    /// `127.0.0.1:port`.
    pub fn host(&self) -> &str {
        self.endpoint.trim_start_matches("http://")
    }

    fn wait(&mut self, name: &str, port: u16, log: &Path) -> Result<()> {
        let (began, hint) = (Instant::now(), format!("its log: {}", log.display()));
        while began.elapsed() < Duration::from_secs(60) {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(());
            }
            let ended = self.child.try_wait()?;
            ensure!(ended.is_none(), Failure::new(format!("{name} ended at once")).hint(hint));
            std::thread::sleep(Duration::from_millis(100));
        }
        Err(Failure::new(format!("{name} did not answer within a minute")).hint(hint).into())
    }
}

fn ministack_of(command: &mut Command, port: u16) {
    command.env("BIND_HOST", "127.0.0.1").env("MINISTACK_HOST", "127.0.0.1").env("GATEWAY_PORT", port.to_string());
    // Without these it also listens on other ports, of every address.
    command.env("IOT_MTLS_ENABLED", "0").env("SFTP_ENABLED", "0").env("MINISTACK_REGION", "eu-west-1");
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
