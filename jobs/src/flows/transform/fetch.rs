//! Reads responses from their origin, and copies each to `raw/` with its evidence.

mod pages;

use anyhow::Result;
use bytes::Bytes;
use contract::{Layout, RunId};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value};

use super::Job;
use crate::edge::lake::{Lake, Reader, Upload};
use crate::edge::source::{Api, Body};
use crate::failure::Failure;
use crate::receipt::Object;

pub(super) use pages::{Facts, Pages, Plan, Read, Turn, asked_to_wait, may_help};

/// The origin of responses.
#[derive(Clone, Debug)]
pub enum Origin {
    /// The contract's API, or another host with the same API.
    Api(Api),
    /// Files in a folder or under a bucket prefix: `<collection>.json`, or one file per page in `<collection>/`.
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
    /// The name of the object with the evidence, instead of that of the attempt.
    name: String,
    evidence: Map<String, Value>,
    bar: ProgressBar,
    pub form: Form,
}

enum From {
    Body(Body),
    /// The complete body of a page.
    Page(Bytes),
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
        let (mut names, place, otherwise) = match self {
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
        if let Self::Files(files) = self {
            for name in &job.collections {
                let file = format!("{name}.json");
                if !names.contains(&file) && !pages::pages(files, name).await?.is_empty() {
                    names.push(file);
                }
            }
        }
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
}

impl Arriving<'_> {
    pub(super) fn key(&self) -> &str {
        self.raw.key()
    }

    /// Returns the next bytes, or `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>> {
        let bytes = match &mut self.from {
            From::Body(body) => body.next().await?,
            From::Page(bytes) => Some(std::mem::take(bytes)).filter(|bytes| !bytes.is_empty()),
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
        self.to.keep(&self.name, &evidence).await?;
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

    /// Returns the key of a response; `name` is that of the attempt, with the number of the page.
    fn raw(&self, name: &str, form: Form) -> String {
        self.layout.raw(self.name, self.run, name, if form.gzip { "json.gz" } else { "json" })
    }

    async fn keep(&self, name: &str, evidence: &Map<String, Value>) -> Result<()> {
        let key = self.layout.evidence(self.name, self.run, name);
        self.lake.put_new(&key, serde_json::to_vec_pretty(evidence)?).await
    }
}
