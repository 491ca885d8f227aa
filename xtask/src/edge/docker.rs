//! Builds, tags and pushes images with the Docker engine, through its local socket.

mod archive;
mod remove;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bollard::Docker;
use bollard::auth::DockerCredentials;
use bollard::body_full;
use bollard::errors::Error;
pub use bollard::models::ImageInspect;
pub use bollard::query_parameters::BuildImageOptionsBuilder;
use bollard::query_parameters::{CreateImageOptionsBuilder, PushImageOptionsBuilder, TagImageOptionsBuilder};
use contract::Exit;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use tokio::runtime::{Builder, Runtime};

use crate::doctor;
use crate::failure::{Failure, chain};

/// The oldest supported API version, which is that of the engine in Debian 12.
const OLDEST: (usize, usize) = (1, 41);
const SOCKET: &str = "unix:///var/run/docker.sock";
const DENIED: &str = "the credentials lack permission to push to this repository; required: ecr:PutImage, ecr:InitiateLayerUpload, ecr:UploadLayerPart, \
                      ecr:CompleteLayerUpload, ecr:BatchCheckLayerAvailability";
const FULL: &str = "free disk space: `docker system df` shows disk usage, `docker image prune` removes unused images";
/// Time limit for the engine check in `doctor`.
const TIMEOUT: Duration = Duration::from_secs(3);

#[derive(Debug)]
pub struct Engine {
    docker: Docker,
    runtime: Runtime,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Pushed {
    /// Layers that were uploaded.
    pub layers: u32,
    /// Layers that the registry already had.
    pub known: u32,
    /// Uncompressed size of the uploaded layers in bytes.
    pub bytes: u64,
}

/// The progress of a push: the number of bytes uploaded so far, by layer size.
pub type Progress = BTreeMap<u64, u64>;

impl Engine {
    /// Connects to the engine at `host` (DOCKER_HOST) or the default socket, with the newest common version.
    pub fn connect(host: Option<&str>) -> Result<Self> {
        let address = host.unwrap_or(SOCKET);
        let runtime = Builder::new_current_thread().enable_all().build().context("cannot start the async runtime")?;
        let docker = runtime.block_on(async {
            Docker::connect_with_host(address)?.with_timeout(Duration::from_secs(3600)).negotiate_version().await
        });
        let docker = docker.map_err(|error| {
            let hint =
                "start Docker (`sudo systemctl start docker`), or set DOCKER_HOST; run `cargo xtask doctor` for details";
            Failure::new(format!("cannot connect to the Docker engine at {address}: {}", chain(&error))).hint(hint)
        })?;
        let api = docker.client_version();
        let failure = || Failure::new(format!("the Docker engine at {address} supports only API {api}"));
        let hint = "API 1.41 or newer is required: update Docker to 20.10 or newer";
        ensure!((api.major_version, api.minor_version) >= OLDEST, failure().hint(hint));
        Ok(Self { docker, runtime })
    }

