//! Requests the responses of one collection: one, or page after page.
//!
//! A page is received completely, with retries, before its first record is used: a failure of page 7 repeats only the
//! request for page 7, and the size of a page is limited. A single response is passed on as it arrives, and may have any
//! size.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::time::Duration;

use anyhow::{Context, Result};
use backon::Retryable;
use bytes::{Bytes, BytesMut};
use chrono::DateTime;
use contract::Request;
use indicatif::MultiProgress;
use serde_json::{Map, Value};

use super::{Arriving, Form, From, Origin, Target, altered, bar};
use crate::edge::clock;
use crate::edge::lake::Lake;
use crate::edge::source::{self, Api, Evidence, Reply};
use crate::edge::warehouse::waits;
use crate::failure::{Failure, failure_of};
use crate::pagination::Claims;
use crate::pagination::pager::{Page, Pager};
use crate::receipt::{Object, Receipt};
use crate::request::Ask;

/// The largest page in bytes, which bounds memory.
const LARGEST: usize = 64 << 20;

/// What [`Pages::next`] returns.
pub(in super::super) enum Turn<'t> {
    /// The source returned 304 to the first request.
    NotModified,
    Response(Box<Arriving<'t>>),
    End,
}

/// The request for a collection, and how it is sent.
#[derive(Clone, Copy)]
pub(in super::super) struct Plan<'t> {
    /// The `base_url` of the contract.
    pub base: &'t str,
    pub path: &'t str,
    pub request: &'t Request,
    /// Parameters in addition to those of the request.
    pub parameters: &'t [(String, Value)],
    /// The manifest with the ETag to send, or the one to replay.
    pub earlier: Option<&'t Receipt>,
    pub now: &'t str,
    /// How often a request for a page is repeated, and the first wait.
    pub retries: usize,
    pub first_wait: Duration,
    pub bars: &'t MultiProgress,
}

/// The pages of one collection.
pub(in super::super) struct Pages<'t> {
    to: Target<'t>,
    plan: Plan<'t>,
    from: Following<'t>,
    pager: Pager<'t>,
    /// The number of the last page, from 1.
    number: u64,
    /// The headers of its response, with lower-case names.
    headers: BTreeMap<String, String>,
    pub facts: Facts,
}

/// What is known about the first response.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Facts {
    /// The ETag, or the version of the file, if there is only one response.
    pub etag: Option<String>,
    /// The URL or file that it belongs to.
    pub url: Option<String>,
    pub fetched_at: String,
    /// The time of the server's clock.
    pub sent_at: Option<String>,
    /// How a replayed response reports more records than it has.
    pub incomplete: Option<String>,
}

/// What was read from one page.
pub(in super::super) struct Read {
    pub records: u64,
    /// The fields beside the records.
    pub envelope: Value,
    /// The last record's JSON.
    pub last: String,
    /// A hash of all records.
    pub hash: u128,
}

/// Where the next response comes from.
enum Following<'t> {
    Api(&'t Api, Option<Ask>),
    Files(&'t Lake, VecDeque<String>),
    Raw(VecDeque<Object>),
}

/// A page that could not be requested: after the retries for it, the pages before it are not requested again.
#[derive(Debug)]
pub(in super::super) struct GaveUp(u64);

impl fmt::Display for GaveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot read page {}", self.0)
    }
}

impl<'t> Pages<'t> {
    pub(in super::super) async fn new(origin: &'t Origin, to: Target<'t>, plan: Plan<'t>) -> Result<Self> {
        let mut facts = Facts { fetched_at: plan.now.to_owned(), ..Facts::default() };
        let pager = Pager::new(plan.request);
        let from = match origin {
            Origin::Api(api) => {
                let mut ask = api.ask(plan.request, plan.path)?;
                pager.first().iter().chain(plan.parameters).for_each(|(name, value)| ask.set(name, value));
                Following::Api(api, Some(ask))
            }
            Origin::Files(files) => {
                let single = format!("{}.json", to.name);
                Following::Files(files, [single].into())
            }
            Origin::Raw(_) => {
                let receipt = plan.earlier.context("the run to replay has no manifest")?;
                facts.etag.clone_from(&receipt.etag);
                facts.url.clone_from(&receipt.url);
                facts.fetched_at.clone_from(&receipt.fetched_at);
                facts.incomplete.clone_from(&receipt.incomplete);
                Following::Raw(receipt.raw.iter().cloned().collect())
            }
        };
        Ok(Self { to, plan, from, pager, number: 0, headers: BTreeMap::new(), facts })
    }

    /// Returns whether there may be several responses, whose records are compared; call it after [`Pages::next`].
    pub(in super::super) fn are_several(&self) -> bool {
        match &self.from {
            Following::Api(..) => self.plan.request.paginator.is_some(),
            Following::Files(_, names) => self.number > 1 || !names.is_empty(),
            Following::Raw(_) => false,
        }
    }

