//! A rehearsal's folder, which records everything that was started, so that the next one can stop any leftovers.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::edge::docker::Engine;
use crate::edge::emulator::{self, Server};
use crate::edge::processes::{self, Owner};
use crate::edge::{files, postgres};
use crate::failure::Failure;
use crate::rehearsal::{MARK, Place, is_id};

/// The repository of the generated base image, which the engine keeps because creating it takes a minute.
pub(super) const BASE: &str = "base";

#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    place: Place,
    groups: BTreeSet<i32>,
    /// PostgreSQL, which is stopped by its own command.
    warehouse: Option<postgres::Server>,
    kept: bool,
    #[serde(skip)]
    stopped: bool,
    /// Name, group and log of each server.
    #[serde(skip)]
    servers: Vec<(String, i32, PathBuf)>,
}

/// A rehearsal's folder, which stays locked until this value is dropped.
#[derive(Debug)]
pub struct Stage {
    pub place: Place,
    pub docker_host: Option<String>,
    state: Mutex<State>,
    _lock: File,
}

fn folder() -> Result<PathBuf> {
    files::folder(&files::root().join("target/rehearse"))
}

impl Stage {
    /// Stops everything that killed rehearsals left running, then creates the folder for a new one. Also returns the
    /// number of rehearsals that were stopped.
    pub fn open(id: &str, docker_host: Option<&str>) -> Result<(Self, usize)> {
        let all = folder()?;
        // Otherwise another rehearsal could remove the folder before it is locked.
        let _lock = files::wait_for_lock(&all)?;
        let cleared = clear(&all, docker_host)?;
        let dir = files::folder(&all.join(id))?;
        let lock = files::lock(&dir)?;
        let [iam, ministack, moto, airflow, redshift, wire] = emulator::free_ports()?;
        let place = Place { id: id.to_owned(), dir, iam, ministack, moto, airflow, redshift, wire };
        let (groups, servers) = (BTreeSet::new(), Vec::new());
        let state = State { place: place.clone(), groups, warehouse: None, kept: false, stopped: false, servers };
        save(&state)?;
        let docker_host = docker_host.map(str::to_owned);
        Ok((Self { place, docker_host, state: Mutex::new(state), _lock: lock }, cleared))
    }

    /// Starts a server, unless the rehearsal was stopped, and waits until its port responds.
    pub fn start(&self, server: &Server<'_>, port: Option<u16>) -> Result<()> {
        let mut state = self.running()?;
        let group = server.start()?;
        state.groups.insert(group);
        state.servers.push((server.name.to_owned(), group, server.log()));
        save(&state)?;
        drop(state);
        match port {
            Some(port) => emulator::wait_for_port(server.name, port, &server.log(), || self.is_alive(group)),
            None => Ok(()),
        }
    }

    /// Fails if a server has exited; the error contains the end of its log.
    pub fn check(&self) -> Result<()> {
        let state = self.guard();
        let Some((name, _, log)) = state.servers.iter().find(|(_, group, _)| !self.is_alive(*group)) else {
            return Ok(());
        };
        let text = files::read(log)?.unwrap_or_default();
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = lines[lines.len().saturating_sub(5)..].join("\n");
        bail!(Failure::new(format!("`{name}` has exited:\n{last}")).hint(format!("see its log: {}", files::shown(log))))
    }

    fn is_alive(&self, group: i32) -> bool {
        !processes::find(owner(&self.place, &BTreeSet::from([group]))).is_empty()
    }

    pub fn start_warehouse(&self, server: &mut postgres::Server) -> Result<()> {
        let mut state = self.running()?;
        // Record the server before it starts.
        state.warehouse = Some(server.clone());
        save(&state)?;
        server.start()?;
        state.warehouse = Some(server.clone());
        save(&state)
    }

    pub fn keep(&self) -> Result<()> {
        let mut state = self.running()?;
        state.kept = true;
        save(&state)
    }

    /// Stops everything that was started, but only once. With `keep_logs`, the folder is kept.
    pub fn stop(&self, keep_logs: bool) -> Result<()> {
        let mut state = self.guard();
        if state.stopped {
            return Ok(());
        }
        state.stopped = true;
        finish(&state, self.docker_host.as_deref())?;
        if !keep_logs {
            files::remove(&self.place.dir)?;
        }
        Ok(())
    }

