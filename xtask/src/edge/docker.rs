//! The Docker engine, over its local socket: building, tagging, pushing.

mod remove;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use anyhow::{Context, Result};
use bollard::Docker;
use bollard::auth::DockerCredentials;
use bollard::body_full;
use bollard::errors::Error;
use bollard::query_parameters::{BuildImageOptionsBuilder, PushImageOptionsBuilder, TagImageOptionsBuilder};
use contract::Exit;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;

use crate::doctor;
use crate::failure::{Failure, chain};

/// The oldest API that is spoken: Debian 12's engine.
const OLDEST: (usize, usize) = (1, 41);
const SOCKET: &str = "unix:///var/run/docker.sock";
/// Long enough for a busy engine to say who it is, short enough to wait for.
const PATIENCE: Duration = Duration::from_secs(3);

/// A running engine.
#[derive(Debug)]
pub struct Engine {
    docker: Docker,
    runtime: Runtime,
}

/// What to build, and what it is called.
#[derive(Debug)]
pub struct Build<'a> {
    /// A tar archive.
    pub context: Vec<u8>,
    /// The Dockerfile's place in it.
    pub dockerfile: &'a str,
    /// The stage; empty for the last.
    pub target: &'a str,
    /// `linux/amd64` or `linux/arm64`.
    pub platform: &'a str,
    /// Build arguments.
    pub arguments: BTreeMap<String, String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// `name:tag` of the image.
    pub tag: &'a str,
    /// Whether steps that were built before are built again.
    pub anew: bool,
}

/// An image that the engine has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// `sha256:` and 64 digits, of its configuration.
    pub id: String,
    /// Bytes of its layers, unpacked.
    pub size: u64,
    /// `name@sha256:…` for each registry that it was pushed to or pulled from.
    pub digests: Vec<String>,
    /// The digests of its layers, unpacked.
    pub layers: Vec<String>,
}

/// What a push did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Pushed {
    /// Layers that were sent.
    pub layers: u32,
    /// Layers that the registry had.
    pub known: u32,
    /// Bytes of those sent, before they were packed.
    pub bytes: u64,
}

/// How far a push is: of each layer under way, by its size, how many bytes are sent.
pub type Progress = BTreeMap<u64, u64>;

impl Engine {
    /// Connects to the engine at DOCKER_HOST, else at the usual socket, in the newest API that both speak.
    pub fn connect(host: Option<&str>) -> Result<Self> {
        let address = host.unwrap_or(SOCKET);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
        let silent = |error: Error| {
            let failure = Failure::new(format!("no Docker engine answers at {address}: {}", chain(&error)));
            failure.hint(
                "start Docker (`sudo systemctl start docker`), or set DOCKER_HOST; `cargo xtask doctor` looks closer",
            )
        };
        let docker = runtime.block_on(async {
            Docker::connect_with_host(address)?.with_timeout(Duration::from_secs(3600)).negotiate_version().await
        });
        let docker = docker.map_err(silent)?;
        let api = docker.client_version();
        if (api.major_version, api.minor_version) < OLDEST {
            let failure = Failure::new(format!("the Docker engine at {address} speaks API {api} only"));
            return Err(failure.hint("API 1.41 or newer is needed: update Docker to 20.10 or newer").into());
        }
        Ok(Self { docker, runtime })
    }

    /// An image by its name, if the engine has it.
    pub fn image(&self, name: &str) -> Result<Option<Image>> {
        let told = match self.runtime.block_on(self.docker.inspect_image(name)) {
            Err(Error::DockerResponseServerError { status_code: 404, .. }) => return Ok(None),
            told => told.map_err(|error| engine_said(&format!("look at `{name}`"), &error))?,
        };
        Ok(Some(Image {
            id: told.id.unwrap_or_default(),
            size: told.size.unwrap_or_default().unsigned_abs(),
            digests: told.repo_digests.unwrap_or_default(),
            layers: told.root_fs.and_then(|files| files.layers).unwrap_or_default(),
        }))
    }

    /// Builds an image; `tell` hears the engine's lines.
    pub fn build(&self, build: Build<'_>, tell: &mut dyn FnMut(&str)) -> Result<()> {
        let map = |from: BTreeMap<String, String>| from.into_iter().collect::<HashMap<_, _>>();
        let options = BuildImageOptionsBuilder::default()
            .dockerfile(build.dockerfile)
            .t(build.tag)
            .target(build.target)
            .platform(build.platform)
            .buildargs(&map(build.arguments))
            .labels(&map(build.labels))
            .nocache(build.anew)
            .rm(true)
            .forcerm(true)
            .build();
        self.runtime.block_on(async {
            let mut lines = self.docker.build_image(options, None, Some(body_full(build.context.into())));
            let mut last = Vec::new();
            while let Some(line) = lines.next().await {
                let line = line.map_err(|error| build_failed(build.tag, &error, &last))?;
                let text = line.stream.or(line.status).unwrap_or_default();
                for text in text.lines().map(str::trim_end).filter(|text| !text.is_empty()) {
                    tell(text);
                    last.push(text.to_owned());
                }
            }
            Ok(())
        })
    }

