//! The source of a rehearsal: the sample or another folder, uploaded to the lake; a server; or an injected fault.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use contract::{Auth, is_on_loopback};
use tiny_http::{Response, Server};

use crate::cli::InjectedFault;
use crate::edge::files;
use crate::failure::Failure;
use crate::flows::configure;
use crate::flows::sync::sample;
use crate::rehearsal::MODULE;
use crate::settings::{DAG, Ingestion, Settings, Variables};

const HINT: &str = "pass a folder or http(s)://host to --source";

#[derive(Debug)]
pub enum Source {
    Folder(PathBuf),
    /// The sample with two cores that have the same serial number.
    SameSerial,
    Web(String),
}

impl Source {
    /// Returns the requested source, or else the source for the injected fault, or else the sample.
    pub fn of(requested: Option<&str>, fault: Option<InjectedFault>) -> Result<Self> {
        match (requested, fault) {
            (Some(url), _) if ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme)) => {
                let failure = || Failure::new(format!("`{url}` is not a valid URL")).hint(HINT);
                ensure!(url.parse::<url::Url>().is_ok(), failure());
                Ok(Self::Web(url.trim_end_matches('/').to_owned()))
            }
            (Some(dir), _) => {
                let failure =
                    || Failure::new(format!("`{dir}` is not a folder with <collection>.json files")).hint(HINT);
                let responses = files::list(Path::new(dir)).map_err(|_| failure())?;
                ensure!(responses.iter().any(|path| is_json(path)), failure());
                Ok(Self::Folder(Path::new(dir).to_owned()))
            }
            (None, Some(InjectedFault::Source)) => faulty_server().map(Self::Web),
            (None, Some(InjectedFault::Marts)) => Ok(Self::SameSerial),
            (None, _) => Ok(Self::Folder(sample::folder())),
        }
    }

    /// Returns the URL of the default source.
    pub(super) fn url(&self, settings: &Settings) -> String {
        match self {
            Self::Web(url) => url.clone(),
            _ => format!("s3://{}/{}", settings.buckets().lake, sample::PREFIX),
        }
    }

    /// Returns the folder to upload to the lake; generated files are written to `dir`.
    pub(super) fn folder(&self, dir: &Path) -> Result<Option<PathBuf>> {
        match self {
            Self::Folder(folder) => Ok(Some(folder.clone())),
            Self::SameSerial => same_serial(dir).map(Some),
            Self::Web(_) => Ok(None),
        }
    }
}

/// Splits the requested sources: the default one, and the URLs of others by name. Fails for a name that is not an enabled
/// source, for a source that is requested twice, for a folder of another source, and if a contract leads elsewhere.
pub fn sources(
    requested: &[String],
    fault: Option<InjectedFault>,
) -> Result<(Option<String>, BTreeMap<String, String>)> {
    let configured = configure::module(Some(MODULE), &Variables::new())?;
    let settings = configured.settings();
    let (mut default, mut urls) = (None, BTreeMap::new());
    let once = |text: &str| {
        Failure::new(format!("`--source {text}`: this source has another `--source`")).hint("pass one for each source")
    };
    for text in requested {
        let is_name = |name: &str| name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_');
        let Some((name, value)) = text.split_once('=').filter(|(name, _)| is_name(name)) else {
            ensure!(default.replace(text.clone()).is_none(), once(text));
            continue;
        };
        let one = settings.ingestion(Some(name))?;
        if one.dag == DAG {
            ensure!(default.replace(value.to_owned()).is_none(), once(text));
            continue;
        }
        let failure = Failure::new(format!("`--source {text}`: the source `{name}` is not enabled"));
        ensure!(one.enabled, failure.hint("enable it in infra/settings/rehearse.yaml"));
        let failure = Failure::new(format!("`{value}` is not a URL"));
        let failure = failure.hint("pass NAME=http(s)://host; only the default source can be a folder");
        ensure!(value.contains("://"), failure);
        if let Source::Web(url) = Source::of(Some(value), None)? {
            ensure!(urls.insert(name.to_owned(), url).is_none(), once(text));
        }
    }
    // A folder needs no token. A fault is in the default source, and the others are not run.
    let is_server =
        default.as_deref().is_some_and(|source| source.contains("://")) || fault == Some(InjectedFault::Source);
    let is_reached = |one: &Ingestion| if one.dag == DAG { is_server } else { one.enabled && fault.is_none() };
    for one in settings.ingestions().iter().filter(|one| is_reached(one)) {
        let contract = &configured.contracts[&one.source];
        if one.dag != DAG && !urls.contains_key(&one.source) {
            only_here(one, "base_url", &contract.base_url)?;
        }
        if let Some(Auth::Oauth2 { access_token_url, .. }) = &contract.request.auth {
            only_here(one, "access_token_url", access_token_url)?;
        }
    }
    Ok((default, urls))
}

/// Fails if a URL in a contract is not on this machine.
fn only_here(one: &Ingestion, key: &str, url: &str) -> Result<()> {
    let (name, contract) = (&one.source, &one.contract);
    let mut ways = vec![format!("write a loopback URL in {contract}")];
    if key == "base_url" {
        ways.insert(0, format!("pass --source {name}=http://127.0.0.1:PORT"));
    }
    if one.dag != DAG {
        ways.push(format!("set `sources.{name}.enabled: false` in infra/settings/rehearse.yaml"));
    }
    let problem = format!("`{key}` of the source `{name}` is `{url}`, but a rehearsal connects only to this machine");
    ensure!(is_on_loopback(url), Failure::new(problem).hint(ways.join(", or ")));
    Ok(())
}

fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "json")
}

/// Starts a server that returns 500 until this program exits.
fn faulty_server() -> Result<String> {
    let server = Server::http("127.0.0.1:0").map_err(|error| anyhow!("cannot listen on 127.0.0.1: {error}"))?;
    let port = server.server_addr().to_ip().context("the server has no address")?.port();
    thread::spawn(move || {
        for request in server.incoming_requests() {
            // The client may have disconnected.
            let _ = request.respond(Response::from_string("injected fault\n").with_status_code(500));
        }
    });
    Ok(format!("http://127.0.0.1:{port}"))
}

fn same_serial(dir: &Path) -> Result<PathBuf> {
    for path in files::list(&sample::folder())?.iter().filter(|path| is_json(path)) {
        let text = files::read(path)?.unwrap_or_default().replace("\"Merlin2A\"", "\"Merlin1A\"");
        files::write(&dir.join(path.file_name().unwrap_or_default()), &text)?;
    }
    Ok(dir.to_owned())
}
