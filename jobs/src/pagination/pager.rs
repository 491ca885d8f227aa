//! Determines the pages of a collection: what the next request is, when the last page was read, and whether all records
//! were.
//!
//! A short page is not the last one, because a server may have a lower limit than the request. Without `total_path` or
//! `has_more_path`, page numbers and offsets end at an empty page.

use std::collections::{BTreeMap, BTreeSet};

use contract::{Paginator, Request};
use serde_json::Value;

use super::link;
use crate::failure::Failure;

/// No collection has more pages: a server that invents new ones would never end.
const MOST: u64 = 100_000;

/// The pages of one collection that were read so far.
#[derive(Debug)]
pub struct Pager<'r> {
    request: &'r Request,
    pages: u64,
    records: u64,
    total: Option<u64>,
    /// The cursors and URLs that were requested.
    requested: BTreeSet<String>,
    /// The numbers of the pages by the hashes of their records.
    contents: BTreeMap<u128, u64>,
}

/// One page.
#[derive(Clone, Copy, Debug)]
pub struct Page<'p> {
    /// The headers, with lower-case names.
    pub headers: &'p BTreeMap<String, String>,
    /// The fields beside the records.
    pub envelope: &'p Value,
    /// The number of records.
    pub records: u64,
    /// The last record's JSON.
    pub last: &'p str,
    /// A hash of the records.
    pub hash: u128,
}

/// What distinguishes a request from the previous one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another URL, which may be relative.
    Url(String),
    /// Other values of these parameters.
    Parameters(Vec<(String, Value)>),
}

impl<'r> Pager<'r> {
    /// Creates a pager for the pages of this request.
    pub fn new(request: &'r Request) -> Self {
        let (requested, contents) = (BTreeSet::new(), BTreeMap::new());
        Self { request, pages: 0, records: 0, total: None, requested, contents }
    }

    /// Returns the parameters of the first request.
    pub fn first(&self) -> Vec<(String, Value)> {
        match &self.request.paginator {
            Some(Paginator::PageNumber { page_param, base_page, .. }) => {
                vec![(page_param.clone(), (*base_page).into())]
            }
            Some(Paginator::Offset { limit, limit_param, offset_param }) => {
                vec![(limit_param.clone(), (*limit).into()), (offset_param.clone(), 0.into())]
            }
            _ => Vec::new(),
        }
    }

    /// Counts and checks a page. Fails if its records are those of another page. The failure is temporary if the total
    /// has changed: the records have changed between two pages, so one of them may be on neither.
    pub fn read(&mut self, page: Page<'_>) -> Result<(), Failure> {
        self.pages += 1;
        self.records += page.records;
        let number = self.pages;
        if number > MOST {
            let hint = "request more records per page, or correct `paginator` in the contract";
            return Err(Failure::refused(format!("there are more than {MOST} pages")).hint(hint));
        }
        if page.records > 0
            && let Some(other) = self.contents.insert(page.hash, number)
        {
            let message = format!("page {number} has the same records as page {other}");
            let hint = "the source ignores the page's parameter: correct `paginator` in the contract; if the source \
                        repeats its last page, set `total_path` or `has_more_path`";
            return Err(Failure::refused(message).hint(hint));
        }
        // A stored page has no headers.
        let is_known = |path: &&String| !(page.headers.is_empty() && path.starts_with("header:"));
        let Some(path) = self.request.total_path.as_ref().filter(is_known) else { return Ok(()) };
        let total = find(page, path).and_then(|total| text(&total).parse().ok());
        let total = total.ok_or_else(|| {
            let message = format!("page {number} has no number at `{path}` (`total_path`)");
            Failure::refused(message).hint(format!("the response has {}", fields(page.envelope)))
        })?;
        match self.total.replace(total) {
            Some(before) if before != total => Err(Failure::temporary(format!(
                "the total at `{path}` changed from {before} to {total} between pages {} and {number}",
                number - 1
            ))
            .hint("the source changed while its pages were read: run the job again")),
            _ => Ok(()),
        }
    }

