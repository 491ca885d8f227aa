//! Requests a URL, serves a folder over HTTP on loopback, opens a file in the user's browser, and checks whether a host is
//! reachable.

use std::io::Write;
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Error, Result, anyhow, ensure};

use crate::failure::Failure;

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

/// A response's body, and its `Link` header, which may be empty.
#[derive(Debug)]
pub struct Fetched {
    pub text: String,
    pub links: String,
}

/// Requests a URL with curl, so that the light program needs no HTTP client. Headers, which may contain secrets, are passed
/// on standard input. A redirect is an error, because the headers would be sent to another URL.
pub fn fetch(url: &str, headers: &[(&str, &str)]) -> Result<Fetched> {
    let missing =
        || Failure::new("cannot start `curl`").hint("install curl, or save a response and pass it with --sample");
    let quoted = |text: &str| text.replace('\\', r"\\").replace('"', "\\\"");
    let lines = headers.iter().map(|(name, value)| format!("header = \"{}: {}\"\n", quoted(name), quoted(value)));
    let config = format!("url = \"{}\"\n{}", quoted(url), lines.collect::<String>());
    let is_line = |(name, value): &(&str, &str)| !format!("{name}{value}").contains(char::is_control);
    ensure!(headers.iter().all(is_line), Failure::new("a header contains a control character"));
    let mut curl = Command::new("curl");
    curl.args([
        "--disable",
        "--silent",
        "--show-error",
        "--fail",
        "--globoff",
        "--max-time",
        "60",
        "--proto",
        "=http,https",
    ]);
    curl.args([
        "--header",
        "Accept: application/json",
        "--write-out",
        "\n%header{link}\n%{redirect_url}\n%{response_code}",
        "--config",
        "-",
    ]);
    let mut child =
        curl.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().with_context(missing)?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(config.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    let text = String::from_utf8(output.stdout).with_context(|| format!("the response of `{url}` is not UTF-8"))?;
    let mut parts = text.rsplitn(4, '\n');
    let status = parts.next().unwrap_or_default();
    let message = format!("cannot request `{url}`: {}", String::from_utf8_lossy(&output.stderr).trim());
    // Another attempt gets the same response, unless the server asks for one.
    let is_final = status.starts_with('4') && !["408", "425", "429"].contains(&status);
    let failure = if is_final { Failure::new(message) } else { Failure::temporary(message) };
    ensure!(output.status.success(), failure.hint("check the URL, the headers and the network"));
    let (redirect, links) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default().trim().to_owned());
    let failure = || Failure::new(format!("`{url}` redirects to `{redirect}`")).hint("pass this URL");
    ensure!(redirect.is_empty(), failure());
    Ok(Fetched { text: parts.next().unwrap_or_default().to_owned(), links })
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
