//! Emulators of AWS on loopback, each a Python package that speaks the real protocol.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::failure::Failure;

/// MiniStack, which answers for S3.
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
        std::fs::create_dir_all(dir).with_context(|| format!("cannot make the folder `{}`", dir.display()))?;
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr())?.port();
        let log = std::fs::File::create(dir.join("log"))?;
        let mut command = Command::new(python.join("bin/ministack"));
        command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", dir).env("TMPDIR", dir).current_dir(dir);
        command.env("BIND_HOST", "127.0.0.1").env("MINISTACK_HOST", "127.0.0.1").env("GATEWAY_PORT", port.to_string());
        // Without these it also listens on other ports, of every address.
        command.env("IOT_MTLS_ENABLED", "0").env("SFTP_ENABLED", "0").env("MINISTACK_REGION", "eu-west-1");
        let child = command.stdout(log.try_clone()?).stderr(log).stdin(Stdio::null()).spawn();
        let child = child.context("cannot start MiniStack")?;
        let mut emulator = Self { child, endpoint: format!("http://127.0.0.1:{port}") };
        emulator.wait(port, &dir.join("log"))?;
        Ok(emulator)
    }

    fn wait(&mut self, port: u16, log: &Path) -> Result<()> {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(60) {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(());
            }
            let ended = self.child.try_wait()?;
            ensure!(
                ended.is_none(),
                Failure::new("MiniStack ended at once").hint(format!("its log: {}", log.display()))
            );
            std::thread::sleep(Duration::from_millis(100));
        }
        Err(Failure::new("MiniStack did not answer within a minute").hint(format!("its log: {}", log.display())).into())
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
