//! Where a rehearsal plays: a folder, and all that was started for it, written down before it is needed, so that it is found
//! and ended whatever becomes of this program.

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

/// The repository of an image to build upon that was made here; the engine keeps it, as it takes a minute to make.
pub(super) const BASE: &str = "base";

/// What was started.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    place: Place,
    /// Groups of processes.
    groups: BTreeSet<i32>,
    /// PostgreSQL, which ends by its own way.
    warehouse: Option<postgres::Server>,
    /// Whether it stays until somebody stops it.
    kept: bool,
}

/// A rehearsal's folder, which is nobody else's while this value lives.
#[derive(Debug)]
pub struct Stage {
    /// Id, folder and ports.
    pub place: Place,
    docker_host: Option<String>,
    state: Mutex<State>,
    ended: Mutex<bool>,
    /// Name, group and log of each server.
    servers: Mutex<Vec<(String, i32, PathBuf)>>,
    _lock: File,
}

/// Where rehearsals lie.
fn folder() -> Result<PathBuf> {
    files::folder(&files::root().join("target/rehearse"))
}

impl Stage {
    /// A new one. What killed rehearsals left behind is ended first; how many there were.
    pub fn open(id: &str, docker_host: Option<&str>) -> Result<(Self, usize)> {
        let all = folder()?;
        // Between a new folder and its lock nobody may take it for a leftover.
        let _turn = files::turn(&all)?;
        let cleared = clear(&all, docker_host)?;
        let dir = files::folder(&all.join(id))?;
        let lock = files::lock(&dir)?;
        let [ministack, moto, airflow] = emulator::free_ports()?;
        let place = Place { id: id.to_owned(), dir, ministack, moto, airflow };
        let state = State { place: place.clone(), groups: BTreeSet::new(), warehouse: None, kept: false };
        save(&state)?;
        let docker_host = docker_host.map(str::to_owned);
        let (state, ended, servers) = (Mutex::new(state), Mutex::new(false), Mutex::default());
        Ok((Self { place, docker_host, state, ended, servers, _lock: lock }, cleared))
    }

    /// Another Docker engine than the usual one.
    pub fn docker_host(&self) -> Option<&str> {
        self.docker_host.as_deref()
    }

    /// Starts a server, unless the end has begun, and waits until it answers at its port.
    pub fn start(&self, server: &Server<'_>, port: Option<u16>) -> Result<()> {
        let group = {
            let ended = self.going()?;
            let group = server.start()?;
            let mut state = of(&self.state);
            state.groups.insert(group);
            save(&state)?;
            drop(ended);
            group
        };
        of(&self.servers).push((server.name.to_owned(), group, server.log()));
        let lives = || self.is_alive(group);
        match port {
            Some(port) => emulator::answers(server.name, port, &server.log(), lives),
            None => Ok(()),
        }
    }

    /// Whether every server runs.
    ///
    /// # Errors
    /// With the first that has ended, and the end of its log.
    pub fn lives(&self) -> Result<()> {
        let servers = of(&self.servers);
        let Some((name, _, log)) = servers.iter().find(|(_, group, _)| !self.is_alive(*group)) else { return Ok(()) };
        let text = files::read(log)?.unwrap_or_default();
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = lines[lines.len().saturating_sub(5)..].join("\n");
        bail!(Failure::new(format!("`{name}` has ended:\n{last}")).hint(format!("its log: {}", files::shown(log))))
    }

    /// Whether a server's group has a process.
    fn is_alive(&self, group: i32) -> bool {
        !processes::of(owner(&self.place, &BTreeSet::from([group]))).is_empty()
    }

    /// Starts PostgreSQL, unless the end has begun.
    pub fn start_warehouse(&self, server: &mut postgres::Server) -> Result<()> {
        let _ended = self.going()?;
        let mut state = of(&self.state);
        // Known before it is there.
        state.warehouse = Some(server.clone());
        save(&state)?;
        server.start()?;
        state.warehouse = Some(server.clone());
        save(&state)
    }

    /// Leaves everything running, to be ended by [`stop`].
    pub fn keep(&self) -> Result<()> {
        let _ended = self.going()?;
        let mut state = of(&self.state);
        state.kept = true;
        save(&state)
    }

