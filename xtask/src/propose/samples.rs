//! Groups responses into the pages of collections.

use indexmap::IndexMap;

use super::names::snake;
use super::page::{Page, Response, Shape};
use super::seen::Seen;

/// A collection and its samples.
#[derive(Clone, Debug)]
pub struct Sampled {
    /// The name that the files or the URL suggest.
    pub name: String,
    pub pages: Vec<Page>,
    /// Where the records are.
    pub shape: Shape,
    pub seen: Seen,
}

/// Groups responses by their names: the stem of a file, without the page's number, or the last part of a URL's path.
///
/// The error names the response that has no records.
pub fn sampled(responses: Vec<Response>) -> Result<Vec<Sampled>, String> {
    let stems: Vec<String> = responses.iter().map(|response| stem(&response.origin)).collect();
    let mut groups: IndexMap<(String, Option<String>), Vec<Page>> = IndexMap::new();
    for (response, stem) in responses.into_iter().zip(&stems) {
        let base = without_number(stem);
        // A number belongs to the name, unless another file differs only in it.
        let is_page = stems.iter().filter(|other| without_number(other) == base).count() > 1;
        let name = match &response.url {
            Some(url) => last(url.split(['?', '#']).next().unwrap_or_default()).to_owned(),
            None if base.is_empty() || ["page", "part"].contains(&base) => folder(&response.origin).to_owned(),
            None if is_page => base.to_owned(),
            None => stem.clone(),
        };
        groups.entry((snake(&name), response.url.clone())).or_default().push(Page::parse(response)?);
    }
    let taken = |groups: &IndexMap<(String, Option<String>), Vec<Page>>, name: &str| {
        groups.keys().filter(|(other, _)| other == name).count() > 1
    };
    if let Some((name, _)) = groups.keys().find(|(name, _)| taken(&groups, name)) {
        return Err(format!(
            "{name}: two URLs have this name; propose one of them, and add the other collection by hand"
        ));
    }
    groups.into_iter().map(|((name, _), pages)| Sampled::of(name, pages)).collect()
}

impl Sampled {
    fn of(name: String, mut pages: Vec<Page>) -> Result<Self, String> {
        // Responses to requests are already in order.
        pages.sort_by_key(|page| if page.response.url.is_some() { 0 } else { number(&stem(&page.response.origin)) });
        let is_full = |page: &&Page| page.records(&page.shape).is_some_and(|records| !records.is_empty());
        let Some(shape) = pages.iter().find(is_full).map(|page| page.shape.clone()) else {
            return Err(format!("{name}: the samples have no records"));
        };
        Self::at(name, pages, shape)
    }

    /// Reads the records at a known place.
    pub fn at(name: String, pages: Vec<Page>, shape: Shape) -> Result<Self, String> {
        let mut records = Vec::new();
        for page in &pages {
            let found = page.records(&shape).filter(|records| records.iter().all(|record| record.fields().is_some()));
            let place = match &shape {
                Shape::At(path) => format!("no list of objects at `{path}`"),
                _ => "no list of objects".to_owned(),
            };
            records.extend(found.ok_or_else(|| format!("{name}: `{}` has {place}", page.response.origin))?);
        }
        let seen = Seen::of(records);
        Ok(Self { name, pages, shape, seen })
    }
}

fn last(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path)
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("records", |(folder, _)| last(folder))
}

fn stem(origin: &str) -> String {
    let name = last(origin);
    let ends = [".json", ".ndjson", ".jsonl"].iter().find_map(|end| name.strip_suffix(end));
    ends.unwrap_or(name).to_owned()
}

fn without_number(stem: &str) -> &str {
    let base = stem.trim_end_matches(|char: char| char.is_ascii_digit());
    if base.len() == stem.len() {
        return stem;
    }
    let separators = ['-', '_', '.', ' '];
    let base = base.trim_end_matches(separators);
    let words = ["page", "part"].iter().filter_map(|word| base.strip_suffix(word));
    let rest = words.into_iter().find(|rest| rest.is_empty() || rest.ends_with(separators));
    rest.map_or(base, |rest| rest.trim_end_matches(separators))
}

fn number(stem: &str) -> u64 {
    let base = stem.trim_end_matches(|char: char| char.is_ascii_digit());
    stem[base.len()..].parse().unwrap_or(0)
}