    pub fn has_stopped(&self) -> bool {
        self.guard().stopped
    }

    /// Returns the state; fails if the rehearsal was stopped.
    fn running(&self) -> Result<MutexGuard<'_, State>> {
        let state = self.guard();
        ensure!(!state.stopped, Failure::new("the rehearsal was stopped"));
        Ok(state)
    }

    /// Returns the state. A panic in another thread is harmless, because fields are always replaced completely.
    fn guard(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stops the kept rehearsal with this ID, or all kept rehearsals; returns the IDs of those that were stopped.
pub fn stop(id: Option<&str>, docker_host: Option<&str>) -> Result<Vec<String>> {
    let all = folder()?;
    let _lock = files::wait_for_lock(&all)?;
    clear(&all, docker_host)?;
    let mut stopped = Vec::new();
    for dir in folders(&all)? {
        let Some(state) = read_state(&dir)?.filter(|state| state.kept) else { continue };
        if id.is_none_or(|id| id == state.place.id) {
            stop_and_remove(&state, &dir, docker_host)?;
            stopped.push(state.place.id);
        }
    }
    if let Some(id) = id.filter(|id| !stopped.iter().any(|one| one == id)) {
        let failure = Failure::new(format!("no kept rehearsal has the ID `{id}`"));
        bail!(failure.hint("run `cargo xtask rehearse stop` to stop all of them"));
    }
    Ok(stopped)
}

/// Stops rehearsals whose program was killed, and removes the folders of those that are not running; returns the number
/// of rehearsals that were stopped.
fn clear(all: &Path, docker_host: Option<&str>) -> Result<usize> {
    let mut cleared = 0;
    for dir in folders(all)? {
        // Another program is using it.
        let Some(_lock) = files::try_lock(&dir)? else { continue };
        match read_state(&dir)? {
            None => _ = files::remove(&dir)?,
            Some(state) if state.kept && !processes::find(owner(&state.place, &state.groups)).is_empty() => {}
            Some(state) => cleared += usize::from(stop_and_remove(&state, &dir, docker_host)?),
        }
    }
    Ok(cleared)
}

fn folders(all: &Path) -> Result<Vec<PathBuf>> {
    let is_rehearsal = |path: &PathBuf| path.file_name().is_some_and(|name| is_id(&name.to_string_lossy()));
    Ok(files::list(all)?.into_iter().filter(|path| path.is_dir() && is_rehearsal(path)).collect())
}

/// Stops a rehearsal and removes its folder; returns whether anything was running.
fn stop_and_remove(state: &State, dir: &Path, docker_host: Option<&str>) -> Result<bool> {
    let found = finish(state, docker_host)?;
    files::remove(dir)?;
    Ok(found)
}

fn read_state(dir: &Path) -> Result<Option<State>> {
    let path = dir.join("state.json");
    let text = files::read(&path)?;
    let failure = || {
        let failure = Failure::new(format!("cannot parse `{}`", path.display()));
        failure.hint("stop that rehearsal's servers, then remove its folder")
    };
    text.map(|text| serde_json::from_str(&text).with_context(failure)).transpose()
}

/// Stops everything and removes the registry's image names; returns whether anything was running.
fn finish(state: &State, docker_host: Option<&str>) -> Result<bool> {
    let mut found = processes::stop(owner(&state.place, &state.groups))? > 0;
    if let Some(server) = &state.warehouse {
        found |= server.stop()?;
        files::remove(&server.home)?;
    }
    // Without an engine, no containers exist.
    if let Ok(engine) = Engine::connect(docker_host) {
        found |= engine.remove_containers(&format!("{MARK}={}", state.place.id))? > 0;
        for registry in [state.place.registry(), state.place.registry_for_pushes()] {
            engine.remove_registry_names(&registry, BASE)?;
        }
    }
    Ok(found)
}

fn owner<'o>(place: &'o Place, groups: &'o BTreeSet<i32>) -> Owner<'o> {
    Owner { mark: (MARK, &place.id), groups, dir: &place.dir }
}

/// Writes the record, which contains passwords.
fn save(state: &State) -> Result<()> {
    files::write_secret(&state.place.file("state.json"), &serde_json::to_string_pretty(state)?)
}
