//! The first half: an answer's bytes go into `raw/` exactly as they came, with the evidence beside them.

use anyhow::Result;
use contract::{Layout, RunId};
use serde_json::json;

use super::{Job, Progress};
use crate::edge::lake::Lake;
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

/// An answer in the lake.
#[derive(Debug)]
pub(super) struct Fetched {
    pub raw: Object,
    pub etag: Option<String>,
    pub gzip: bool,
    /// Whether a cut body would have been noticed already.
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

    /// Stores an answer; `None` says that what the ETag stands for is still current.
    pub(super) async fn fetch(
        &self,
        to: &Target<'_>,
        path: &str,
        etag: Option<&str>,
        fetched_at: &str,
        progress: &dyn Progress,
    ) -> Result<Option<Fetched>> {
        match self {
            Self::Api(api) => match api.get(path, etag).await? {
                Reply::NotModified(evidence) => {
                    to.evidence(json!({ "fetched_at": fetched_at, "http": evidence })).await?;
                    Ok(None)
                }
                Reply::Body(body) => to.store_body(body, fetched_at, progress).await.map(Some),
            },
            Self::Files(files) => to.store_file(files, fetched_at, progress).await.map(Some),
        }
    }
}

impl Target<'_> {
    async fn store_body(&self, mut body: Body, fetched_at: &str, progress: &dyn Progress) -> Result<Fetched> {
        let extension = if body.gzip { "json.gz" } else { "json" };
        let mut upload = self.lake.upload(&self.layout.raw(self.name, self.run, self.attempt, extension));
        progress.begin(self.name, body.announced());
        while let Some(bytes) = body.next().await? {
            progress.advance(self.name, bytes.len() as u64);
            upload.write(&bytes).await?;
        }
        let raw = upload.finish().await?;
        self.evidence(json!({ "fetched_at": fetched_at, "http": body.evidence, "body": raw })).await?;
        Ok(Fetched { raw, etag: body.etag, gzip: body.gzip, delimited: body.delimited })
    }

    async fn store_file(&self, files: &Lake, fetched_at: &str, progress: &dyn Progress) -> Result<Fetched> {
        let from = format!("{}.json", self.name);
        let Some(size) = files.size(&from).await? else {
            return Err(Failure::refused(format!("`{}` is gone", files.location(&from))).into());
        };
        let mut upload = self.lake.upload(&self.layout.raw(self.name, self.run, self.attempt, "json"));
        progress.begin(self.name, Some(size));
        let mut reader = files.read(&from, size);
        while let Some(bytes) = reader.next().await? {
            progress.advance(self.name, bytes.len() as u64);
            upload.write(&bytes).await?;
        }
        let raw = upload.finish().await?;
        self.evidence(json!({ "fetched_at": fetched_at, "file": files.location(&from), "body": raw })).await?;
        Ok(Fetched { raw, etag: None, gzip: false, delimited: true })
    }

    async fn evidence(&self, evidence: serde_json::Value) -> Result<()> {
        let key = self.layout.evidence(self.name, self.run, self.attempt);
        self.lake.put_new(&key, serde_json::to_vec_pretty(&evidence)?).await?;
        Ok(())
    }
}