    pub fn image(&self, name: &str) -> Result<Option<ImageInspect>> {
        match self.runtime.block_on(self.docker.inspect_image(name)) {
            Err(Error::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
            found => {
                found.map(Some).map_err(|error| failed(&format!("the Docker engine cannot inspect `{name}`"), &error))
            }
        }
    }

    /// Builds an image with this `name:tag` from a context, a tar archive; `report` receives each line of the engine's
    /// output.
    pub fn build(
        &self,
        tag: &str,
        context: Vec<u8>,
        options: BuildImageOptionsBuilder,
        report: &mut dyn FnMut(&str),
    ) -> Result<()> {
        let options = options.t(tag).rm(true).forcerm(true).build();
        self.runtime.block_on(async {
            let mut lines = self.docker.build_image(options, None, Some(body_full(context.into())));
            let mut last = Vec::new();
            while let Some(line) = lines.next().await {
                let line = line.map_err(|error| build_failed(tag, &error, &last))?;
                let text = line.stream.or(line.status).unwrap_or_default();
                for text in text.lines().map(str::trim_end).filter(|text| !text.is_empty()) {
                    report(text);
                    last.push(text.to_owned());
                }
            }
            Ok(())
        })
    }

    /// Pulls an image (`host/repository@digest`) and tags it.
    pub fn pull(&self, image: &str, name: (&str, &str), login: (&str, &str)) -> Result<()> {
        self.runtime.block_on(async {
            let options = CreateImageOptionsBuilder::default().from_image(image).build();
            let mut lines = self.docker.create_image(Some(options), None, Some(credentials(image, login)));
            while let Some(line) = lines.next().await {
                line.map_err(|error| failed(&format!("cannot pull `{image}`"), &error))?;
            }
            self.tag(image, name).await
        })
    }

    async fn tag(&self, image: &str, (repository, tag): (&str, &str)) -> Result<()> {
        let options = TagImageOptionsBuilder::default().repo(repository).tag(tag).build();
        let tagged = self.docker.tag_image(image, Some(options)).await;
        tagged.map_err(|error| failed(&format!("the Docker engine cannot tag `{image}`"), &error))
    }

    /// Tags an image for a repository and pushes it.
    pub fn push(
        &self,
        image: &str,
        repository: &str,
        tag: &str,
        login: (&str, &str),
        report: &mut dyn FnMut(&Progress),
    ) -> Result<Pushed> {
        self.runtime.block_on(async {
            self.tag(image, (repository, tag)).await?;
            let options = PushImageOptionsBuilder::default().tag(tag).build();
            let mut lines = self.docker.push_image(repository, Some(options), Some(credentials(repository, login)));
            let (mut pushed, mut progress) = (Pushed::default(), Progress::new());
            while let Some(line) = lines.next().await {
                let line = line.map_err(|error| failed(&format!("cannot push `{repository}`"), &error))?;
                match line.status.as_deref() {
                    Some("Pushed") => pushed.layers += 1,
                    Some("Layer already exists") => pushed.known += 1,
                    Some("Pushing") => {
                        let detail = line.progress_detail.unwrap_or_default();
                        if let (Some(current), Some(total)) = (detail.current, detail.total) {
                            progress.insert(total.unsigned_abs(), current.min(total).unsigned_abs());
                            report(&progress);
                        }
                    }
                    Some(status) if status.starts_with("Mounted from") => pushed.known += 1,
                    _ => {}
                }
            }
            pushed.bytes = progress.keys().sum();
            Ok(pushed)
        })
    }
}

/// Returns the credentials for the registry of an image or a repository.
fn credentials(image: &str, (user, password): (&str, &str)) -> DockerCredentials {
    DockerCredentials {
        username: Some(user.to_owned()),
        password: Some(password.to_owned()),
        serveraddress: image.split('/').next().map(str::to_owned),
        ..DockerCredentials::default()
    }
}

fn failed(action: &str, error: &Error) -> anyhow::Error {
    let message = chain(error);
    with_known_hint(Failure::new(format!("{action}: {message}")), &message).into()
}

fn build_failed(tag: &str, error: &Error, last: &[String]) -> anyhow::Error {
    let message = chain(error);
    let name = tag.split(':').next().unwrap_or(tag);
    let lines = last[last.len().saturating_sub(12)..].join("\n  ");
    let failure = Failure::new(format!("cannot build `{name}`: {message}\n  {lines}"));
    // A build pulls its base image; in a push, the same messages are about the repository.
    let signs = ["manifest unknown", "name unknown", "pull access denied", "no such host"];
    if signs.iter().any(|sign| message.to_lowercase().contains(sign)) {
        let hint = "check that the base image in the settings exists and that this engine can pull it";
        return failure.hint(hint).into();
    }
    with_known_hint(failure, &message).into()
}

/// Parts of the engine's messages, and the hint and the exit code; the first row that applies is used.
const KNOWN: [(&[&str], &str, Exit); 6] = [
    (&["no space left"], FULL, Exit::Failed),
    (&["token has expired"], "the registry token has expired; run the command again", Exit::TempFail),
    (&["no basic auth", "unauthorized", "denied"], DENIED, Exit::Failed),
    (&["name unknown", "does not exist"], MISSING, Exit::Failed),
    (&LOST, "check that the engine is running, then run the command again", Exit::TempFail),
    (&["connect"], "start Docker, then run the command again", Exit::TempFail),
];
const MISSING: &str = "run `cargo xtask deploy` first: its `registry` stack contains the repository";
const LOST: [&str; 6] =
    ["connection refused", "connection reset", "connection closed", "broken pipe", "eof", "timeout"];

/// Adds a hint and an exit code to an error if the engine's message is known.
fn with_known_hint(failure: Failure, message: &str) -> Failure {
    let lower = message.to_lowercase();
    let known = KNOWN.iter().find(|(signs, ..)| signs.iter().any(|sign| lower.contains(sign)));
    known.into_iter().fold(failure, |failure, (_, hint, exit)| failure.hint(*hint).exit(*exit))
}

/// Returns the version of the engine at `host` (DOCKER_HOST), or at the default socket.
pub fn engine(host: Option<&str>) -> doctor::Engine {
    let address = host.unwrap_or(SOCKET).to_owned();
    let unreachable =
        |why: String| doctor::Engine::Unreachable { address: address.clone(), configured: host.is_some(), why };
    if !["unix://", "tcp://", "http://"].iter().any(|scheme| address.starts_with(scheme)) {
        return unreachable("only unix://, tcp:// and http:// are supported".to_owned());
    }
    if std::env::var_os("DOCKER_TLS_VERIFY").is_some_and(|value| !value.is_empty()) && host.is_some() {
        return unreachable("DOCKER_TLS_VERIFY is set, but TLS is not supported".to_owned());
    }
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return unreachable(error.to_string()),
    };
    // The client may support a newer API version than the engine.
    let version = async { Docker::connect_with_host(&address)?.negotiate_version().await?.version().await };
    let version = match runtime.block_on(async { tokio::time::timeout(TIMEOUT, version).await }) {
        Ok(Ok(version)) => version,
        Ok(Err(error)) => return unreachable(cause(&error)),
        Err(_) => return unreachable(format!("no response within {} seconds", TIMEOUT.as_secs())),
    };
    let api = version.api_version.unwrap_or_default();
    let (major, minor) = api.split_once('.').unwrap_or(("0", "0"));
    let api = (major.parse().unwrap_or(0), minor.parse().unwrap_or(0));
    doctor::Engine::Running { version: version.version.unwrap_or_default(), api, address }
}

fn cause(error: &Error) -> String {
    let message = chain(error);
    if message.contains("Permission denied") {
        return "the current user does not have permission to open the Docker socket".to_owned();
    }
    if ["os error 2", "os error 111", "not found"].iter().any(|sign| message.contains(sign)) {
        return "no engine is running".to_owned();
    }
    message
}
