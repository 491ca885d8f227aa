//! The text of a proposed contract: every line ends with what the samples showed.

use contract::{Auth, Column, Parameter, Request};
use serde_yaml::Value;
use url::Url;

use super::columns::Line;
use super::{Header, Proposed};

/// Returns the base URL, and the path of each collection after it.
pub fn addresses(urls: &[Option<Url>], names: &[String]) -> Result<(String, Vec<String>), String> {
    let known: Vec<&Url> = urls.iter().flatten().collect();
    let Some(first) = known.first() else {
        return Ok(("https://api.example.com".to_owned(), names.iter().map(|name| format!("/{name}")).collect()));
    };
    if let Some(other) = known.iter().find(|url| url.origin() != first.origin()) {
        let (one, two) = (first.origin().ascii_serialization(), other.origin().ascii_serialization());
        return Err(format!("the collections are at {one} and {two}; propose a source for each"));
    }
    // The folder of a path: all but its last part.
    let folder = |url: &&Url| {
        let parts: Vec<String> = url.path().trim_matches('/').split('/').map(str::to_owned).collect();
        parts[..parts.len() - 1].to_vec()
    };
    let common = known.iter().map(folder).reduce(|one, other| {
        one.into_iter().zip(other).take_while(|(one, other)| one == other).map(|(one, _)| one).collect()
    });
    let folder: String = common.unwrap_or_default().iter().map(|part| format!("/{part}")).collect();
    let path = |(url, name): (&Option<Url>, &String)| match url {
        Some(url) => url.path().strip_prefix(&folder).unwrap_or(url.path()).to_owned(),
        None => format!("/{name}"),
    };
    let base = format!("{}{folder}", first.origin().ascii_serialization());
    Ok((base, urls.iter().zip(names).map(path).collect()))
}

pub fn contract(source: &str, base_url: &str, headers: &[Header], tables: &[Proposed<'_>]) -> String {
    let records: Vec<String> = tables.iter().map(|table| format!("{} of {}", table.records, table.name)).collect();
    let mut yaml = format!(
        "# Proposed by `cargo xtask new-source` from sample records: {}.\n# The comment at the end of a line is what they \
         showed. Check the types, lengths and units, and describe the columns.\n# The comment at the top of \
         jobs/contracts/spacex.yaml explains every key.\n\nsource: {source}\nbase_url: {}\n",
        records.join(", "),
        text(base_url),
    );
    let (bearer, others): (Vec<_>, Vec<_>) = headers.iter().partition(|header| header.is_bearer);
    let secret = |header: &Header| Parameter::Secret { secret: header.variable.clone() };
    let of_source = Request {
        auth: bearer.first().map(|header| Auth::Bearer { token: secret(header) }),
        headers: others.iter().map(|header| (header.name.clone(), secret(header))).collect(),
        ..Request::default()
    };
    yaml += &request(&of_source, 0);
    yaml += "\ncollections:\n";
    yaml + &tables.iter().map(table).collect::<Vec<_>>().join("\n")
}

fn table(table: &Proposed<'_>) -> String {
    let (name, path) = (&table.name, &table.path);
    let mut yaml = format!("  {name}:\n    path: {}\n", text(path));
    if table.is_object {
        yaml += "    answer: object\n";
    }
    yaml += &request(&table.request, 4);
    if let Some(changed) = &table.changed {
        yaml += &format!(
            "    # If the API can return only changes (this needs `required: true` on `{changed}`):\n    \
             # incremental: {{cursor: {changed}, start_param: {changed}__gte, lookback: 3600, snapshot_every: 7}}\n"
        );
    }
    yaml += &format!(
        "    key: {}\n    doc: {}\n    columns:\n",
        table.key,
        text(&format!("One row per record of {path}."))
    );
    yaml.extend(table.lines.iter().map(|line| column(line, 6)));
    if !table.children.is_empty() {
        yaml += "    children:\n";
    }
    for child in &table.children {
        let doc = text(&format!("One row per element of `{}`.", child.at));
        let (name, at, parent) = (&child.name, place(&child.at), &child.parent_key);
        yaml += &format!(
            "      {name}:\n        at: {at}\n        parent_key: {parent}\n        doc: {doc}\n        columns:\n"
        );
        yaml.extend(child.lines.iter().map(|line| column(line, 10)));
    }
    yaml
}

/// Returns the `request` of a source or a collection, with a line per key; nothing for an empty one.
fn request(request: &Request, indent: usize) -> String {
    let Ok(Value::Mapping(keys)) = serde_yaml::to_value(request) else { return String::new() };
    let lines = keys.iter().map(|(key, value)| format!("{:indent$}  {}: {}\n", "", flow(key), flow(value)));
    let lines: String = lines.collect();
    if lines.is_empty() { lines } else { format!("{:indent$}request:\n{lines}", "") }
}

/// Returns a value on one line.
fn flow(value: &Value) -> String {
    match value {
        Value::Mapping(members) => {
            let members = members.iter().map(|(name, value)| format!("{}: {}", flow(name), flow(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        Value::String(value) => text(value),
        other => serde_yaml::to_string(other).unwrap_or_default().trim_end().to_owned(),
    }
}

fn column(line: &Line<'_>, indent: usize) -> String {
    let Column { at, kind, required, unit, references, doc, .. } = &line.column;
    let parts = [
        at.as_ref().map(|at| format!("at: {}", place(at))),
        Some(format!("type: {kind}")),
        required.then(|| "required: true".to_owned()),
        unit.as_ref().map(|unit| format!("unit: {unit}")),
        references.as_ref().map(|reference| format!("references: {reference}")),
        Some(format!("doc: {}", quoted(doc))),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("{:indent$}{}: {{{}}} # {}\n", "", line.name, parts.join(", "), line.why)
}

/// Returns a path, quoted if YAML would not read it as this text.
fn place(path: &str) -> String {
    let plain = path.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && path.chars().all(|char| char.is_ascii_alphanumeric() || "._".contains(char));
    let words = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    if plain && !words.contains(&path.to_lowercase().as_str()) { path.to_owned() } else { quoted(path) }
}

/// Returns a text, quoted if necessary: also a URL, a number or a path of a request.
fn text(value: &str) -> String {
    let is_address = value.starts_with(['/', 'h'])
        && value.chars().all(|char| char.is_ascii_alphanumeric() || "/:._-".contains(char))
        && !value.ends_with(':');
    let is_number = value.parse::<u32>().is_ok_and(|number| number.to_string() == value);
    let is_header = value.len() > 1 && value.chars().all(|char| char.is_ascii_alphabetic() || char == '-');
    let is_header = is_header && value.starts_with(|first: char| first.is_ascii_uppercase());
    if is_address || is_number || is_header && place(&value.replace('-', "_")) != quoted(value) {
        value.to_owned()
    } else {
        place(value)
    }
}

/// Returns a YAML string in double quotes, with JSON escapes.
fn quoted(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}