    /// Gives an image another name, pushes it under that, and says what was sent.
    pub fn push(
        &self,
        image: &str,
        repository: &str,
        tag: &str,
        login: (&str, &str),
        tell: &mut dyn FnMut(&Progress),
    ) -> Result<Pushed> {
        let named = TagImageOptionsBuilder::default().repo(repository).tag(tag).build();
        let registry = repository.split('/').next().unwrap_or(repository);
        let credentials = DockerCredentials {
            username: Some(login.0.to_owned()),
            password: Some(login.1.to_owned()),
            serveraddress: Some(registry.to_owned()),
            ..DockerCredentials::default()
        };
        self.runtime.block_on(async {
            let tagged = self.docker.tag_image(image, Some(named)).await;
            tagged.map_err(|error| engine_said(&format!("name `{image}`"), &error))?;
            let options = PushImageOptionsBuilder::default().tag(tag).build();
            let mut lines = self.docker.push_image(repository, Some(options), Some(credentials));
            let (mut pushed, mut progress) = (Pushed::default(), Progress::new());
            while let Some(line) = lines.next().await {
                let line = line.map_err(|error| push_failed(repository, &error))?;
                match line.status.as_deref() {
                    Some("Pushed") => pushed.layers += 1,
                    Some("Layer already exists") => pushed.known += 1,
                    Some("Pushing") => {
                        let detail = line.progress_detail.unwrap_or_default();
                        if let (Some(current), Some(total)) = (detail.current, detail.total) {
                            progress.insert(total.unsigned_abs(), current.min(total).unsigned_abs());
                            tell(&progress);
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

fn engine_said(what: &str, error: &Error) -> anyhow::Error {
    let words = chain(error);
    let failure = Failure::new(format!("the Docker engine cannot {what}: {words}"));
    hinted(failure, &words).into()
}

fn build_failed(tag: &str, error: &Error, last: &[String]) -> anyhow::Error {
    let words = chain(error);
    let name = tag.split(':').next().unwrap_or(tag);
    let lines = last[last.len().saturating_sub(12)..].join("\n  ");
    let failure = Failure::new(format!("`{name}` cannot be built: {words}\n  {lines}"));
    // A build pulls; the same words of a push are about the repository.
    let signs = ["manifest unknown", "name unknown", "pull access denied", "no such host"];
    if signs.iter().any(|sign| words.to_lowercase().contains(sign)) {
        return failure.hint("is the base image in the settings there, and may this engine pull it?").into();
    }
    hinted(failure, &words).into()
}

fn push_failed(repository: &str, error: &Error) -> anyhow::Error {
    let words = chain(error);
    let failure = Failure::new(format!("`{repository}` cannot be pushed: {words}"));
    hinted(failure, &words).into()
}

/// What to do about the engine's words, where that is known.
fn hinted(failure: Failure, words: &str) -> Failure {
    let lower = words.to_lowercase();
    let hints: [(&[&str], &str, Exit); 6] = [
        (
            &["no space left"],
            "make room: `docker system df` shows what lies there, `docker image prune` removes what nobody uses",
            Exit::Failed,
        ),
        (&["token has expired"], "the registry's token has run out; run the same command again", Exit::TempFail),
        (
            &["no basic auth", "unauthorized", "denied"],
            "the credentials may not push there: ecr:PutImage, ecr:InitiateLayerUpload, ecr:UploadLayerPart, ecr:CompleteLayerUpload, ecr:BatchCheckLayerAvailability",
            Exit::Failed,
        ),
        (
            &["name unknown", "does not exist"],
            "make the repository first: the stack `registry` of `cargo xtask deploy` has it",
            Exit::Failed,
        ),
        (
            &["connection refused", "connection reset", "connection closed", "broken pipe", "eof", "timeout"],
            "is the engine still running? run the same command again",
            Exit::TempFail,
        ),
        (&["connect"], "start Docker, then run the same command again", Exit::TempFail),
    ];
    match hints.into_iter().find(|(signs, _, _)| signs.iter().any(|sign| lower.contains(sign))) {
        Some((_, hint, exit)) => failure.hint(hint).exit(exit),
        None => failure,
    }
}

/// Asks the engine at DOCKER_HOST, else at the usual socket, who it is.
pub fn engine(host: Option<&str>) -> doctor::Engine {
    let address = host.unwrap_or(SOCKET).to_owned();
    let silent = |why: String| doctor::Engine::Silent { address: address.clone(), configured: host.is_some(), why };
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
        Ok(Ok((version, api))) => doctor::Engine::Answers { version, api, address },
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

fn no_answer(error: &Error) -> String {
    let words = chain(error);
    if words.contains("Permission denied") {
        return "its socket is not open to this user".to_owned();
    }
    if words.contains("os error 2") || words.contains("os error 111") || words.contains("not found") {
        return "no engine runs there".to_owned();
    }
    words
}
