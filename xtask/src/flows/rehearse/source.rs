//! Where a rehearsal's answers come from: the sample or another folder, which goes into the lake; another server; or one that
//! answers as a drill wants it.

use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::Value;
use tiny_http::{Response, Server};

use crate::edge::files;
use crate::failure::Failure;
use crate::flows::sync::sample;
use crate::rehearsal::InjectedFault;
use crate::settings::Settings;

/// The answers.
#[derive(Debug)]
pub enum Source {
    /// Files in a folder.
    Folder(PathBuf),
    /// The sample with one payload of many: launches refer to what is not there.
    FewPayloads,
    /// A server.
    Web(String),
}

impl Source {
    /// What was asked for, else the sample, or what a drill needs.
    ///
    /// # Errors
    /// When it is no folder with answers, and no address.
    pub fn of(asked: Option<&str>, fault: Option<InjectedFault>) -> Result<Self> {
        match (asked, fault) {
            (Some(url), _) if ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme)) => {
                let words = format!("`{url}` is no address of a server");
                ensure!(
                    url.parse::<url::Url>().is_ok(),
                    Failure::new(words).hint("--source takes a folder or http(s)://host")
                );
                Ok(Self::Web(url.trim_end_matches('/').to_owned()))
            }
            (Some(dir), _) => {
                let failure = || {
                    let words = format!("there is no folder `{dir}` with <collection>.json in it");
                    Failure::new(words).hint("--source takes a folder or http(s)://host")
                };
                let answers = files::list(Path::new(dir)).map_err(|_| failure())?;
                ensure!(answers.iter().any(|path| path.extension().is_some_and(|end| end == "json")), failure());
                Ok(Self::Folder(Path::new(dir).to_owned()))
            }
            (None, Some(InjectedFault::Source)) => broken().map(Self::Web),
            (None, Some(InjectedFault::Marts)) => Ok(Self::FewPayloads),
            (None, _) => Ok(Self::Folder(sample::folder())),
        }
    }

    /// As `SOURCE_URL`.
    pub(super) fn url(&self, settings: &Settings) -> String {
        match self {
            Self::Web(url) => url.clone(),
            _ => format!("s3://{}/{}", settings.buckets().lake, sample::PREFIX),
        }
    }

    /// What is to be in the lake; what has to be made is made in `dir`.
    pub(super) fn folder(&self, dir: &Path) -> Result<Option<PathBuf>> {
        match self {
            Self::Folder(folder) => Ok(Some(folder.clone())),
            Self::FewPayloads => few_payloads(dir).map(Some),
            Self::Web(_) => Ok(None),
        }
    }
}

/// A server that answers 500 as long as this program runs.
fn broken() -> Result<String> {
    let server = Server::http("127.0.0.1:0").map_err(|error| anyhow!("cannot listen on 127.0.0.1: {error}"))?;
    let port = server.server_addr().to_ip().context("the server has no address")?.port();
    thread::spawn(move || {
        for request in server.incoming_requests() {
            // Who goes away before the answer has missed nothing.
            let _ = request.respond(Response::from_string("this is a drill\n").with_status_code(500));
        }
    });
    Ok(format!("http://127.0.0.1:{port}"))
}

fn few_payloads(dir: &Path) -> Result<PathBuf> {
    for path in files::list(&sample::folder())?.iter().filter(|path| path.extension().is_some_and(|end| end == "json"))
    {
        let mut text = files::read(path)?.unwrap_or_default();
        if path.ends_with("payloads.json") {
            let mut payloads: Vec<Value> = serde_json::from_str(&text).context("the sample's payloads are no list")?;
            payloads.truncate(1);
            text = serde_json::to_string(&payloads)?;
        }
        files::write(&dir.join(path.file_name().unwrap_or_default()), &text)?;
    }
    Ok(dir.to_owned())
}
