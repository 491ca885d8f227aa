//! Detects a response that reports more records than it has, in headers or fields: a first page is an incomplete list.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod pager;

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

/// Headers with the number of records: Gitea; GitLab; api_pagination_headers; api-pagination; WordPress; Yii.
const TOTALS: &str = "X-Total-Count X-Total Total-Count Pagination-Count Total X-WP-Total X-Pagination-Total-Count";

/// Headers with the number of pages: GitLab, WordPress, Yii.
const PAGES: &str = "X-Total-Pages X-WP-TotalPages X-Pagination-Page-Count";

/// Headers that are missing, empty or false on the last page: GitLab; several APIs; Azure. GitHub has only `Link`.
const NEXT: &str = "X-Next-Page X-Next-Cursor X-Has-More X-Continuation-Token x-ms-continuation x-ms-continuationtoken";

/// The same for fields, in lower case without `_`: mongoose-paginate (SpaceX), Stripe, JSON:API, Django, Slack, OData.
const NEXT_FIELDS: &str = "hasnextpage hasmore hasnext next nextpage nextcursor nextpagetoken nextlink @odata.nextlink";

/// Fields with the number of records, also of Spring. In an object that is not a page, they have another meaning.
const TOTAL_FIELDS: &str = "total totaldocs totalcount count totalelements totalitems @odata.count";

/// Other fields of a page, and the objects that can contain all of them and the list.
const PAGE_FIELDS: &str = "limit offset skip cursor page pageable pagesize perpage currentpage totalpages @odata.count";
const PARTS: &str = "meta responsemetadata links page paging pagination pageinfo embedded data result response";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// What refers to other pages.
    pages: Option<String>,
    /// The largest total, and what reports it.
    total: Option<(u64, String)>,
    /// The length of the longest list in a response that is one object.
    listed: u64,
}

impl Claims {
    /// Reads the headers of the last of `read` pages, with lower-case names; a repeated header is one comma-separated list
    /// (RFC 9110, section 5.2).
    pub fn of(headers: &BTreeMap<String, String>, read: u64) -> Self {
        let named = |names: &'static str| {
            names.split(' ').filter_map(move |name| Some((name, headers.get(&name.to_ascii_lowercase())?.as_str())))
        };
        let numbers = |names| {
            let all = named(names).flat_map(|(name, list)| list.split(',').map(move |value| (name, value)));
            all.filter_map(|(name, value)| Some((value.trim().parse::<u64>().ok()?, name)))
        };
        let ranges = named("Content-Range").filter_map(|(name, range)| Some((total_of(range)?, name)));
        let total = numbers(TOTALS).chain(ranges).max();
        let link = named("Link").find(|(_, links)| link(links, "next").is_some());
        let next = link.or_else(|| named(NEXT).find(|(_, value)| is_set(value)));
        let next = next.map(|(name, _)| format!("its `{name}` header refers to a next page"));
        let pages = numbers(PAGES).filter(|(pages, _)| *pages > read).max();
        let pages = pages.map(|(pages, name)| format!("its `{name}` header reports {pages} pages"));
        let total = total.map(|(total, name)| (total, format!("its `{name}` header reports {total}")));
        // ASP.NET: `X-Pagination: {"TotalCount":93,"HasNext":true}`.
        let envelope = named("X-Pagination").find_map(|(_, json)| Self::of_envelope(json).pages);
        Self { pages: next.or(pages).or(envelope), total, listed: 0 }
    }

    /// Reads the fields beside the records of a response.
    pub fn of_fields(envelope: &Value) -> Self {
        Self::of_object(&envelope.to_string(), true)
    }

    /// Adds other claims, which count if there are none of their kind.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            pages: self.pages.or(other.pages),
            total: self.total.or(other.total),
            listed: self.listed.max(other.listed),
        }
    }

    /// Removes what refers to other pages.
    #[must_use]
    pub fn without_pages(self) -> Self {
        Self { pages: None, ..self }
    }

    /// Reads a response that is one object, which may be a page: `{"docs": […], "limit": 10, "hasNextPage": true}`.
    pub fn of_envelope(json: &str) -> Self {
        Self::of_object(json, false)
    }

    fn of_object(json: &str, has_records: bool) -> Self {
        // An object's fields; other values have none.
        let fields = |json| serde_json::from_str::<BTreeMap<String, &RawValue>>(json).unwrap_or_default();
        let plain = |name: &str| name.to_lowercase().replace('_', "");
        let is_in = |names: &str, name: &str| names.split(' ').any(|other| other == name);
        let (outer, mut all) = (fields(json), Vec::new());
        for (name, value) in &outer {
            all.push((name.clone(), plain(name), value.get()));
            let inner = if is_in(PARTS, &plain(name)) { fields(value.get()) } else { BTreeMap::new() };
            all.extend(inner.into_iter().map(|(field, value)| (format!("{name}.{field}"), plain(&field), value.get())));
        }
        let any = |names: &'static str| all.iter().filter(move |(_, name, _)| is_in(names, name));
        // A vector of `IgnoredAny` has a length, but needs no memory.
        let lists = all.iter().filter_map(|(_, _, value)| serde_json::from_str::<Vec<IgnoredAny>>(value).ok());
        let listed = lists.map(|list| list.len() as u64).max().unwrap_or(0);
        let has_list = has_records || listed > 0;
        // Without a list, `next` may be the next chapter.
        let mut next = any(NEXT_FIELDS).filter(|(_, _, value)| *value == "true" || has_list && is_set(value));
        let pages = next.next().map(|(path, _, value)| {
            format!("its field `{path}` {}", if *value == "true" { "is true" } else { "refers to a next page" })
        });
        let is_page = has_records || has_list && (pages.is_some() || any(PAGE_FIELDS).next().is_some());
        let listed = if has_records { 0 } else { listed };
        let totals = any(TOTAL_FIELDS).filter_map(|(path, _, value)| Some((value.parse::<u64>().ok()?, path)));
        let total = totals.max().filter(|_| is_page);
        Self { pages, total: total.map(|(total, path)| (total, format!("its field `{path}` is {total}"))), listed }
    }

    /// Returns how a response with this many records is incomplete, if it is: `has 1 record, but …`. The records of a page
    /// are in its list.
    pub fn missing(&self, read: u64) -> Option<String> {
        let read = read.max(self.listed);
        let total = self.total.iter().filter(|(total, _)| *total > read).map(|(_, words)| words.as_str());
        let claims: Vec<&str> = total.chain(self.pages.as_deref()).collect();
        let records = if read == 1 { "record" } else { "records" };
        (!claims.is_empty()).then(|| format!("has {read} {records}, but {}", claims.join(" and ")))
    }
}

