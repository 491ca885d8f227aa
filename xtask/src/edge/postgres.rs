//! A private PostgreSQL server on loopback, and queries.

mod login;

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use nix::unistd::{Uid, User, chown};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

pub use login::Login;

use crate::doctor::POSTGRES;
use crate::failure::Failure;
use connect::Secret;

/// A server: its programs, its data, and its superuser's password.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Server {
    /// The folder that contains `postgres`, `initdb` and `pg_ctl`.
    pub programs: PathBuf,
    /// The folder that holds `data` and the log, owned by the user that runs the server.
    pub home: PathBuf,
    /// The user that runs the server, if not the current one: PostgreSQL does not run as root.
    pub user: Option<String>,
    /// The port on 127.0.0.1; if it is in use, [`Server::start`] chooses a different one.
    pub port: u16,
    /// The superuser's password.
    pub password: Secret,
}

pub const SUPERUSER: &str = "postgres";

/// Returns the program folder of the newest installed PostgreSQL, if it is new enough.
pub fn installed() -> Option<PathBuf> {
    newest().filter(|(version, _)| *version >= POSTGRES).map(|(_, folder)| folder)
}

/// Returns the major version and the program folder of the newest installed PostgreSQL.
pub fn newest() -> Option<(u32, PathBuf)> {
    let entries = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path().join("bin")).collect();
    let on_path = Command::new("pg_config").arg("--bindir").output().ok().filter(|output| output.status.success());
    folders.extend(on_path.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())));
    folders.retain(|folder| folder.join("initdb").exists() && folder.join("pg_ctl").exists());
    folders.into_iter().filter_map(|folder| Some((version(&folder)?, folder))).max()
}

fn version(programs: &Path) -> Option<u32> {
    let output = Command::new(programs.join("postgres")).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().nth(2)?.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Returns the user that must run a new server: `None` for the current user, unless that is root.
pub fn server_user() -> Result<Option<String>> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    let exists = |name: &&str| User::from_name(name).ok().flatten().is_some();
    let user = ["postgres", "nobody"].into_iter().find(exists).map(str::to_owned);
    let missing = "PostgreSQL cannot run as root, and neither the user `postgres` nor `nobody` exists";
    user.context(missing).map(Some)
}

/// Creates a folder for a server: in `dir`, or in `/var/tmp` if a different user runs the server.
pub fn home(dir: &Path, user: Option<&str>) -> Result<PathBuf> {
    let Some(user) = user else {
        let home = dir.join("postgres");
        fs::create_dir_all(&home).with_context(|| format!("cannot create the folder `{}`", home.display()))?;
        return Ok(home);
    };
    // `dir` may be in a folder that only root can enter.
    let home = tempfile::Builder::new().prefix("dpworld-").tempdir_in("/var/tmp");
    let (home, user) = (home.context("cannot create a folder in /var/tmp")?.keep(), named(user)?);
    chown(&home, Some(user.uid), Some(user.gid))
        .with_context(|| format!("cannot change the owner of `{}`", home.display()))?;
    Ok(home)
}

fn named(user: &str) -> Result<User> {
    User::from_name(user)?.with_context(|| format!("the user `{user}` does not exist"))
}

impl Server {
    fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    /// Runs a PostgreSQL program as the user that runs the server.
    fn program(&self, name: &str, arguments: &[&str]) -> Result<Output> {
        let mut command = Command::new(self.programs.join(name));
        command.args(arguments).current_dir(&self.home).env_clear();
        command.env("PATH", "/usr/bin:/bin").env("LC_ALL", "C").env("HOME", &self.home);
        if let Some(name) = &self.user {
            let user = named(name)?;
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command.output().with_context(|| format!("cannot start `{}`", command.get_program().display()))
    }

    fn run(&self, name: &str, arguments: &[&str]) -> Result<()> {
        let output = self.program(name, arguments)?;
        let message = String::from_utf8_lossy(&output.stderr);
        let failure = || Failure::new(format!("`{name}` failed: {}", message.trim()));
        let hint = format!("see the server log: {}", self.home.join("log").display());
        ensure!(output.status.success(), failure().hint(hint));
        Ok(())
    }

    pub fn is_running(&self) -> Result<bool> {
        let data = self.data();
        if !data.join("PG_VERSION").exists() {
            return Ok(false);
        }
        Ok(self.program("pg_ctl", &["status", "-D", &data.display().to_string()])?.status.success())
    }

    /// Starts the server unless it is already running, on a different port if its own is in use. Initialises its data
    /// directory first if necessary.
    pub fn start(&mut self) -> Result<()> {
        let data = self.data().display().to_string();
        if !self.data().join("PG_VERSION").exists() {
            self.init(&data)?;
        }
        if self.is_running()? {
            return Ok(());
        }
        let free = |port| TcpListener::bind(("127.0.0.1", port)).and_then(|listener| listener.local_addr());
        let own = if self.port == 0 { None } else { free(self.port).ok() };
        self.port = own.map_or_else(|| free(0), Ok).context("no free port on 127.0.0.1")?.port();
        let log = self.home.join("log").display().to_string();
        let options = format!("-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''", self.port);
        self.run("pg_ctl", &["start", "-w", "-t", "60", "-D", &data, "-l", &log, "-o", &options])
    }

    fn init(&self, data: &str) -> Result<()> {
        let user = self.user.as_deref().map(named).transpose()?;
        // Pass the password in a file that only the server's user can read, not on the command line.
        let file = NamedTempFile::new_in(&self.home)
            .and_then(|mut file| file.write_all(self.password.expose().as_bytes()).map(|()| file))
            .with_context(|| format!("cannot write the password in `{}`", self.home.display()))?;
        if let Some(user) = user {
            chown(file.path(), Some(user.uid), Some(user.gid))?;
        }
        let (user, password) = (format!("--username={SUPERUSER}"), format!("--pwfile={}", file.path().display()));
        let fixed = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"];
        let arguments = [&["-D", data, &user, &password], &fixed[..]].concat();
        self.run("initdb", &arguments)
    }

    /// Stops the server; returns false if it was not running.
    pub fn stop(&self) -> Result<bool> {
        if !self.is_running()? {
            return Ok(false);
        }
        self.run("pg_ctl", &["stop", "-w", "-m", "fast", "-D", &self.data().display().to_string()])?;
        Ok(true)
    }

    pub fn login(&self, role: &str, password: &str, database: &str) -> Login {
        Login::new("127.0.0.1", self.port, role, password, database)
    }
}

#[cfg(test)]
#[path = "../../tests/unit/edge/postgres.rs"]
mod tests;
