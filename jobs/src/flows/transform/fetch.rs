//! Reads responses from their origin, and copies each to `raw/` with its evidence.

use anyhow::{Context, Result};
use bytes::Bytes;
use chrono::DateTime;
use contract::{Layout, RunId};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::{Map, Value};

use super::Job;
use crate::edge::clock;
use crate::edge::lake::{Lake, Reader, Upload};
use crate::edge::source::{Api, Body, Reply};
use crate::failure::Failure;
use crate::pagination::Claims;
use crate::receipt::{Object, Receipt};

/// The origin of responses.
#[derive(Clone, Debug)]
pub enum Origin {
    /// The contract's API, or another host with the same API.
    Api(Api),
    /// `<collection>.json` files in a folder or under a bucket prefix.
    Files(Lake),
    /// The objects in `raw/` that this run's manifests list; no request is sent to the source.
    Raw(RunId),
}

/// The destination of one response.
#[derive(Clone, Copy)]
pub(super) struct Target<'t> {
    pub lake: &'t Lake,
    pub layout: Layout<'t>,
    pub run: &'t RunId,
    pub name: &'t str,
    pub attempt: &'t str,
    /// Whether objects are stored, or only measured.
    pub stores: bool,
    /// Receives the key of each finished file.
    pub claim: &'t (dyn Fn(String) + Sync),
}

/// A response as it arrives: its bytes are copied to `raw/` unchanged and passed on to the caller.
pub(super) struct Arriving<'t> {
    to: Target<'t>,
    from: From,
    /// The copy in `raw/`. Bytes that were read from `raw/` are only measured.
    raw: Upload,
    evidence: Map<String, Value>,
    bar: ProgressBar,
    pub etag: Option<String>,
    /// The URL or file that the ETag belongs to.
    pub url: Option<String>,
    pub fetched_at: String,
    /// The time of the server's clock.
    pub sent_at: Option<String>,
    pub form: Form,
    /// The number of records according to the headers.
    pub claims: Claims,
    /// For a replay, how the response reports more records than it has.
    pub incomplete: Option<String>,
}

enum From {
    Body(Body),
    File(Reader),
    Raw(Reader, Object),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    pub gzip: bool,
    /// Whether HTTP would have detected an incomplete body.
    pub delimited: bool,
}

impl Origin {
    pub(super) fn replayed(&self) -> Option<&RunId> {
        if let Self::Raw(run) = self { Some(run) } else { None }
    }

    /// Reports every missing collection before the first fetch.
    pub(super) async fn check(&self, job: &Job, lake: &Lake) -> Result<()> {
        let (names, place, otherwise) = match self {
            Self::Api(_) => return Ok(()),
            Self::Files(files) => {
                let place = format!("the source {}", files.location(""));
                (files.names("").await?, place, "pass a --source-url with <collection>.json files")
            }
            Self::Raw(run) => {
                let folder = Layout { source: &job.contract.source }.receipts(run);
                let place = format!("run `{run}` ({})", lake.location(&folder));
                (lake.names(&folder).await?, place, "pass a --from-raw run that is in this lake")
            }
        };
        let exists = |name: &&String| names.contains(&format!("{name}.json"));
        let missing: Vec<&str> = job.collections.iter().filter(|name| !exists(name)).map(String::as_str).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let present: Vec<&str> = job.contract.collections.keys().filter(exists).map(String::as_str).collect();
        let failure = Failure::refused(format!("{place} does not contain {}.json", missing.join(".json, ")));
        Err(match present.as_slice() {
            [] => failure.hint(otherwise),
            present => failure.hint(format!("to transform only the others, pass --collections {}", present.join(","))),
        }
        .into())
    }

