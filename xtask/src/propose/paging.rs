//! How a collection is requested, from its pages: where the records are, what leads to the next page, and the total.

use contract::{Format, Paginator, Parameter, Request};
use url::Url;

use super::json::Json;
use super::page::{Page, Shape, is_in, plain};

const NEXT_URL: &str = "next nexturl nexturi nextpage nextpageurl nextlink nexthref nextrecordsurl";
const NEXT_CURSOR: &str =
    "nextcursor cursor nextpagetoken nexttoken continuationtoken continuation endcursor aftercursor";
const MORE: &str = "hasnextpage hasmore hasnext";
const TOTALS: &str =
    "total totalcount totaldocs totalelements totalitems totalresults totalrecords totalhits totalsize count";
const PAGE: &str = "page currentpage pagenumber";
const PAGES: &str = "totalpages pagecount lastpage pages pagesize perpage hasnextpage hasmore";

/// Parameters that select a page; the paginator sends them.
const SELECTS: &str = "page pagenumber offset skip start cursor pagetoken after continuationtoken";

/// The ends of the names of parameters with a secret, which has no place in a contract; and other such names.
const SECRET_ENDS: [&str; 5] = ["key", "token", "secret", "password", "signature"];
const SECRET: &str = "appid sig auth";

/// A guess and its evidence.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Guess {
    pub what: String,
    pub why: String,
}

/// A collection's request.
#[derive(Clone, Debug, Default)]
pub struct Requested {
    pub request: Request,
    pub guesses: Vec<Guess>,
    /// The URL without a query, if known.
    pub url: Option<Url>,
    /// Whether the samples report more records than they have.
    pub is_partial: bool,
}

/// Returns whether a query parameter has the name of a secret.
pub fn is_secret(name: &str) -> bool {
    let plain = plain(name);
    let is_page = is_in(SELECTS, name) || is_in(NEXT_CURSOR, name);
    !is_page && (is_in(SECRET, name) || SECRET_ENDS.iter().any(|end| plain.ends_with(end)))
}

/// Returns the next page's URL.
pub fn next_url(page: &Page) -> Option<String> {
    let body = page.beside().into_iter().find(|(path, plain, value)| is_next(path, plain) && is_url(value));
    body.and_then(|(_, _, value)| value.text().map(str::to_owned)).or_else(|| page.response.next.clone())
}

pub fn requested(pages: &[Page], shape: &Shape) -> Requested {
    let Some(first) = pages.first() else { return Requested::default() };
    let mut found = Requested::default();
    if let Shape::At(path) = shape {
        found.request.records_at = Some(path.clone());
        found.guess(format!("records_at: {path}"), "the list of objects in the response");
    }
    if *shape == Shape::Lines {
        found.request.format = Some(Format::Ndjson);
        found.guess("format: ndjson".to_owned(), "each line is a record");
    }
    // Without its own URL, a page's link to the next one has the same path.
    let link = pages.iter().find_map(next_url).and_then(|next| Url::parse(&next).ok());
    found.url = first.response.url.as_ref().and_then(|url| Url::parse(url).ok()).or(link);
    if *shape != Shape::Object {
        found.paginator(pages);
        found.total(pages, shape);
    }
    found.is_partial |= pages.last().is_some_and(|page| next_url(page).is_some());
    found.query(first.response.url.is_some());
    found
}

impl Requested {
    fn guess(&mut self, what: String, why: impl Into<String>) {
        self.guesses.push(Guess { what, why: why.into() });
    }

    fn paginator(&mut self, pages: &[Page]) {
        let Some((paginator, why)) = self.linked(pages).or_else(|| self.counted(pages)) else {
            let why = "nothing leads to another page; a load takes one response as the whole collection";
            return self.guess("paginator: none".to_owned(), why);
        };
        let is_link = matches!(paginator, Paginator::JsonLink { .. } | Paginator::HeaderLink { .. });
        let all = beside(pages, |_, plain, value| is_in(MORE, plain) && matches!(value, Json::Bool(_)));
        if let Some((path, _)) = all.first().filter(|_| !is_link) {
            self.guess(format!("has_more_path: {path}"), format!("`{path}` is true or false"));
            self.request.has_more_path = Some(path.clone());
        }
        self.guess(format!("paginator: {}", kind(&paginator)), why);
        self.request.paginator = Some(paginator);
    }

