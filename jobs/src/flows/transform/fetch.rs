//! Where answers come from, and the copy of each in `raw/` with the evidence beside it.

use anyhow::{Context, Result};
use bytes::Bytes;
use contract::{Layout, RunId};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Job, Progress};
use crate::edge::lake::{Lake, Reader, Upload};
use crate::edge::source::{Api, Body, Evidence, Known, Reply};
use crate::failure::Failure;
use crate::pagination::Claims;
use crate::receipt::{Object, Receipt};

/// Where answers come from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// The contract's API, or another host that speaks like it.
    Api(Api),
    /// `<collection>.json` below a folder or bucket prefix.
    Files(Lake),
    /// What this run's receipts say that the lake kept in `raw/`; the source is not asked.
    Raw(RunId),
}

/// Where one answer goes.
#[derive(Clone, Copy)]
pub(super) struct Target<'t> {
    pub lake: &'t Lake,
    pub layout: Layout<'t>,
    pub run: &'t RunId,
    pub name: &'t str,
    pub attempt: &'t str,
    /// Whether what is made is stored, or only measured.
    pub stores: bool,
    /// Why a response counts as whole although its headers say that there are more records.
    pub accept: Option<&'t str>,
}

/// An answer on its way: what comes goes into `raw/` exactly as it came, and on to whoever asks for the next piece.
pub(super) struct Arriving<'t> {
    to: Target<'t>,
    from: From,
    /// The copy in `raw/`. Bytes that come from there are only measured on their way.
    raw: Upload,
    /// What is kept beside the bytes.
    evidence: Map<String, Value>,
    progress: &'t dyn Progress,
    pub etag: Option<String>,
    /// Where the ETag is from.
    pub url: Option<String>,
    /// When the answer was asked for, as in its receipt.
    pub fetched_at: String,
    pub form: Form,
    /// What the headers say about the number of records.
    pub claims: Claims,
}

/// What is kept beside an answer's bytes, as far as a replay reads it.
#[derive(Deserialize)]
struct Kept {
    http: Option<Evidence>,
}

enum From {
    Body(Body),
    File(Reader),
    Raw(Reader, Object),
}

/// What the bytes of an answer are, beside JSON.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    pub gzip: bool,
    /// Whether a cut body would have been noticed when it came.
    pub delimited: bool,
}

impl Origin {
    /// The run whose stored bytes are transformed again, if the source is not asked.
    pub(super) fn replayed(&self) -> Option<&RunId> {
        if let Self::Raw(run) = self { Some(run) } else { None }
    }

    /// Names every collection that is not there, before any work is done.
    pub(super) async fn check(&self, job: &Job, lake: &Lake) -> Result<()> {
        let (names, whose, otherwise) = match self {
            Self::Api(_) => return Ok(()),
            Self::Files(files) => {
                let whose = format!("the source {}", files.location(""));
                (files.names("").await?, whose, "point the source at a folder with <collection>.json files")
            }
            Self::Raw(run) => {
                let folder = Layout { source: &job.contract.source }.receipts(run);
                let whose = format!("run `{run}`, whose receipts are below {},", lake.location(&folder));
                (lake.names(&folder).await?, whose, "name a run that this lake has")
            }
        };
        let there = |name: &&String| names.contains(&format!("{name}.json"));
        let missing: Vec<&str> = job.collections.iter().filter(|name| !there(name)).map(String::as_str).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let present: Vec<&str> = job.contract.collections.keys().filter(there).map(String::as_str).collect();
        let failure = Failure::refused(format!("{whose} has no {}.json", missing.join(".json, no ")));
        Err(match present.as_slice() {
            [] => failure.hint(otherwise),
            present => failure.hint(format!("to take only what is there: --collections {}", present.join(","))),
        }
        .into())
    }

