//! How newer samples differ from a contract.

use contract::{Answer, Collection, Column, Contract, Format, Type};
use indexmap::IndexMap;

use super::page::Shape;
use super::samples::Sampled;
use super::seen::Seen;

/// Returns the differences between a contract and samples of its collections, one line each.
///
/// The error says which sample cannot be read as the contract describes.
pub fn drift(contract: &Contract, samples: Vec<Sampled>) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    for sample in samples {
        let named = |name: &str| contract.collections.get(name).map(|collection| (name.to_owned(), collection));
        let by_path = || contract.collections.iter().find(|(_, other)| last(&other.path) == sample.name);
        let Some((name, collection)) = named(&sample.name).or_else(|| by_path().map(|(name, it)| (name.clone(), it)))
        else {
            found.push(format!("{}: the contract has no such collection", sample.name));
            continue;
        };
        let sample = Sampled::at(name.clone(), sample.pages, shape(contract, collection))?;
        compare(&name, collection, &sample.seen, &mut found);
    }
    Ok(found)
}

fn last(path: &str) -> String {
    super::names::snake(path.trim_end_matches('/').rsplit('/').next().unwrap_or_default())
}

fn shape(contract: &Contract, collection: &Collection) -> Shape {
    let request = contract.request_of(collection);
    match request.records_at {
        Some(path) => Shape::At(path),
        None if request.format == Some(Format::Ndjson) => Shape::Lines,
        None if collection.answer == Answer::Object => Shape::Object,
        None => Shape::List,
    }
}

fn compare(name: &str, collection: &Collection, seen: &Seen, found: &mut Vec<String>) {
    let lists: Vec<&str> = collection.children.values().map(|child| child.at.as_str()).collect();
    columns(name, &collection.columns, &collection.key, seen, found);
    unknown(name, seen, "", &places(&collection.columns, lists), found);
    for (child_name, child) in &collection.children {
        let Some(list) = at(seen, &child.at).flatten() else { continue };
        let other = list.filled() - list.lists;
        if other > 0 {
            found.push(format!("{child_name}: {other} values of `{}` are not lists", child.at));
        }
        let Some(items) = &list.items else { continue };
        columns(child_name, &child.columns, "", items, found);
        unknown(child_name, items, "", &places(&child.columns, Vec::new()), found);
    }
}

/// Compares columns with what the samples have at their places.
fn columns(table: &str, columns: &IndexMap<String, Column>, key: &str, seen: &Seen, found: &mut Vec<String>) {
    let total = seen.filled() + seen.nulls;
    for (name, column) in columns {
        let path = column.path(name);
        let values = if path == "." { Some(Some(seen)) } else { at(seen, path) };
        match values {
            Some(None) if total > 0 => found.push(format!("{table}.{name}: no record has the field `{path}`")),
            Some(Some(values)) => {
                // A hash or mask of any text fits.
                let is_text = column.personal.is_some() && matches!(column.kind, Type::String(_));
                let fits = is_text && values.misfit(Type::String(Type::MAX_STRING)).is_none();
                let misfit = values.misfit(column.kind).filter(|_| !fits);
                found.extend(misfit.map(|problem| format!("{table}.{name}: {problem}")));
                let nulls = total.saturating_sub(values.filled());
                if (column.required || name == key) && nulls > 0 {
                    found.push(format!("{table}.{name}: null or missing in {nulls} of {total} records, but required"));
                }
            }
            _ => {}
        }
    }
}

/// Returns what is at a dotted path: `Some(None)` if the field is missing everywhere, and `None` if no record has the object
/// around it.
fn at<'s>(seen: &'s Seen, path: &str) -> Option<Option<&'s Seen>> {
    let mut place = seen;
    for step in path.split('.') {
        if place.objects == 0 {
            return None;
        }
        match place.fields.get(step) {
            Some(next) => place = next,
            None => return Some(None),
        }
    }
    Some(Some(place))
}

/// Returns the places that columns and lists are read from.
fn places<'c>(columns: &'c IndexMap<String, Column>, lists: Vec<&'c str>) -> Vec<&'c str> {
    columns.iter().map(|(name, column)| column.path(name)).chain(lists).collect()
}

/// Collects the fields that the contract does not define.
fn unknown(table: &str, seen: &Seen, above: &str, places: &[&str], found: &mut Vec<String>) {
    for (name, field) in seen.fields.iter().filter(|_| !places.contains(&".")) {
        let path = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
        let is_around = places.iter().any(|place| place.strip_prefix(&path).is_some_and(|rest| rest.starts_with('.')));
        if places.contains(&path.as_str()) || is_around && field.filled() == 0 {
            continue;
        }
        if field.is_record() {
            unknown(table, field, &path, places, found);
        } else {
            let ((kind, _), count) = (field.kind(), field.filled());
            found.push(format!("{table}: the contract has no column for `{path}` ({kind}, {count} values)"));
        }
    }
}