    /// Paginators that follow a link or a cursor.
    fn linked(&self, pages: &[Page]) -> Option<(Paginator, String)> {
        let links = beside(pages, |path, plain, value| is_next(path, plain) && (is_url(value) || *value == Json::Null));
        let has_url = |path: &String| values(pages, path).iter().any(|value| is_url(value));
        if let Some((path, _)) = links.iter().find(|(path, _)| has_url(path)) {
            let why = format!("`{path}` is the next page's URL, or null");
            return Some((Paginator::JsonLink { next_url_path: path.clone() }, why));
        }
        if pages.iter().any(|page| page.response.next.is_some()) {
            let paginator = Paginator::HeaderLink { links_next_key: "next".to_owned() };
            return Some((paginator, "the `Link` header has rel=next".to_owned()));
        }
        let is_cursor = |value: &Json| matches!(value, Json::Text(_) | Json::Number(_) | Json::Null);
        let cursors = beside(pages, |_, plain, value| is_in(NEXT_CURSOR, plain) && is_cursor(value));
        if let Some((path, _)) = cursors.first() {
            let cursor_param = parameter(path.rsplit('.').next().unwrap_or(path));
            let why = format!("`{path}` is a cursor; that its parameter is `{cursor_param}` is a guess from the name");
            return Some((Paginator::Cursor { cursor_path: Some(path.clone()), last_record: None, cursor_param }, why));
        }
        let (path, _) = links.first()?;
        let why = format!("`{path}` is null in the samples; that it is a URL on other pages is a guess");
        Some((Paginator::JsonLink { next_url_path: path.clone() }, why))
    }

    /// Paginators that count pages or records.
    fn counted(&self, pages: &[Page]) -> Option<(Paginator, String)> {
        let number = |names: &'static str| {
            beside(pages, move |_, plain, value| is_in(names, plain) && value.count().is_some()).into_iter().next()
        };
        let query = |names: &str| {
            self.url
                .as_ref()?
                .query_pairs()
                .find(|(name, _)| is_in(names, name))
                .map(|(name, value)| (name.into_owned(), value.parse::<u64>().unwrap_or(0)))
        };
        let limit = query("limit pagesize perpage maxresults").or_else(|| {
            let (path, value) = number("limit maxresults")?;
            Some((path.rsplit('.').next().unwrap_or(&path).to_owned(), value))
        });
        let offset = query("offset skip startat").or_else(|| {
            let (path, value) = number("offset skip startat")?;
            Some((path.rsplit('.').next().unwrap_or(&path).to_owned(), value))
        });
        if let Some((page_param, page)) = query("page pagenumber") {
            let why = format!("the URL has `{page_param}`");
            return Some((Paginator::PageNumber { page_param, base_page: page.min(1) }, why));
        }
        if let (Some((limit_param, limit)), Some((offset_param, _))) = (limit, offset)
            && limit > 0
        {
            let why = format!("the URL or the response has `{offset_param}` and `{limit_param}`");
            return Some((Paginator::Offset { limit, limit_param, offset_param }, why));
        }
        let (path, page) = number(PAGE)?;
        number(PAGES).or_else(|| Some((String::new(), 0)).filter(|_| has_more(pages)))?;
        let why = format!("the response has `{path}`; that its parameter is `page` is a guess");
        Some((Paginator::PageNumber { page_param: "page".to_owned(), base_page: page.min(1) }, why))
    }

    fn total(&mut self, pages: &[Page], shape: &Shape) {
        let all: u64 = pages.iter().map(|page| page.records(shape).map_or(0, <[Json]>::len) as u64).sum();
        let is_whole = pages.last().is_some_and(is_last);
        let is_whole = is_whole && self.request.paginator.is_some();
        let counts = |name| beside(pages, move |_, plain, value| plain == name && value.count().is_some());
        let mut found = TOTALS.split(' ').flat_map(counts);
        let total = found.find(|(path, total)| {
            let values = values(pages, path);
            let same = values.len() == pages.len() && values.iter().all(|value| value.count() == Some(*total));
            // While another page follows, a count of this page's records is not the total.
            same && if is_whole || self.request.paginator.is_none() { *total == all } else { *total > all }
        });
        if let Some((path, total)) = total {
            self.guess(format!("total_path: {path}"), format!("`{path}` is {total}; the samples have {all} records"));
            self.is_partial = total > all;
            self.request.total_path = Some(path);
        }
    }

    /// Takes the query that every request has from the URL; from a link to the next page, without what selects this page.
    fn query(&mut self, is_first: bool) {
        let Some(url) = &mut self.url else { return };
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        url.set_query(None);
        url.set_fragment(None);
        let is_sent = |name: &str| match &self.request.paginator {
            Some(Paginator::Offset { limit_param, offset_param, .. }) => {
                [limit_param, offset_param].contains(&&name.to_owned())
            }
            Some(Paginator::PageNumber { page_param, .. }) => page_param == name,
            _ => false,
        };
        let selects = |name: &str| !is_first && is_in(SELECTS, name);
        let own = pairs.into_iter().filter(|(name, _)| !is_secret(name) && !selects(name) && !is_sent(name));
        self.request.query = own.map(|(name, value)| (name, Parameter::Plain(value))).collect();
    }
}