    /// Asks for an answer; `None` says that what the ETag stands for is still current. `earlier` is the receipt that
    /// has the ETag, or the one to replay.
    pub(super) async fn ask<'t>(
        &self,
        to: Target<'t>,
        path: &str,
        earlier: Option<&Receipt>,
        now: &str,
        progress: &'t dyn Progress,
    ) -> Result<Option<Arriving<'t>>> {
        let mut evidence = Map::from_iter([("fetched_at".to_owned(), now.into())]);
        let (mut fetched_at, mut raw, mut url, mut claims) = (now.to_owned(), None, None, Claims::default());
        let (from, etag, form, total) = match self {
            Self::Api(api) => match api.get(path, earlier.and_then(known)).await? {
                Reply::NotModified(http) => {
                    evidence.insert("http".to_owned(), serde_json::to_value(http)?);
                    to.keep(&evidence).await?;
                    return Ok(None);
                }
                Reply::Body(mut body) => {
                    evidence.insert("http".to_owned(), serde_json::to_value(&body.evidence)?);
                    claims = Claims::of(&body.evidence.headers);
                    url = Some(body.evidence.url.clone());
                    let (etag, form) = (body.etag.take(), Form { gzip: body.gzip, delimited: body.delimited });
                    let total = body.announced();
                    (From::Body(body), etag, form, total)
                }
            },
            Self::Files(files) => {
                let from = format!("{}.json", to.name);
                let Some((size, file)) = files.read_version(&from).await? else {
                    return Err(Failure::refused(format!("`{}` is gone", files.location(&from))).into());
                };
                evidence.insert("file".to_owned(), files.location(&from).into());
                let form = Form { gzip: false, delimited: true };
                (From::File(file), None, form, Some(size))
            }
            Self::Raw(_) => {
                let receipt = earlier.context("a replay without a receipt")?;
                let object = &receipt.raw;
                match to.lake.size(&object.key).await? {
                    Some(size) if size == object.bytes => {}
                    Some(size) => return Err(altered(&to, object, &format!("{size} bytes, not {}", object.bytes))),
                    None => return Err(altered(&to, object, "it is gone")),
                }
                fetched_at.clone_from(&receipt.fetched_at);
                url.clone_from(&receipt.url);
                raw = Some(to.lake.measure(&object.key));
                claims = to.claims(object).await?;
                // It had been whole when it got its receipt.
                let form = Form { gzip: object.key.ends_with(".gz"), delimited: true };
                let reader = to.lake.read(&object.key, object.bytes);
                (From::Raw(reader, object.clone()), receipt.etag.clone(), form, Some(object.bytes))
            }
        };
        progress.begin(to.name, total);
        let raw = raw.unwrap_or_else(|| to.lake.upload(&to.raw(form)));
        Ok(Some(Arriving { to, from, raw, evidence, progress, etag, url, fetched_at, form, claims }))
    }
}

impl Arriving<'_> {
    /// Where the bytes lie as they came.
    pub(super) fn key(&self) -> &str {
        self.raw.key()
    }

    /// The next bytes, `None` at the end.
    ///
    /// # Errors
    /// Temporary when the source or the lake cannot be reached.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>> {
        let bytes = match &mut self.from {
            From::Body(body) => body.next().await?,
            From::File(file) | From::Raw(file, _) => file.next().await?,
        };
        let Some(bytes) = bytes else { return Ok(None) };
        self.progress.advance(self.to.name, bytes.len() as u64);
        self.raw.write(bytes.clone()).await?;
        Ok(Some(bytes))
    }

    /// Ends the copy in the lake, with the evidence beside it.
    ///
    /// # Errors
    /// Refused when bytes that came from `raw/` are not those that the receipt vouches for.
    pub(super) async fn stored(self) -> Result<Object> {
        let (mut evidence, raw) = (self.evidence, self.raw.finish().await?);
        if let From::Raw(_, object) = &self.from {
            if raw.sha256 != object.sha256 {
                let problem = format!("its SHA-256 is {}, not {}", raw.sha256, object.sha256);
                return Err(altered(&self.to, object, &problem));
            }
            return Ok(raw);
        }
        evidence.insert("body".to_owned(), serde_json::to_value(&raw)?);
        self.to.keep(&evidence).await?;
        Ok(raw)
    }
}

/// What the source may be asked with; receipts of the first days lack the URL.
fn known(receipt: &Receipt) -> Option<Known<'_>> {
    Some(Known { url: receipt.url.as_deref()?, etag: receipt.etag.as_deref()? })
}

fn altered(to: &Target<'_>, object: &Object, problem: &str) -> anyhow::Error {
    let message = format!("`{}` is not what its receipt vouches for: {problem}", to.lake.location(&object.key));
    Failure::refused(message).hint("without the bytes as they came only the source itself can give them again").into()
}

impl Target<'_> {
    /// Starts an object that is made from the answer.
    pub(super) fn upload(&self, key: &str) -> Upload {
        if self.stores { self.lake.upload(key) } else { self.lake.measure(key) }
    }

    /// The key of the bytes as they came.
    fn raw(&self, form: Form) -> String {
        self.layout.raw(self.name, self.run, self.attempt, if form.gzip { "json.gz" } else { "json" })
    }

    /// What the headers said when these bytes came; files have none.
    async fn claims(&self, raw: &Object) -> Result<Claims> {
        let key = Layout::evidence_beside(&raw.key);
        let Some(bytes) = self.lake.get(&key).await? else { return Ok(Claims::default()) };
        let kept: Kept = serde_json::from_slice(&bytes)
            .map_err(|error| Failure::refused(format!("cannot read `{}`", self.lake.location(&key))).because(error))?;
        Ok(kept.http.map(|http| Claims::of(&http.headers)).unwrap_or_default())
    }

    async fn keep(&self, evidence: &Map<String, Value>) -> Result<()> {
        let key = self.layout.evidence(self.name, self.run, self.attempt);
        self.lake.put_new(&key, serde_json::to_vec_pretty(evidence)?).await
    }
}
