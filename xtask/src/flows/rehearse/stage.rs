//! The folder of a rehearsal, with a record of everything that it started: the next rehearsal stops what a killed one left
//! running.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::edge::docker::Engine;
use crate::edge::emulator::{self, Server};
use crate::edge::processes::{self, Owner};
use crate::edge::{files, postgres};
use crate::failure::Failure;
use crate::rehearsal::{MARK, Place, is_id};

/// The repository of a generated base image; the engine keeps it, because its creation takes a minute.
pub(super) const BASE: &str = "base";

/// What a rehearsal started.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    place: Place,
    groups: BTreeSet<i32>,
    /// PostgreSQL, which is stopped by its own command.
    warehouse: Option<postgres::Server>,
    /// Whether it keeps running until `rehearse stop`.
    kept: bool,
}

/// A rehearsal's folder, which is locked while this value lives.
#[derive(Debug)]
pub struct Stage {
    pub place: Place,
    docker_host: Option<String>,
    state: Mutex<State>,
    stopped: Mutex<bool>,
    /// Name, group and log of each server.
    servers: Mutex<Vec<(String, i32, PathBuf)>>,
    _lock: File,
}

fn folder() -> Result<PathBuf> {
    files::folder(&files::root().join("target/rehearse"))
}

impl Stage {
    /// Creates a rehearsal's folder, after it stopped killed rehearsals; also returns their number.
    pub fn open(id: &str, docker_host: Option<&str>) -> Result<(Self, usize)> {
        let all = folder()?;
        // Otherwise another rehearsal could remove the folder before it is locked.
        let _lock = files::wait_for_lock(&all)?;
        let cleared = clear(&all, docker_host)?;
        let dir = files::folder(&all.join(id))?;
        let lock = files::lock(&dir)?;
        let [ministack, moto, airflow] = emulator::free_ports()?;
        let place = Place { id: id.to_owned(), dir, ministack, moto, airflow };
        let state = State { place: place.clone(), groups: BTreeSet::new(), warehouse: None, kept: false };
        save(&state)?;
        let docker_host = docker_host.map(str::to_owned);
        let (state, stopped, servers) = (Mutex::new(state), Mutex::new(false), Mutex::default());
        Ok((Self { place, docker_host, state, stopped, servers, _lock: lock }, cleared))
    }

    pub fn docker_host(&self) -> Option<&str> {
        self.docker_host.as_deref()
    }

    /// Starts a server, unless the rehearsal was stopped, and waits until its port responds.
    pub fn start(&self, server: &Server<'_>, port: Option<u16>) -> Result<()> {
        let group = {
            let stopped = self.lock_running()?;
            let group = server.start()?;
            let mut state = guard(&self.state);
            state.groups.insert(group);
            save(&state)?;
            drop(stopped);
            group
        };
        guard(&self.servers).push((server.name.to_owned(), group, server.log()));
        let is_alive = || self.is_alive(group);
        match port {
            Some(port) => emulator::wait_for_port(server.name, port, &server.log(), is_alive),
            None => Ok(()),
        }
    }

    /// Fails with the first server that has exited, and the end of its log.
    pub fn check(&self) -> Result<()> {
        let servers = guard(&self.servers);
        let Some((name, _, log)) = servers.iter().find(|(_, group, _)| !self.is_alive(*group)) else { return Ok(()) };
        let text = files::read(log)?.unwrap_or_default();
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = lines[lines.len().saturating_sub(5)..].join("\n");
        bail!(Failure::new(format!("`{name}` has exited:\n{last}")).hint(format!("its log: {}", files::shown(log))))
    }

    fn is_alive(&self, group: i32) -> bool {
        !processes::find(owner(&self.place, &BTreeSet::from([group]))).is_empty()
    }

    /// Starts PostgreSQL, unless the rehearsal was stopped.
    pub fn start_warehouse(&self, server: &mut postgres::Server) -> Result<()> {
        let _ended = self.lock_running()?;
        let mut state = guard(&self.state);
        // Recorded before it starts.
        state.warehouse = Some(server.clone());
        save(&state)?;
        server.start()?;
        state.warehouse = Some(server.clone());
        save(&state)
    }

    /// Keeps everything running until [`stop`].
    pub fn keep(&self) -> Result<()> {
        let _ended = self.lock_running()?;
        let mut state = guard(&self.state);
        state.kept = true;
        save(&state)
    }

    /// Stops everything that was started, once; with `keep_logs` the folder is kept.
    pub fn stop(&self, keep_logs: bool) -> Result<()> {
        let mut stopped = guard(&self.stopped);
        if *stopped {
            return Ok(());
        }
        *stopped = true;
        finish(&guard(&self.state), self.docker_host.as_deref())?;
        if !keep_logs {
            files::remove(&self.place.dir)?;
        }
        Ok(())
    }

    pub fn has_stopped(&self) -> bool {
        *guard(&self.stopped)
    }

    fn lock_running(&self) -> Result<MutexGuard<'_, bool>> {
        let stopped = guard(&self.stopped);
        if *stopped {
            bail!(Failure::new("the rehearsal was stopped"));
        }
        Ok(stopped)
    }
}

/// Stops the kept rehearsal with an ID, or all of them; returns their IDs.
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
        bail!(
            Failure::new(format!("no kept rehearsal has the ID `{id}`")).hint("`cargo xtask rehearse stop` stops all")
        );
    }
    Ok(stopped)
}

/// Stops rehearsals whose program was killed, and removes the folders of those that do not run; returns their number.
fn clear(all: &Path, docker_host: Option<&str>) -> Result<usize> {
    let mut cleared = 0;
    for dir in folders(all)? {
        // Another program uses it.
        let Some(_lock) = files::try_lock(&dir)? else { continue };
        match read_state(&dir)? {
            None => _ = files::remove(&dir)?,
            Some(state) if state.kept && is_running(&state) => {}
            Some(state) => {
                cleared += usize::from(stop_and_remove(&state, &dir, docker_host)?);
            }
        }
    }
    Ok(cleared)
}

fn folders(all: &Path) -> Result<Vec<PathBuf>> {
    let is_rehearsal = |path: &PathBuf| path.file_name().is_some_and(|name| is_id(&name.to_string_lossy()));
    Ok(files::list(all)?.into_iter().filter(|path| path.is_dir() && is_rehearsal(path)).collect())
}

/// Stops a rehearsal and removes its folder; whether something was running.
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
        failure.hint("stop the servers of that rehearsal, then remove its folder")
    };
    text.map(|text| serde_json::from_str(&text).with_context(failure)).transpose()
}

fn is_running(state: &State) -> bool {
    !processes::find(owner(&state.place, &state.groups)).is_empty()
}

/// Stops processes, database and containers, and removes the image names of the stopped registry; whether something was
/// running.
fn finish(state: &State, docker_host: Option<&str>) -> Result<bool> {
    let mut found = processes::stop(owner(&state.place, &state.groups))? > 0;
    if let Some(server) = &state.warehouse {
        found |= server.stop()?;
        files::remove(&server.home)?;
    }
    // Without an engine there are no containers.
    if let Ok(engine) = Engine::connect(docker_host) {
        found |= engine.remove_containers(&format!("{MARK}={}", state.place.id))? > 0;
        engine.remove_registry_names(&state.place.registry(), BASE)?;
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

/// Locks a value. A panic of another thread is harmless: values are replaced completely.
fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