    /// Returns the next response.
    pub(in super::super) async fn next(&mut self) -> Result<Turn<'t>> {
        self.number += 1;
        match &mut self.from {
            Following::Api(_, None) => Ok(Turn::End),
            Following::Api(api, Some(ask)) => {
                let (api, ask) = (*api, ask.clone());
                self.request(api, &ask).await
            }
            Following::Files(files, names) => {
                let files = *files;
                let Some(mut name) = names.pop_front() else { return Ok(Turn::End) };
                let mut found = files.read_version(&name).await?;
                if found.is_none() && self.number == 1 {
                    // Instead of the file, there may be a folder with one file per page.
                    *names = pages(files, self.to.name).await?.into();
                    if let Some(first) = names.pop_front() {
                        found = files.read_version(&first).await?;
                        name = first;
                    }
                }
                let is_only = names.is_empty() && self.number == 1;
                let Some((size, file)) = found else {
                    let message = format!("`{}` was removed before it could be read", files.location(&name));
                    return Err(Failure::refused(message).into());
                };
                let (location, etag) = (files.location(&name), file.etag.clone());
                if self.number == 1 {
                    (self.facts.url, self.facts.etag) = (Some(location.clone()), etag.clone().filter(|_| is_only));
                }
                let evidence = [("file".to_owned(), location.into()), ("etag".to_owned(), etag.into())];
                let form = Form { gzip: false, delimited: true };
                Ok(self.arriving(From::File(file), form, Some(size), evidence, !is_only))
            }
            Following::Raw(objects) => {
                let Some(object) = objects.pop_front() else { return Ok(Turn::End) };
                if let Some(problem) = object.size_problem(self.to.lake.size(&object.key).await?) {
                    return Err(altered(&self.to, &object, &problem));
                }
                // The response was complete, because it has a manifest.
                let form = Form { gzip: object.key.ends_with(".gz"), delimited: true };
                let (reader, size) = (self.to.lake.read(&object.key, object.bytes), object.bytes);
                Ok(self.arriving(From::Raw(reader, object), form, Some(size), [], false))
            }
        }
    }

    async fn request(&mut self, api: &Api, ask: &Ask) -> Result<Turn<'t>> {
        let Plan { request, earlier, .. } = self.plan;
        let is_page = request.paginator.is_some();
        let statuses = request.retry_statuses.as_slice();
        let (http, etag, from, form, total) = if is_page {
            let (http, bytes, form) = self.page(api, ask).await?;
            let total = bytes.len() as u64;
            (http, None, From::Page(bytes), form, Some(total))
        } else {
            match api.send(ask, statuses, earlier).await? {
                Reply::NotModified(http) => {
                    let mut evidence = evidence(self.plan.now);
                    evidence.insert("http".to_owned(), serde_json::to_value(http)?);
                    self.to.keep(self.to.attempt, &evidence).await?;
                    return Ok(Turn::NotModified);
                }
                Reply::Body(mut body) => {
                    let form = Form { gzip: body.gzip, delimited: body.delimited };
                    let total = body.announced();
                    (body.evidence.clone(), body.etag.take(), From::Body(body), form, total)
                }
            }
        };
        if self.number == 1 {
            let date = http.headers.get("date").and_then(|date| DateTime::parse_from_rfc2822(date).ok());
            self.facts.sent_at = date.map(|date| clock::rfc3339(date.to_utc()));
            (self.facts.url, self.facts.etag) = (Some(http.url.clone()), etag);
        }
        let sent = ask.body.iter().map(|body| ("request".to_owned(), body.clone()));
        let evidence = [("http".to_owned(), serde_json::to_value(&http)?)].into_iter().chain(sent);
        self.headers = http.headers;
        Ok(self.arriving(from, form, total, evidence, is_page))
    }

    /// Requests one page until it is complete.
    async fn page(&self, api: &Api, ask: &Ask) -> Result<(Evidence, Bytes, Form)> {
        let Plan { request, retries, first_wait, .. } = self.plan;
        let (name, number) = (self.to.name, self.number);
        let attempt = || async {
            let Reply::Body(mut body) = api.send(ask, &request.retry_statuses, None).await? else {
                return Err(Failure::refused("the source returned 304 to a request without an ETag").into());
            };
            let mut bytes = BytesMut::new();
            while let Some(piece) = body.next().await? {
                bytes.extend_from_slice(&piece);
                if bytes.len() > LARGEST {
                    let message = format!("page {number} is larger than {} MiB", LARGEST >> 20);
                    return Err(Failure::refused(message).hint("request fewer records per page").into());
                }
            }
            Ok((body.evidence, bytes.freeze(), Form { gzip: body.gzip, delimited: body.delimited }))
        };
        attempt
            .retry(waits(first_wait, retries + 1))
            .when(may_help)
            .adjust(asked_to_wait)
            .notify(|error: &anyhow::Error, wait| {
                let wait = wait.as_secs_f64();
                tracing::warn!(collection = name, "{name}, page {number}: {error:#}; next retry in {wait:.1} s");
            })
            .await
            .map_err(|error| error.context(GaveUp(number)))
    }

    fn arriving(
        &self,
        from: From,
        form: Form,
        total: Option<u64>,
        known: impl IntoIterator<Item = (String, Value)>,
        is_page: bool,
    ) -> Turn<'t> {
        let (to, number) = (self.to, self.number);
        let name = if is_page { format!("{}-{number:05}", to.attempt) } else { to.attempt.to_owned() };
        let raw = match &from {
            From::Raw(_, object) => to.lake.upload(&object.key, false),
            _ => to.lake.upload(&to.raw(&name, form), true),
        };
        let mut evidence = evidence(self.plan.now);
        evidence.extend(known);
        let bar = self.plan.bars.add(bar(to.name, total));
        Turn::Response(Box::new(Arriving { to, from, raw, name, evidence, bar, form }))
    }

    /// Checks the page that was read, and determines the next request. What is replayed was checked before.
    pub(in super::super) fn read(&mut self, page: &Read) -> Result<()> {
        if matches!(self.from, Following::Raw(_)) {
            return Ok(());
        }
        let Read { records, envelope, last, hash } = page;
        let page = Page { headers: &self.headers, envelope, records: *records, last, hash: *hash };
        self.pager.read(page)?;
        if let Following::Api(_, next) = &mut self.from {
            match self.pager.next(page)? {
                Some(found) => next.iter_mut().try_for_each(|ask| ask.follow(&found, self.plan.base))?,
                None => *next = None,
            }
        }
        Ok(())
    }

    /// Returns how the responses report more records than they have, after the last one. `claims` are those of the last
    /// response itself, if it is one object.
    pub(in super::super) fn incomplete(&mut self, last: &Read, claims: Option<Claims>) -> Option<String> {
        if matches!(self.from, Following::Raw(_)) {
            return self.facts.incomplete.take();
        }
        let records = self.pager.records();
        let own = self.pager.incomplete();
        own.or_else(|| claims.unwrap_or_else(|| self.claims(last)).missing(records))
    }

    fn claims(&self, last: &Read) -> Claims {
        let mut claims = Claims::of(&self.headers, self.pager.pages());
        if self.plan.request.records_at.is_some() {
            claims = claims.or(Claims::of_fields(&last.envelope));
        }
        // The pager has followed this field, but not for files.
        let ends_by_field = self.plan.request.has_more_path.is_some() && matches!(self.from, Following::Api(..));
        if self.plan.request.paginator.is_some() && ends_by_field { claims.without_pages() } else { claims }
    }
}