pub fn kind(paginator: &Paginator) -> &'static str {
    match paginator {
        Paginator::PageNumber { .. } => "page_number",
        Paginator::Offset { .. } => "offset",
        Paginator::Cursor { .. } => "cursor",
        Paginator::JsonLink { .. } => "json_link",
        Paginator::HeaderLink { .. } => "header_link",
        Paginator::SinglePage => "single_page",
    }
}

/// Returns the matching fields of the first page, each with its path and number.
fn beside(pages: &[Page], is: impl Fn(&str, &str, &Json) -> bool) -> Vec<(String, u64)> {
    let first = pages.first().map(Page::beside).unwrap_or_default();
    let matching = first.into_iter().filter(|(path, plain, value)| is(path, plain, value));
    matching.map(|(path, _, value)| (path, value.count().unwrap_or(0))).collect()
}

fn values<'p>(pages: &'p [Page], path: &str) -> Vec<&'p Json> {
    pages.iter().filter_map(|page| page.root.at(path)).collect()
}

/// `next`, `links.next` or `_links.next.href`.
fn is_next(path: &str, plain: &str) -> bool {
    let above = path.rsplit('.').nth(1).unwrap_or_default();
    is_in(NEXT_URL, plain) || is_in("href url link", plain) && is_in("next", above)
}

fn is_url(value: &Json) -> bool {
    value.text().is_some_and(|text| ["http://", "https://", "/", "?"].iter().any(|start| text.starts_with(start)))
}

fn has_more(pages: &[Page]) -> bool {
    !beside(pages, |_, plain, _| is_in(MORE, plain)).is_empty()
}

/// Whether nothing in the response leads to another page.
fn is_last(page: &Page) -> bool {
    let is_set = |(_, _, value): &(String, String, &Json)| {
        !matches!(value, Json::Null | Json::Bool(false)) && value.text() != Some("")
    };
    let is_link = |(path, plain, _): &(String, String, &Json)| {
        is_next(path, plain) || is_in(NEXT_CURSOR, plain) || is_in(MORE, plain)
    };
    let beside = page.beside();
    beside.iter().any(is_link)
        && !beside.iter().any(|field| is_link(field) && is_set(field))
        && page.response.next.is_none()
}

/// Returns the usual parameter for a field with a cursor: `next_cursor` is `cursor`, and `nextPageToken` is `pageToken`.
fn parameter(field: &str) -> String {
    match field {
        "endCursor" | "end_cursor" => "after".to_owned(),
        _ => {
            let rest = field.strip_prefix("next_").or_else(|| field.strip_prefix("next")).unwrap_or(field);
            let mut chars = rest.chars();
            chars.next().map_or_else(|| field.to_owned(), |first| first.to_lowercase().chain(chars).collect())
        }
    }
}
