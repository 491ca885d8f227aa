//! Proposes the contract of a source from sample responses, and compares a contract with newer samples.
//!
//! `arrow-json` infers nested schemas, too, but counts neither nulls nor values, and finds no lengths, dates, keys or
//! pages.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod columns;
mod drift;
mod json;
mod names;
mod page;
mod paging;
mod render;
mod samples;
mod seen;
#[cfg(test)]
#[path = "../tests/unit/propose.rs"]
mod tests;

use contract::{Contract, Reference, Request};
use serde::Serialize;

use self::columns::{Columns, Line};
pub use self::drift::drift;
use self::names::{LONGEST, Taken, singular, snake};
use self::page::Shape;
pub use self::page::{Page, Response};
use self::paging::requested;
pub use self::paging::{Guess, is_secret, next_url};
pub use self::samples::{Sampled, sampled};

/// The longest name of a source: those of its dbt models contain it, and PostgreSQL keeps 63 characters of them.
pub const LONGEST_SOURCE: usize = 24;

/// What the user passed.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    pub source: String,
    /// Keys: `COLUMN`, or `COLLECTION.COLUMN`.
    pub keys: Vec<String>,
    /// The headers that the requests had.
    pub headers: Vec<Header>,
}

#[derive(Clone, Debug)]
pub struct Header {
    pub name: String,
    pub variable: String,
    /// Whether this is `Authorization` with a bearer token.
    pub is_bearer: bool,
    /// Whether the variable contains `Bearer`, too, which `auth` in a contract adds.
    pub has_scheme: bool,
}

/// A proposed contract.
#[derive(Clone, Debug, Serialize)]
pub struct Proposal {
    pub source: String,
    pub collections: Vec<Evidence>,
    /// What needs attention.
    pub notes: Vec<String>,
    /// Whether the samples report more records than they have.
    pub is_partial: bool,
    #[serde(skip)]
    pub text: String,
    #[serde(skip)]
    pub contract: Contract,
}

/// What a collection's samples show.
#[derive(Clone, Debug, Serialize)]
pub struct Evidence {
    pub name: String,
    pub pages: usize,
    pub records: u64,
    pub key: String,
    pub guesses: Vec<Guess>,
    pub columns: Vec<Shown>,
}

/// A column and its evidence.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    pub table: String,
    pub column: String,
    pub at: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub why: String,
}

/// A proposed table.
#[derive(Clone, Debug)]
struct Proposed<'s> {
    name: String,
    path: String,
    request: Request,
    is_object: bool,
    key: String,
    changed: Option<String>,
    records: u64,
    lines: Vec<Line<'s>>,
    children: Vec<ProposedChild<'s>>,
}

#[derive(Clone, Debug)]
struct ProposedChild<'s> {
    name: String,
    at: String,
    parent_key: String,
    lines: Vec<Line<'s>>,
}

/// Proposes a contract for a source.
///
/// The error says what the samples lack, and how to fix it.
pub fn propose(samples: &[Sampled], wishes: &Wishes) -> Result<Proposal, String> {
    let mut tables = Taken::default();
    let most = LONGEST.min(63 - "stg___".len() - wishes.source.len().min(LONGEST_SOURCE));
    // All collections are named before their children, so that no child takes the name of a collection.
    let names: Vec<String> = samples.iter().map(|sample| tables.name(&sample.name, most)).collect();
    let requests: Vec<_> = samples.iter().map(|sample| requested(&sample.pages, &sample.shape)).collect();
    let is_partial = requests.iter().any(|found| found.is_partial);
    let urls: Vec<_> = requests.iter().map(|found| found.url.clone()).collect();
    let (base_url, paths) = render::addresses(&urls, &names)?;
    let (mut found, mut notes, mut guesses) = (Vec::new(), Vec::new(), Vec::new());
    for (((sample, name), requested), path) in samples.iter().zip(&names).zip(requests).zip(paths) {
        let (table, skipped) = collection(sample, name, &wishes.keys, &mut tables, most)?;
        notes.extend(skipped.iter().map(|field| {
            format!("{name}: the field `{field}` cannot be a column, because of its name; it stays in `_extra`")
        }));
        found.push(Proposed { path, request: requested.request, ..table });
        guesses.push(requested.guesses);
    }
    references(&mut found);
    let unknown = urls.iter().zip(&names).filter(|(url, _)| url.is_none()).map(|(_, name)| name);
    notes.extend(unknown.map(|name| format!("{name}: its URL is not known; edit its `path`")));
    if urls.iter().all(Option::is_none) {
        notes.push("no URL is known; edit `base_url`".to_owned());
    }
    notes.extend(wishes.headers.iter().filter(|header| header.has_scheme).map(|Header { variable, .. }| {
        format!("for a load, the variable `{variable}` must contain the token alone, without `Bearer`")
    }));
    let text = render::contract(&wishes.source, &base_url, &wishes.headers, &found);
    let contract = Contract::parse(&text, "the proposed contract").map_err(|error| error.to_string())?;
    let collections = found.iter().zip(guesses).zip(samples);
    let collections =
        collections.map(|((table, guesses), sample)| table.evidence(guesses, sample.pages.len())).collect();
    Ok(Proposal { source: wishes.source.clone(), collections, notes, is_partial, text, contract })
}