fn evidence(now: &str) -> Map<String, Value> {
    Map::from_iter([("fetched_at".to_owned(), now.into())])
}

/// Returns whether a request may succeed if it is repeated.
pub(in super::super) fn may_help(error: &anyhow::Error) -> bool {
    let short = |failure: &Failure| failure.asked_to_wait().is_none_or(|wait| wait <= source::LONGEST_WAIT);
    !error.is::<GaveUp>() && failure_of(error).is_some_and(|failure| failure.is_temporary() && short(failure))
}

/// Returns the wait before the next request: at least what the server asked for.
pub(in super::super) fn asked_to_wait(error: &anyhow::Error, wait: Option<Duration>) -> Option<Duration> {
    let asked = failure_of(error).and_then(Failure::asked_to_wait).unwrap_or_default();
    wait.map(|wait| wait.max(asked))
}

/// Returns the pages of a collection in a folder, in the order of their numbers: the files in `<collection>/`, or else
/// `<collection>-1.json` and so on.
pub(super) async fn pages(files: &Lake, collection: &str) -> Result<Vec<String>> {
    let own = files.names(collection).await?.into_iter().map(|name| format!("{collection}/{name}"));
    let mut names: Vec<String> = own.collect();
    if names.is_empty() {
        names = files.names("").await?;
        let number = |name: &str| {
            name.strip_prefix(collection)?.strip_suffix(".json")?.trim_start_matches(['-', '_', '.']).parse().ok()
        };
        names.retain(|name| number(name).is_some_and(|_: u64| true));
    }
    let digits = |name: &str| name.chars().filter(char::is_ascii_digit).collect::<String>();
    names.sort_by_cached_key(|name| (digits(name).parse::<u128>().unwrap_or_default(), name.clone()));
    Ok(names)
}
