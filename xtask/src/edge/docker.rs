//! The Docker engine, over its local socket.

use std::time::Duration;

use bollard::Docker;

use crate::doctor::Engine;

/// Long enough for a busy engine, short enough to wait for.
const PATIENCE: Duration = Duration::from_secs(3);
const SOCKET: &str = "unix:///var/run/docker.sock";

/// Asks the engine at DOCKER_HOST, else at the usual socket, who it is.
pub fn engine(host: Option<&str>) -> Engine {
    let address = host.unwrap_or(SOCKET).to_owned();
    let silent = |why: String| Engine::Silent { address: address.clone(), configured: host.is_some(), why };
    if !["unix://", "tcp://", "http://"].iter().any(|scheme| address.starts_with(scheme)) {
        return silent("only unix://, tcp:// and http:// are spoken here".to_owned());
    }
    if std::env::var_os("DOCKER_TLS_VERIFY").is_some_and(|value| !value.is_empty()) && host.is_some() {
        return silent("DOCKER_TLS_VERIFY asks for TLS, which is not spoken here".to_owned());
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return silent(error.to_string()),
    };
    let asked = runtime.block_on(async { tokio::time::timeout(PATIENCE, ask(&address)).await });
    match asked {
        Ok(Ok((version, api))) => Engine::Answers { version, api, address },
        Ok(Err(error)) => silent(no_answer(&error)),
        Err(_) => silent(format!("no answer in {} seconds", PATIENCE.as_secs())),
    }
}

async fn ask(address: &str) -> Result<(String, (u32, u32)), bollard::errors::Error> {
    // The first question may be in an older API than the client's own.
    let docker = Docker::connect_with_host(address)?.negotiate_version().await?;
    let told = docker.version().await?;
    let api = told.api_version.unwrap_or_default();
    let (major, minor) = api.split_once('.').unwrap_or(("0", "0"));
    Ok((told.version.unwrap_or_default(), (major.parse().unwrap_or(0), minor.parse().unwrap_or(0))))
}

fn no_answer(error: &bollard::errors::Error) -> String {
    let mut causes: Vec<String> = Vec::new();
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    let last = causes.pop().unwrap_or_default();
    if last.contains("Permission denied") {
        return "its socket is not open to this user".to_owned();
    }
    if last.contains("os error 2") || last.contains("os error 111") || last.contains("not found") {
        return "no engine runs there".to_owned();
    }
    last
}
