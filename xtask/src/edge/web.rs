//! Serves a folder over HTTP on loopback, opens a file in the user's browser, and checks whether a host is reachable.

use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Error, anyhow};

const PATIENCE: Duration = Duration::from_secs(5);

/// Connects to a host, by default on port 443; returns the reason if it fails.
pub fn is_reachable(host: &str) -> Result<(), String> {
    let place = if host.contains(':') { host.to_owned() } else { format!("{host}:443") };
    let mut why = format!("cannot resolve `{host}`");
    for address in place.to_socket_addrs().map_err(|error| format!("{why}: {error}"))? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(_) => return Ok(()),
            Err(error) => why = format!("{address}: {error}"),
        }
    }
    Err(why)
}

/// Replaces this process with Python's own server, which serves a folder and prints its address. Returns only if this
/// fails.
pub fn serve(python: &Path, folder: &Path, port: u16) -> Error {
    let mut server = Command::new(python);
    server.args(["-I", "-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory"]);
    let error = server.arg(folder).arg(port.to_string()).exec();
    anyhow!("cannot start `{}`: {error}", python.display())
}

/// Opens a file in the user's browser: `$BROWSER`, or else the desktop's default. Returns false if there is none, as on
/// a machine without a screen, or if it fails. The browser's environment contains no AWS variables, its command line
/// only the file name. Returns after the browser has had time to read the file.
pub fn open_in_browser(file: &Path, reading: Duration) -> bool {
    let has = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let desktop = if cfg!(target_os = "macos") {
        Some("open")
    } else {
        (has("DISPLAY") || has("WAYLAND_DISPLAY")).then_some("xdg-open")
    };
    let browser = std::env::var("BROWSER").ok().filter(|browser| !browser.is_empty());
    let Some(program) = browser.or_else(|| desktop.map(str::to_owned)) else { return false };
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
        command.env_remove(name);
    }
    let child = command.arg(file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let Ok(mut child) = child else { return false };
    std::thread::sleep(reading);
    // A program that is still running is the browser itself.
    !matches!(child.try_wait(), Ok(Some(status)) if !status.success())
}