fn collection<'s>(
    sample: &'s Sampled,
    name: &str,
    keys: &[String],
    tables: &mut Taken,
    most: usize,
) -> Result<(Proposed<'s>, Vec<String>), String> {
    let Columns { mut lines, lists, skipped, .. } = Columns::of(&sample.seen, Taken::default(), None);
    let records = sample.seen.objects;
    let wanted = keys.iter().rev().find_map(|key| match key.split_once('.') {
        Some((collection, column)) if collection == name || collection == sample.name => Some(column),
        Some(_) => None,
        None => Some(key.as_str()),
    });
    let place = columns::key(&lines, wanted, records).map_err(|problem| format!("{name}: {problem}"))?;
    lines[place].column.required = true;
    let key = lines[place].name.clone();
    let one = singular(name);
    let parent_key = if key.ends_with("_id") { key.clone() } else { format!("{one}_{key}") };
    let parent_key = Taken::of(&[contract::POSITION]).name(&parent_key, LONGEST);
    let children = lists.into_iter().map(|(at, seen)| {
        let taken = Taken::of(&[&parent_key, contract::POSITION]);
        let lines = seen.items.as_deref().map(|items| Columns::of(items, taken, Some("element")).lines);
        let name = tables.name(&format!("{one}_{at}"), most);
        ProposedChild { name, at, parent_key: parent_key.clone(), lines: lines.unwrap_or_default() }
    });
    let children = children.collect();
    let changed = columns::changed(&lines, records).map(str::to_owned);
    let table = Proposed {
        name: name.to_owned(),
        path: String::new(),
        request: Request::default(),
        is_object: sample.shape == Shape::Object,
        key,
        changed: changed.filter(|_| sample.shape != Shape::Object),
        records,
        lines,
        children,
    };
    Ok((table, skipped))
}

/// Adds references: to the collection with the column's name, or, for an ID, to the only one that has all its values.
fn references(tables: &mut [Proposed<'_>]) {
    let keys = tables.iter().filter_map(|table| {
        let key = table.lines.iter().find(|line| line.name == table.key)?;
        Some((table.name.clone(), table.key.clone(), key.column.kind, key.seen))
    });
    let keys: Vec<_> = keys.collect();
    for table in tables {
        let own = (table.name.clone(), table.key.clone());
        let children = table.children.iter_mut().flat_map(|child| &mut child.lines);
        for line in table.lines.iter_mut().chain(children) {
            let is_own_key = line.name == own.1 && !line.at().contains('.');
            let inside = |(_, _, kind, seen): &&(String, String, contract::Type, &seen::Seen)| {
                let values = &line.seen.values;
                let same = std::mem::discriminant(kind) == std::mem::discriminant(&line.column.kind);
                same && !values.is_empty() && values.keys().all(|value| seen.values.contains_key(value))
            };
            let named = |name: &str| {
                let (one, field) = (singular(name), snake(line.at()));
                let stem = field.strip_suffix("_id").unwrap_or(&field);
                [name, one.as_str()].iter().any(|name| stem == *name || stem.ends_with(&format!("_{name}")))
            };
            let all: Vec<_> = keys.iter().filter(inside).collect();
            let found = all.iter().find(|(name, ..)| named(name)).copied().or(match all[..] {
                [only] if line.name.ends_with("_id") && line.seen.values.keys().all(|id| id.len() >= 8) => Some(only),
                _ => None,
            });
            if let Some((table, column, ..)) = found.filter(|_| !is_own_key) {
                line.column.references = Some(Reference { table: table.clone(), column: column.clone() });
                line.why += &format!("; all values are keys of {table}");
            }
        }
    }
}

impl Proposed<'_> {
    fn evidence(&self, guesses: Vec<Guess>, pages: usize) -> Evidence {
        let shown = |table: &str, line: &Line<'_>| Shown {
            table: table.to_owned(),
            column: line.name.clone(),
            at: line.at().to_owned(),
            kind: line.column.kind.to_string(),
            why: line.why.clone(),
        };
        let own = self.lines.iter().map(|line| shown(&self.name, line));
        let children = self.children.iter().flat_map(|child| child.lines.iter().map(|line| shown(&child.name, line)));
        let columns = own.chain(children).collect();
        Evidence { name: self.name.clone(), pages, records: self.records, key: self.key.clone(), guesses, columns }
    }
}
