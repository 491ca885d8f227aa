//! Where answers come from, and the copy of each in `raw/` with the evidence beside it.

use anyhow::Result;
use bytes::Bytes;
use contract::{Layout, RunId};
use serde_json::{Map, Value};

use super::{Job, Progress};
use crate::edge::lake::{Lake, Reader, Upload};
use crate::edge::source::{Api, Body, Reply};
use crate::failure::Failure;
use crate::receipt::Object;

/// Where answers come from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// The contract's API, or another host that speaks like it.
    Api(Api),
    /// `<collection>.json` below a folder or bucket prefix.
    Files(Lake),
}

/// Where one answer goes.
#[derive(Clone, Copy)]
pub(super) struct Target<'t> {
    pub lake: &'t Lake,
    pub layout: Layout<'t>,
    pub run: &'t RunId,
    pub name: &'t str,
    pub attempt: &'t str,
}

/// An answer on its way: what comes goes into `raw/` exactly as it came, and on to whoever asks for the next piece.
pub(super) struct Arriving<'t> {
    to: Target<'t>,
    from: From,
    raw: Upload,
    /// What is kept beside the bytes.
    evidence: Map<String, Value>,
    progress: &'t dyn Progress,
    pub etag: Option<String>,
    pub form: Form,
}

enum From {
    Body(Body),
    File(Reader),
}

/// What the bytes of an answer are, beside JSON.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    pub gzip: bool,
    /// Whether a cut body would have been noticed when it came.
    pub delimited: bool,
}

impl Origin {
    /// Names every collection that is not there, before any work is done.
    pub(super) async fn check(&self, job: &Job) -> Result<()> {
        let Self::Files(files) = self else { return Ok(()) };
        let names = files.names("").await?;
        let there = |name: &&String| names.contains(&format!("{name}.json"));
        let missing: Vec<&str> = job.collections.iter().filter(|name| !there(name)).map(String::as_str).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let present: Vec<&str> = job.contract.collections.names().filter(|name| there(&&(*name).to_owned())).collect();
        let failure =
            Failure::refused(format!("the source {} has no {}.json", files.location(""), missing.join(".json, no ")));
        Err(match present.as_slice() {
            [] => failure.hint("point the source at a folder with <collection>.json files"),
            present => failure.hint(format!("to take only what is there: --collections {}", present.join(","))),
        }
        .into())
    }

    /// Asks for an answer; `None` says that what the ETag stands for is still current.
    pub(super) async fn ask<'t>(
        &self,
        to: Target<'t>,
        path: &str,
        etag: Option<&str>,
        fetched_at: &str,
        progress: &'t dyn Progress,
    ) -> Result<Option<Arriving<'t>>> {
        let mut evidence = Map::from_iter([("fetched_at".to_owned(), fetched_at.into())]);
        let (from, etag, form, total) = match self {
            Self::Api(api) => match api.get(path, etag).await? {
                Reply::NotModified(http) => {
                    evidence.insert("http".to_owned(), serde_json::to_value(http)?);
                    to.keep(&evidence).await?;
                    return Ok(None);
                }
                Reply::Body(mut body) => {
                    evidence.insert("http".to_owned(), serde_json::to_value(&body.evidence)?);
                    let (etag, form) = (body.etag.take(), Form { gzip: body.gzip, delimited: body.delimited });
                    let total = body.announced();
                    (From::Body(body), etag, form, total)
                }
            },
            Self::Files(files) => {
                let from = format!("{}.json", to.name);
                let Some(size) = files.size(&from).await? else {
                    return Err(Failure::refused(format!("`{}` is gone", files.location(&from))).into());
                };
                evidence.insert("file".to_owned(), files.location(&from).into());
                let form = Form { gzip: false, delimited: true };
                (From::File(files.read(&from, size)), None, form, Some(size))
            }
        };
        progress.begin(to.name, total);
        let raw = to.lake.upload(&to.raw(form));
        Ok(Some(Arriving { to, from, raw, evidence, progress, etag, form }))
    }
}

impl Arriving<'_> {
    /// The next bytes, `None` at the end.
    ///
    /// # Errors
    /// Temporary when the source or the lake cannot be reached.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>> {
        let bytes = match &mut self.from {
            From::Body(body) => body.next().await?,
            From::File(file) => file.next().await?,
        };
        let Some(bytes) = bytes else { return Ok(None) };
        self.progress.advance(self.to.name, bytes.len() as u64);
        self.raw.write(bytes.clone()).await?;
        Ok(Some(bytes))
    }

    /// Ends the copy in the lake, with the evidence beside it.
    pub(super) async fn stored(self) -> Result<Object> {
        let (mut evidence, raw) = (self.evidence, self.raw.finish().await?);
        evidence.insert("body".to_owned(), serde_json::to_value(&raw)?);
        self.to.keep(&evidence).await?;
        Ok(raw)
    }
}

impl Target<'_> {
    /// The key of the bytes as they came.
    pub(super) fn raw(&self, form: Form) -> String {
        self.layout.raw(self.name, self.run, self.attempt, if form.gzip { "json.gz" } else { "json" })
    }

    async fn keep(&self, evidence: &Map<String, Value>) -> Result<()> {
        let key = self.layout.evidence(self.name, self.run, self.attempt);
        self.lake.put_new(&key, serde_json::to_vec_pretty(evidence)?).await?;
        Ok(())
    }
}