    /// Requests a response; `None` means not modified. `earlier` is the manifest with the ETag, or the one to replay.
    pub(super) async fn ask<'t>(
        &self,
        to: Target<'t>,
        path: &str,
        parameters: &[(String, String)],
        earlier: Option<&Receipt>,
        now: &str,
        bars: &MultiProgress,
    ) -> Result<Option<Arriving<'t>>> {
        let mut evidence = Map::from_iter([("fetched_at".to_owned(), now.into())]);
        let (mut fetched_at, mut raw, mut url) = (now.to_owned(), None, None);
        let (mut claims, mut incomplete, mut sent_at) = (Claims::default(), None, None);
        let (from, etag, form, total) = match self {
            Self::Api(api) => match api.get(&with(path, parameters), earlier).await? {
                Reply::NotModified(http) => {
                    evidence.insert("http".to_owned(), serde_json::to_value(http)?);
                    to.keep(&evidence).await?;
                    return Ok(None);
                }
                Reply::Body(mut body) => {
                    evidence.insert("http".to_owned(), serde_json::to_value(&body.evidence)?);
                    claims = Claims::of(&body.evidence.headers);
                    url = Some(body.evidence.url.clone());
                    let date =
                        body.evidence.headers.get("date").and_then(|date| DateTime::parse_from_rfc2822(date).ok());
                    sent_at = date.map(|date| clock::rfc3339(date.to_utc()));
                    let (etag, form) = (body.etag.take(), Form { gzip: body.gzip, delimited: body.delimited });
                    let total = body.announced();
                    (From::Body(body), etag, form, total)
                }
            },
            Self::Files(files) => {
                let from = format!("{}.json", to.name);
                let Some((size, file)) = files.read_version(&from).await? else {
                    let message = format!("`{}` was removed before it could be read", files.location(&from));
                    return Err(Failure::refused(message).into());
                };
                let (location, etag, form) =
                    (files.location(&from), file.etag.clone(), Form { gzip: false, delimited: true });
                evidence
                    .extend([("file".to_owned(), location.clone().into()), ("etag".to_owned(), etag.clone().into())]);
                url = Some(location);
                (From::File(file), etag, form, Some(size))
            }
            Self::Raw(_) => {
                let receipt = earlier.context("the run to replay has no manifest")?;
                let object = &receipt.raw;
                if let Some(problem) = object.size_problem(to.lake.size(&object.key).await?) {
                    return Err(altered(&to, object, &problem));
                }
                fetched_at.clone_from(&receipt.fetched_at);
                url.clone_from(&receipt.url);
                raw = Some(to.lake.upload(&object.key, false));
                incomplete.clone_from(&receipt.incomplete);
                // The response was complete, because it has a manifest.
                let form = Form { gzip: object.key.ends_with(".gz"), delimited: true };
                let reader = to.lake.read(&object.key, object.bytes);
                (From::Raw(reader, object.clone()), receipt.etag.clone(), form, Some(object.bytes))
            }
        };
        let bar = bars.add(bar(to.name, total));
        let raw = raw.unwrap_or_else(|| to.lake.upload(&to.raw(form), true));
        Ok(Some(Arriving { to, from, raw, evidence, bar, etag, url, fetched_at, sent_at, form, claims, incomplete }))
    }
}

/// Adds parameters to the query of a path.
fn with(path: &str, parameters: &[(String, String)]) -> String {
    if parameters.is_empty() {
        return path.to_owned();
    }
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("{path}{}{query}", if path.contains('?') { '&' } else { '?' })
}

impl Arriving<'_> {
    pub(super) fn key(&self) -> &str {
        self.raw.key()
    }

    /// Returns the next bytes, or `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>> {
        let bytes = match &mut self.from {
            From::Body(body) => body.next().await?,
            From::File(file) | From::Raw(file, _) => file.next().await?,
        };
        let Some(bytes) = bytes else { return Ok(None) };
        self.bar.inc(bytes.len() as u64);
        self.raw.write(bytes.clone()).await?;
        Ok(Some(bytes))
    }

    /// Finishes the copy in the lake and stores the evidence.
    /// Fails if bytes from `raw/` do not match their manifest.
    pub(super) async fn stored(self) -> Result<Object> {
        let (mut evidence, raw) = (self.evidence, self.raw.finish().await?);
        if let From::Raw(_, object) = &self.from {
            return match object.hash_problem(&raw.sha256) {
                Some(problem) => Err(altered(&self.to, object, &problem)),
                None => Ok(raw),
            };
        }
        evidence.insert("body".to_owned(), serde_json::to_value(&raw)?);
        self.to.keep(&evidence).await?;
        Ok(raw)
    }
}

/// Returns a collection's progress bar, which disappears when it is dropped; `total` is the size in bytes, if known.
fn bar(collection: &str, total: Option<u64>) -> ProgressBar {
    let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new).with_prefix(collection.to_owned());
    let style = ProgressStyle::with_template("{prefix:>12} {wide_bar} {bytes:>10} {bytes_per_sec:>12}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn altered(to: &Target<'_>, object: &Object, problem: &str) -> anyhow::Error {
    let message = format!("`{}` does not match its manifest: {problem}", to.lake.location(&object.key));
    let hint = "the response cannot be restored: fetch it again with a new run ID, without --from-raw";
    Failure::refused(message).hint(hint).into()
}

impl Target<'_> {
    /// Starts the upload of an object that is derived from the response.
    pub(super) fn upload(&self, key: &str) -> Upload {
        self.lake.upload(key, self.stores)
    }

    fn raw(&self, form: Form) -> String {
        self.layout.raw(self.name, self.run, self.attempt, if form.gzip { "json.gz" } else { "json" })
    }

    async fn keep(&self, evidence: &Map<String, Value>) -> Result<()> {
        let key = self.layout.evidence(self.name, self.run, self.attempt);
        self.lake.put_new(&key, serde_json::to_vec_pretty(evidence)?).await
    }
}