    /// Returns the next request, or `None` after the last page. Fails if the pages do not end.
    pub fn next(&mut self, page: Page<'_>) -> Result<Option<Next>, Failure> {
        let Some(paginator) = &self.request.paginator else { return Ok(None) };
        let has_more = self.request.has_more_path.as_ref().map(|path| self.has_more(page, path)).transpose()?;
        let is_counted = matches!(paginator, Paginator::PageNumber { .. } | Paginator::Offset { .. });
        let is_last = match has_more {
            Some(more) => !more,
            None => page.records == 0 || is_counted && self.total.is_some_and(|total| self.records >= total),
        };
        let none = |what: &str| match has_more {
            Some(true) => {
                let message = format!("page {} reports more records, but has nothing at `{what}`", self.pages);
                Err(Failure::refused(message).hint(format!("the response has {}", fields(page.envelope))))
            }
            _ => Ok(None),
        };
        let parameter = |name: &String, value: Value| Next::Parameters(vec![(name.clone(), value)]);
        let next = match paginator {
            // A page without records may still lead to others, for example because of a filter.
            Paginator::JsonLink { next_url_path } if has_more != Some(false) => {
                let Some(url) = lead(page, next_url_path) else { return none(next_url_path) };
                Next::Url(text(&url))
            }
            Paginator::HeaderLink { links_next_key } if has_more != Some(false) => {
                let links = page.headers.get("link").map(String::as_str).unwrap_or_default();
                let Some(url) = link(links, links_next_key) else { return none("header:Link") };
                Next::Url(url.to_owned())
            }
            Paginator::Cursor { cursor_path: Some(path), cursor_param, .. } if has_more != Some(false) => {
                let Some(cursor) = lead(page, path) else { return none(path) };
                parameter(cursor_param, cursor)
            }
            _ if is_last => return Ok(None),
            Paginator::PageNumber { page_param, base_page } => parameter(page_param, (base_page + self.pages).into()),
            Paginator::Offset { offset_param, .. } => parameter(offset_param, self.records.into()),
            Paginator::Cursor { last_record, cursor_param, .. } => {
                let path = last_record.as_deref().unwrap_or_default();
                let record = serde_json::from_str(page.last).unwrap_or_default();
                let cursor = value(&record, path).ok_or_else(|| {
                    let message = format!("the last record of page {} has no value at `{path}`", self.pages);
                    Failure::refused(message).hint("correct `paginator.last_record` in the contract")
                })?;
                parameter(cursor_param, cursor)
            }
            Paginator::JsonLink { .. } | Paginator::HeaderLink { .. } | Paginator::SinglePage => return Ok(None),
        };
        let shown = match &next {
            Next::Url(url) => url.clone(),
            Next::Parameters(parameters) => parameters.iter().map(|(_, value)| text(value)).collect(),
        };
        if !self.requested.insert(shown.clone()) {
            let message = format!("page {} leads to `{shown}`, which was already requested", self.pages);
            let hint = "the pages of the source are a loop: correct `paginator` in the contract, or report it to the \
                        source";
            return Err(Failure::refused(message).hint(hint));
        }
        Ok(Some(next))
    }

    fn has_more(&self, page: Page<'_>, path: &str) -> Result<bool, Failure> {
        let found = find(page, path).map(|found| text(&found));
        match found.as_deref() {
            Some("true") if page.records == 0 && !self.leads_on() => {
                let message = format!("page {} has no records, but `{path}` is true", self.pages);
                Err(Failure::temporary(message).hint("the source is probably broken: run the job again later"))
            }
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            other => {
                let found = other.map_or("missing".to_owned(), |other| format!("`{other}`"));
                let message =
                    format!("`{path}` (`has_more_path`) is {found}, not true or false, on page {}", self.pages);
                Err(Failure::refused(message).hint(format!("the response has {}", fields(page.envelope))))
            }
        }
    }

    /// Returns whether a page says where the next one is, even if it has no records.
    fn leads_on(&self) -> bool {
        use Paginator::{Cursor, HeaderLink, JsonLink};
        let paginator = self.request.paginator.as_ref();
        paginator.is_some_and(|paginator| {
            matches!(paginator, JsonLink { .. } | HeaderLink { .. } | Cursor { cursor_path: Some(_), .. })
        })
    }

    /// Returns the number of pages that were read.
    pub fn pages(&self) -> u64 {
        self.pages
    }

    /// Returns how the records differ from the total, after the last page.
    pub fn incomplete(&self) -> Option<String> {
        let (path, total) = (self.request.total_path.as_ref()?, self.total?);
        let records = if self.records == 1 { "record" } else { "records" };
        (self.records != total)
            .then(|| format!("has {} {records} on {} pages, but `{path}` is {total}", self.records, self.pages))
    }

    /// Returns the number of records on all pages.
    pub fn records(&self) -> u64 {
        self.records
    }
}

/// Returns a page's value at a path, or in a header; none if it is missing, null or empty.
fn find(page: Page<'_>, path: &str) -> Option<Value> {
    match path.strip_prefix("header:") {
        Some(name) => page.headers.get(&name.to_ascii_lowercase()).map(|text| text.as_str().into()),
        None => value(page.envelope, path),
    }
    .filter(|value| !text(value).is_empty())
}

/// Returns a page's link or cursor; some sources have `false` instead of it on the last page.
fn lead(page: Page<'_>, path: &str) -> Option<Value> {
    find(page, path).filter(|value| *value != Value::Bool(false))
}

/// Returns the string, number or boolean at a dotted path.
fn value(json: &Value, path: &str) -> Option<Value> {
    let found = path.split('.').try_fold(json, |value, step| value.get(step))?;
    matches!(found, Value::String(_) | Value::Number(_) | Value::Bool(_)).then(|| found.clone())
}

/// Returns a value as it is written in a query.
pub fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn fields(envelope: &Value) -> String {
    let names: Vec<&str> =
        envelope.as_object().into_iter().flat_map(|fields| fields.keys()).map(String::as_str).collect();
    if names.is_empty() {
        "no fields beside the records".to_owned()
    } else {
        format!("the fields {}", names.join(", "))
    }
}

#[cfg(test)]
#[path = "../../tests/unit/pagination/pager.rs"]
mod tests;
