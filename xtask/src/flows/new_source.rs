//! A new source: reads samples, proposes its contract and dbt models, and compares a contract with newer samples.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result, ensure};
use url::Url;

use super::generated;
use super::warehouse::contract;
use crate::cli::NewSource;
use crate::edge::{files, web};
use crate::failure::Failure;
use crate::propose::{self, Header, Page, Proposal, Response, Wishes};

/// The most pages that are requested from each URL.
const PAGES: usize = 3;

/// A proposal, and the files to write: their paths in the repository and texts.
#[derive(Debug)]
pub struct Plan {
    pub proposal: Proposal,
    pub files: Vec<(PathBuf, String)>,
    /// The option of `local` that selects the samples.
    pub local: String,
}

pub fn contract_file(name: &str) -> String {
    format!("{}/{name}.yaml", crate::settings::CONTRACTS)
}

/// Proposes a source. Nothing is written.
pub fn plan(args: &NewSource) -> Result<Plan> {
    let (name, longest) = (&args.name, propose::LONGEST_SOURCE);
    let failure = || Failure::new(format!("`{name}` has more than {longest} characters")).hint("choose a shorter name");
    ensure!(name.len() <= longest, failure());
    let is_name = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let failure =
        || Failure::new(format!("`{name}` is not a valid name")).hint("use a-z 0-9 _, starting with a letter");
    ensure!(is_name, failure());
    let headers = headers(&args.headers)?;
    let samples = propose::sampled(responses(args, &headers)?).map_err(problem)?;
    let headers = headers.into_iter().map(|(header, _)| header).collect();
    let wishes = Wishes { source: name.clone(), keys: args.keys.clone(), headers };
    let proposal = propose::propose(&samples, &wishes).map_err(problem)?;
    let file = contract_file(name);
    let models = PathBuf::from("dbt/models/staging").join(name);
    let sources = generated::sources(&proposal.contract, &file);
    let mut files = vec![(PathBuf::from(&file), proposal.text.clone()), (sources.path, sources.text)];
    let staging = crate::dbt::staging(&proposal.contract);
    files.extend(staging.into_iter().map(|(file, text)| (models.join(file), text)));
    // A folder that is named like a collection has its pages.
    let is_collection = |path: &Path| {
        path.file_name().and_then(OsStr::to_str).is_some_and(|name| proposal.contract.collections.contains_key(name))
    };
    let above = |path: &Path| path.parent().unwrap_or(path).to_owned();
    let folder = args.samples.first().map(|path| if path.is_dir() { path.clone() } else { above(path) });
    let folder = folder.map(|folder| if is_collection(&folder) { above(&folder) } else { folder });
    let folder = folder.map(|dir| if dir.as_os_str().is_empty() { ".".to_owned() } else { dir.display().to_string() });
    // A load of some of the pages is refused.
    let accept = if proposal.is_partial { " --accept 'only samples'" } else { "" };
    let local = folder.map_or_else(|| "--live".to_owned(), |folder| format!("--source {folder}{accept}"));
    Ok(Plan { proposal, files, local })
}

impl Plan {
    /// Writes the files; fails before the first one if one exists, unless `force`.
    pub fn write(&self, force: bool) -> Result<()> {
        let root = files::root();
        let existing = self.files.iter().map(|(path, _)| path).find(|path| root.join(path).exists());
        if let Some(path) = existing.filter(|_| !force) {
            let failure = Failure::new(format!("`{}` exists; nothing was written", path.display()));
            return Err(failure.hint("compare with --check, or overwrite it with --force").into());
        }
        // A model of a table that is no longer proposed would refer to a source that dbt does not know.
        let models = root.join("dbt/models/staging").join(&self.proposal.source);
        let is_ours = |path: &PathBuf| self.files.iter().any(|(own, _)| root.join(own) == *path);
        for old in if models.is_dir() { files::list(&models)? } else { Vec::new() } {
            let is_model = old.file_name().and_then(OsStr::to_str).is_some_and(|name| name.starts_with("stg_"));
            if is_model && !is_ours(&old) {
                files::remove(&old)?;
            }
        }
        self.files.iter().try_for_each(|(path, text)| files::write(&root.join(path), text))
    }
}

/// Compares the contract with samples; returns one line for each difference.
pub fn check(args: &NewSource) -> Result<Vec<String>> {
    let path = files::root().join(contract_file(&args.name));
    let hint = format!("propose it first: `cargo xtask new-source {} --sample PATH`", args.name);
    let failure = || Failure::new(format!("`{}` does not exist", contract_file(&args.name))).hint(hint);
    ensure!(path.exists(), failure());
    let samples = propose::sampled(responses(args, &headers(&args.headers)?)?).map_err(problem)?;
    propose::drift(&contract(Some(&path))?, samples).map_err(problem)
}

