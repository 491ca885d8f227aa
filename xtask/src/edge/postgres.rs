//! A private PostgreSQL server on loopback, and queries.

mod login;

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use nix::unistd::{Uid, User, chown};
use serde::{Deserialize, Serialize};

pub use login::Login;

use crate::failure::Failure;
use connect::Secret;

/// The first version with MERGE.
const OLDEST: u32 = 15;

/// A server: its programs, its data, and the login of its superuser.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Server {
    /// The folder of `postgres`, `initdb` and `pg_ctl`.
    pub programs: PathBuf,
    /// The folder that holds `data` and the log, owned by the user that runs the server.
    pub home: PathBuf,
    /// The user that runs the server if it is another one: PostgreSQL refuses to run as root.
    pub user: Option<String>,
    /// The port on 127.0.0.1; a start chooses another one if it is taken.
    pub port: u16,
    /// The superuser's password.
    pub password: Secret,
}

/// The superuser.
pub const SUPERUSER: &str = "postgres";

/// The folder of an installed PostgreSQL that is new enough.
pub fn installed() -> Option<PathBuf> {
    newest().filter(|(version, _)| *version >= OLDEST).map(|(_, folder)| folder)
}

/// The newest installed PostgreSQL: its major version and the folder of its programs.
pub fn newest() -> Option<(u32, PathBuf)> {
    let mut folders: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
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

/// The user that must run a new server: `None` for the current user, unless that is root.
pub fn server_user() -> Result<Option<String>> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    let exists = |name: &&str| User::from_name(name).ok().flatten().is_some();
    let user = ["postgres", "nobody"].into_iter().find(exists);
    let user =
        user.context("PostgreSQL refuses to run as root, and neither the user `postgres` nor `nobody` exists")?;
    Ok(Some(user.to_owned()))
}

/// A folder for a server: below `dir`, or in `/var/tmp` if another user runs it.
pub fn home(dir: &Path, user: Option<&str>) -> Result<PathBuf> {
    let Some(user) = user else {
        let home = dir.join("postgres");
        fs::create_dir_all(&home).with_context(|| format!("cannot create the folder `{}`", home.display()))?;
        return Ok(home);
    };
    // `dir` may lie in a folder that only root can enter.
    let home =
        tempfile::Builder::new().prefix("dpworld-").tempdir_in("/var/tmp").context("cannot use /var/tmp")?.keep();
    let user = User::from_name(user)?.with_context(|| format!("no user `{user}`"))?;
    chown(&home, Some(user.uid), Some(user.gid)).with_context(|| format!("cannot hand over `{}`", home.display()))?;
    Ok(home)
}

impl Server {
    fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    /// Runs one of PostgreSQL's programs as the server's user.
    fn program(&self, name: &str, arguments: &[&str]) -> Result<Output> {
        let mut command = Command::new(self.programs.join(name));
        command.args(arguments).current_dir(&self.home).env_clear();
        command.env("PATH", "/usr/bin:/bin").env("LC_ALL", "C").env("HOME", &self.home);
        if let Some(name) = &self.user {
            let user = User::from_name(name)?.with_context(|| format!("no user `{name}`"))?;
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command.output().with_context(|| format!("cannot start `{}`", command.get_program().display()))
    }

    fn must(&self, name: &str, arguments: &[&str]) -> Result<()> {
        let output = self.program(name, arguments)?;
        let words = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            Failure::new(format!("`{name}` failed: {}", words.trim())).hint(self.log_hint())
        );
        Ok(())
    }

    fn log_hint(&self) -> String {
        format!("the server's log: {}", self.home.join("log").display())
    }

    /// Whether the server is running.
    pub fn is_running(&self) -> Result<bool> {
        let data = self.data();
        if !data.join("PG_VERSION").exists() {
            return Ok(false);
        }
        Ok(self.program("pg_ctl", &["status", "-D", &data.display().to_string()])?.status.success())
    }

    /// Starts the server unless it runs, on another port if its own is taken; creates its data first if necessary.
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
        self.must("pg_ctl", &["start", "-w", "-t", "60", "-D", &data, "-l", &log, "-o", &options])
    }

    fn init(&self, data: &str) -> Result<()> {
        let file = self.home.join("password");
        // Readable only by the server's user, removed after use, never on a command line. An old file would keep its mode.
        let _ = fs::remove_file(&file);
        let written = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file);
        written
            .and_then(|mut written| written.write_all(self.password.expose().as_bytes()))
            .with_context(|| format!("cannot write `{}`", file.display()))?;
        if let Some(user) = self.user.as_deref().and_then(|user| User::from_name(user).ok().flatten()) {
            chown(&file, Some(user.uid), Some(user.gid))?;
        }
        let password = format!("--pwfile={}", file.display());
        let arguments = [
            "-D",
            data,
            "-U",
            SUPERUSER,
            "--auth=scram-sha-256",
            &password,
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ];
        let created = self.must("initdb", &arguments);
        fs::remove_file(&file).with_context(|| format!("cannot remove `{}`", file.display()))?;
        created
    }

    /// Stops the server; false if it was not running.
    pub fn stop(&self) -> Result<bool> {
        if !self.is_running()? {
            return Ok(false);
        }
        self.must("pg_ctl", &["stop", "-w", "-m", "fast", "-D", &self.data().display().to_string()])?;
        Ok(true)
    }

    /// The login of a role to a database.
    pub fn login(&self, role: &str, password: &str, database: &str) -> Login {
        Login::new("127.0.0.1", self.port, role, password, database)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In the place of `initdb`: what it finds at the file of `--pwfile`, and a failure.
    const INITDB: &str = r#"#!/bin/sh
for word in "$@"; do case "$word" in --pwfile=*) file="${word#*=}" ;; esac; done
{ stat -c '%a %U' "$file"; cat "$file"; } > "$HOME/seen"
exit 1
"#;

    #[test]
    fn the_password_is_readable_by_the_user_of_initdb_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let user = server_user().expect("a user");
        let home = home(folder.path(), user.as_deref()).expect("a home");
        fs::write(home.join("initdb"), INITDB).expect("written");
        fs::set_permissions(home.join("initdb"), fs::Permissions::from_mode(0o755)).expect("set");
        // Left by an earlier try.
        fs::write(home.join("password"), "old").expect("written");
        let (programs, password) = (home.clone(), "canary".to_owned());
        let mut server =
            Server { programs, home: home.clone(), user: user.clone(), port: 0, password: password.into() };
        let failed = server.start().expect_err("it is not PostgreSQL's initdb");
        let own = User::from_uid(Uid::effective()).expect("readable").map(|user| user.name);
        let owner = user.or(own).expect("a name");
        let seen = fs::read_to_string(home.join("seen")).unwrap_or_else(|_| panic!("{failed:#}"));
        let left = home.join("password").exists();
        fs::remove_dir_all(home).expect("removed");
        assert_eq!(seen, format!("600 {owner}\ncanary"));
        assert!(!left && !format!("{failed:#}").contains("canary"), "{failed:#}");
    }
}