/// Returns whether a header or JSON value is something other than empty, zero or false.
fn is_set(value: &str) -> bool {
    !matches!(value.trim_matches(['"', ' ']).to_lowercase().as_str(), "" | "0" | "false" | "null" | "[]" | "{}")
}

/// Returns the total in `items 0-19/1000` (RFC 9110, section 14.4); a number of bytes is not a number of records.
fn total_of(range: &str) -> Option<u64> {
    let (unit, range) = range.trim().split_once(' ')?;
    if unit.eq_ignore_ascii_case("bytes") { None } else { range.rsplit_once('/')?.1.trim().parse().ok() }
}

/// Returns the target of the link with this relation (RFC 8288, section 3).
fn link<'l>(links: &'l str, relation: &str) -> Option<&'l str> {
    pieces(links, ',').find_map(|link| {
        let mut parts = pieces(link, ';');
        let target = parts.next()?.trim().strip_prefix('<')?.strip_suffix('>')?;
        // Of several `rel` in one link, only the first counts.
        let mut parameters = parts.filter_map(|parameter| parameter.split_once('='));
        let rel = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("rel")).map_or("", |(_, rel)| rel);
        let names = rel.replace(['"', '\\'], "");
        names.split_whitespace().any(|name| name.eq_ignore_ascii_case(relation)).then_some(target)
    })
}

/// Splits the text at the separators outside quotation marks and `<…>`.
fn pieces(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut end, mut escaped) = (None, false);
    text.split(move |char: char| {
        match (end, char) {
            _ if escaped => escaped = false,
            (Some('"'), '\\') => escaped = true,
            (Some(mark), _) if char == mark => end = None,
            (None, '"') => end = Some('"'),
            (None, '<') => end = Some('>'),
            _ => {}
        }
        end.is_none() && char == separator
    })
}

#[cfg(test)]
#[path = "../tests/unit/pagination.rs"]
mod tests;
