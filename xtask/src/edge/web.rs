//! Serves a folder over HTTP on loopback, opens a file in the user's browser, and checks whether a host is reachable.

use std::fs::File;
use std::net::{TcpStream, ToSocketAddrs};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Result, anyhow};
use tiny_http::{Header, Response, Server};

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

/// Serves a folder until the process exits; calls `ready` with the address.
pub fn serve(folder: &Path, port: u16, ready: impl FnOnce(&str) -> Result<()>) -> Result<()> {
    let server = Server::http(("127.0.0.1", port)).map_err(|error| anyhow!("cannot listen on port {port}: {error}"))?;
    let port = server.server_addr().to_ip().map_or(port, |address| address.port());
    ready(&format!("http://127.0.0.1:{port}/"))?;
    for request in server.incoming_requests() {
        let file = inside(folder, request.url());
        // A closed connection is not an error.
        let _ = match file.and_then(|path| Some((File::open(&path).ok()?, path))) {
            Some((file, path)) => {
                let kind = format!("Content-Type: {}", content_type(&path)).parse::<Header>();
                let response = kind.into_iter().fold(Response::from_file(file), Response::with_header);
                request.respond(response)
            }
            None => request.respond(Response::from_string("Not Found\n").with_status_code(404)),
        };
    }
    Ok(())
}

/// Returns the requested file; `None` if it does not exist or is outside the folder.
fn inside(folder: &Path, url: &str) -> Option<PathBuf> {
    let path = url.split(['?', '#']).next()?.trim_start_matches('/');
    let path = Path::new(if path.is_empty() { "index.html" } else { path });
    let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    let file = folder.join(path);
    (plain && file.is_file()).then_some(file)
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|end| end.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("json") => "application/json",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
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

#[cfg(test)]
#[path = "../../tests/unit/edge/web.rs"]
mod tests;