    /// Ends all that was started, once; the logs stay if they are wanted.
    pub fn end(&self, keep_logs: bool) -> Result<()> {
        let mut ended = of(&self.ended);
        if *ended {
            return Ok(());
        }
        *ended = true;
        finish(&of(&self.state), self.docker_host.as_deref())?;
        if !keep_logs {
            files::remove(&self.place.dir)?;
        }
        Ok(())
    }

    /// Whether its end has come.
    pub fn has_ended(&self) -> bool {
        *of(&self.ended)
    }

    fn going(&self) -> Result<MutexGuard<'_, bool>> {
        let ended = of(&self.ended);
        if *ended {
            bail!(Failure::new("the rehearsal was ended"));
        }
        Ok(ended)
    }
}

/// Ends rehearsals that were kept: that of an id, or all; their ids.
pub fn stop(id: Option<&str>, docker_host: Option<&str>) -> Result<Vec<String>> {
    let all = folder()?;
    let _turn = files::turn(&all)?;
    clear(&all, docker_host)?;
    let mut stopped = Vec::new();
    for dir in folders(&all)? {
        let Some(state) = known(&dir)?.filter(|state| state.kept) else { continue };
        if id.is_none_or(|id| id == state.place.id) {
            end_of(&state, &dir, docker_host)?;
            stopped.push(state.place.id);
        }
    }
    if let Some(id) = id.filter(|id| !stopped.iter().any(|one| one == id)) {
        bail!(Failure::new(format!("no rehearsal `{id}` is kept")).hint("`cargo xtask rehearse stop` stops all"));
    }
    Ok(stopped)
}

/// Ends what rehearsals left whose program is gone and that nobody wanted to keep, or of which nothing runs any more.
fn clear(all: &Path, docker_host: Option<&str>) -> Result<usize> {
    let mut cleared = 0;
    for dir in folders(all)? {
        // Somebody is at work there.
        let Some(_lock) = files::try_lock(&dir)? else { continue };
        match known(&dir)? {
            None => _ = files::remove(&dir)?,
            Some(state) if state.kept && runs(&state) => {}
            Some(state) => {
                cleared += usize::from(end_of(&state, &dir, docker_host)?);
            }
        }
    }
    Ok(cleared)
}

/// That of each rehearsal.
fn folders(all: &Path) -> Result<Vec<PathBuf>> {
    let is_ours = |path: &PathBuf| path.file_name().is_some_and(|name| is_id(&name.to_string_lossy()));
    Ok(files::list(all)?.into_iter().filter(|path| path.is_dir() && is_ours(path)).collect())
}

/// Ends it and removes its folder; whether anything of it still ran.
fn end_of(state: &State, dir: &Path, docker_host: Option<&str>) -> Result<bool> {
    let found = finish(state, docker_host)?;
    files::remove(dir)?;
    Ok(found)
}

fn known(dir: &Path) -> Result<Option<State>> {
    let path = dir.join("state.json");
    let text = files::read(&path)?;
    let wrong = || {
        let failure = Failure::new(format!("cannot understand `{}`", path.display()));
        failure.hint("remove its folder, once nothing of that rehearsal runs any more")
    };
    text.map(|text| serde_json::from_str(&text).with_context(wrong)).transpose()
}

fn runs(state: &State) -> bool {
    !processes::of(owner(&state.place, &state.groups)).is_empty()
}

/// Ends processes, database, containers, and the names that images have in a registry that is no more. Whether there was
/// anything.
fn finish(state: &State, docker_host: Option<&str>) -> Result<bool> {
    let mut found = processes::end(owner(&state.place, &state.groups))? > 0;
    if let Some(server) = &state.warehouse {
        found |= server.stop()?;
        files::remove(&server.home)?;
    }
    // Without an engine there is no container.
    if let Ok(engine) = Engine::connect(docker_host) {
        found |= engine.remove_containers(&format!("{MARK}={}", state.place.id))? > 0;
        engine.remove_registry_names(&state.place.registry(), BASE)?;
    }
    Ok(found)
}

fn owner<'o>(place: &'o Place, groups: &'o BTreeSet<i32>) -> Owner<'o> {
    Owner { mark: (MARK, &place.id), groups, dir: &place.dir }
}

/// Passwords are in it.
fn save(state: &State) -> Result<()> {
    files::write_secret(&state.place.file("state.json"), &serde_json::to_string_pretty(state)?)
}

/// What a thread that broke off left is as good as any: it is only ever replaced whole.
fn of<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