fn problem(message: String) -> Error {
    let hint = match message.as_str() {
        words if words.contains("key") && words.contains("unique") => {
            "pass the column that identifies a record: --key COLUMN"
        }
        words if words.contains("not JSON") => "pass files of JSON, or of one JSON object per line",
        words if words.contains("environment variable") || words.contains("the variable") => "rename the variable",
        words if words.contains(": source: ") => "pass another NAME",
        _ => "pass other samples",
    };
    Failure::new(message).hint(hint).into()
}

/// Reads `NAME=VARIABLE`: the headers, with their values.
fn headers(options: &[String]) -> Result<Vec<(Header, String)>> {
    let header = |option: &String| {
        let failure = || Failure::new(format!("`--header {option}` is not NAME=VARIABLE"));
        let hint = "pass the name of an environment variable, such as --header X-Api-Key=MY_KEY";
        let (name, variable) = option.split_once('=').with_context(|| failure().hint(hint))?;
        let value = std::env::var(variable).with_context(|| {
            let failure =
                Failure::new(format!("the environment variable `{variable}` of `--header {name}` is not set"));
            failure.hint(format!("run `export {variable}=…`; the value does not appear on the command line"))
        })?;
        // A value without a scheme is a token.
        let is_token = !value.contains(' ');
        let is_bearer = name.eq_ignore_ascii_case("authorization") && (is_token || value.starts_with("Bearer "));
        let sent = if is_bearer && is_token { format!("Bearer {value}") } else { value };
        let (name, variable) = (name.to_owned(), variable.to_owned());
        Ok((Header { name, variable, is_bearer, has_scheme: is_bearer && !is_token }, sent))
    };
    options.iter().map(header).collect()
}

fn responses(args: &NewSource, headers: &[(Header, String)]) -> Result<Vec<Response>> {
    let mut found = Vec::new();
    for path in &args.samples {
        found.extend(read(path)?);
    }
    for url in &args.urls {
        found.extend(fetch(url, headers)?);
    }
    ensure!(!found.is_empty(), Failure::new("the folders contain no .json, .ndjson or .jsonl files"));
    Ok(found)
}

/// Reads a file, or the files in a folder and its folders.
fn read(path: &Path) -> Result<Vec<Response>> {
    if !path.is_dir() {
        let failure = || Failure::new(format!("`{}` does not exist", path.display())).hint("pass a file or a folder");
        let text = files::read(path)?.with_context(failure)?;
        return Ok(vec![Response { origin: absolute(path), text, ..Response::default() }]);
    }
    let mut inside = files::list(path)?;
    inside.sort();
    let is_sample = |path: &PathBuf| {
        let end = path.extension().unwrap_or_default();
        path.is_dir() || ["json", "ndjson", "jsonl"].iter().any(|known| end == *known)
    };
    let found = inside.iter().filter(|path| is_sample(path)).map(|path| read(path));
    Ok(found.collect::<Result<Vec<_>>>()?.concat())
}

/// Returns a path with the name of its folder, which may be the name of a collection.
fn absolute(path: &Path) -> String {
    path.canonicalize().unwrap_or_else(|_| path.to_owned()).display().to_string()
}

/// Requests a URL, and the pages that follow it.
fn fetch(url: &str, headers: &[(Header, String)]) -> Result<Vec<Response>> {
    let failure = || Failure::new(format!("`{url}` is not a URL")).hint("pass http(s)://host/path");
    let first = Url::parse(url).ok().filter(Url::has_host).with_context(failure)?;
    let secret = first.query_pairs().find(|(name, _)| propose::is_secret(name)).map(|(name, _)| name.into_owned());
    let login = (!first.username().is_empty() || first.password().is_some()).then(|| "login".to_owned());
    if let Some(name) = secret.or(login) {
        let failure = Failure::new(format!("the URL contains a secret: `{name}`"));
        let hint = "save a response and pass it with --sample; `request.auth` in the contract adds the secret";
        return Err(failure.hint(hint).into());
    }
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(header, value)| (header.name.as_str(), value.as_str())).collect();
    let (mut found, mut next) = (Vec::new(), Some(first.clone()));
    while let Some(url) = next.filter(|url| url.origin() == first.origin() && found.len() < PAGES) {
        let web::Fetched { text, links } = web::fetch(url.as_str(), &headers)?;
        let linked = next_link(&links);
        // All pages belong to the collection of the first URL.
        let response = Response { origin: url.to_string(), text, url: Some(first.to_string()), next: linked };
        let page = Page::parse(response.clone()).map_err(problem)?;
        next = propose::next_url(&page).and_then(|next| url.join(&next).ok());
        found.push(response);
    }
    Ok(found)
}

/// Returns the URL of the link with `rel=next` in a `Link` header (RFC 8288).
fn next_link(links: &str) -> Option<String> {
    let link = regex_lite::Regex::new(r#"<([^>]*)>\s*;[^<]*\brel="?next\b"#).ok()?;
    Some(link.captures(links)?.get(1)?.as_str().to_owned())
}
