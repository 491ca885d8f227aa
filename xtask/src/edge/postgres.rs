//! A PostgreSQL server of our own on loopback, and questions to it.

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::unistd::{Uid, User, chown};
use serde::{Deserialize, Serialize};
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use crate::failure::Failure;
use crate::ui::Rows;

/// MERGE came with 15.
const OLDEST: u32 = 15;

/// A server: where its programs and its data are, and how to enter as its superuser.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Server {
    /// The folder of `postgres`, `initdb` and `pg_ctl`.
    pub programs: PathBuf,
    /// The folder that holds `data` and the log, owned by the user that runs the server.
    pub home: PathBuf,
    /// The user that runs the server, when it is not us: PostgreSQL refuses to run as root.
    pub user: Option<String>,
    /// The port on 127.0.0.1; another one when the server starts and it is taken.
    pub port: u16,
    /// The superuser's password.
    pub password: String,
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

/// The user that must run a server that we start: none but ourselves, unless we are root.
pub fn server_user() -> Result<Option<String>> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    let there = |name: &&str| User::from_name(name).ok().flatten().is_some();
    let user = ["postgres", "nobody"].into_iter().find(there);
    let user = user.context("PostgreSQL does not run as root, and there is no user `postgres` or `nobody`")?;
    Ok(Some(user.to_owned()))
}

/// A folder for a server below `dir`, or, when another user runs it, where that user can reach it.
pub fn home(dir: &Path, user: Option<&str>) -> Result<PathBuf> {
    let Some(user) = user else {
        let home = dir.join("postgres");
        fs::create_dir_all(&home).with_context(|| format!("cannot make the folder `{}`", home.display()))?;
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

    /// Whether the server answers to its files.
    pub fn is_running(&self) -> Result<bool> {
        let data = self.data();
        if !data.join("PG_VERSION").exists() {
            return Ok(false);
        }
        Ok(self.program("pg_ctl", &["status", "-D", &data.display().to_string()])?.status.success())
    }

    /// Starts the server if it does not run, on a free port if its own is taken; makes its files first if need be.
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
        // Written by us, read once by the server's user, then removed; never on a command line.
        fs::write(&file, &self.password).with_context(|| format!("cannot write `{}`", file.display()))?;
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
        let made = self.must("initdb", &arguments);
        fs::remove_file(&file).with_context(|| format!("cannot remove `{}`", file.display()))?;
        made
    }

    /// Stops the server; false if it did not run.
    pub fn stop(&self) -> Result<bool> {
        if !self.is_running()? {
            return Ok(false);
        }
        self.must("pg_ctl", &["stop", "-w", "-m", "fast", "-D", &self.data().display().to_string()])?;
        Ok(true)
    }

    /// How to enter a database as a role.
    pub fn login(&self, role: &str, password: &str, database: &str) -> Login {
        Login::new("127.0.0.1", self.port, role, password, database)
    }
}

/// How to enter a database.
#[derive(Clone, Debug)]
pub struct Login {
    host: String,
    port: u16,
    role: String,
    password: String,
    database: String,
}

impl Login {
    /// On any server.
    pub fn new(host: &str, port: u16, role: &str, password: &str, database: &str) -> Self {
        let [host, role, password, database] = [host, role, password, database].map(str::to_owned);
        Self { host, port, role, password, database }
    }

    /// For programs: with the password, which is hexadecimal and needs no quoting.
    pub fn url(&self) -> String {
        format!("postgres://{}:{}@{}:{}/{}", self.role, self.password, self.host, self.port, self.database)
    }

    /// The server's port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The role's password.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// For people: without the password.
    pub fn shown(&self) -> String {
        format!("postgres://{}@{}:{}/{}", self.role, self.host, self.port, self.database)
    }

    fn with<T>(&self, work: impl AsyncFnOnce(Client) -> Result<T>) -> Result<T> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut config = Config::new();
            config.host(&self.host).port(self.port).user(&self.role).password(&self.password).dbname(&self.database);
            config.application_name("cargo xtask").connect_timeout(Duration::from_secs(10));
            let (client, connection) =
                config.connect(NoTls).await.with_context(|| format!("cannot connect to {}", self.shown()))?;
            let connection = tokio::spawn(connection);
            let result = work(client).await;
            connection.abort();
            result
        })
    }

    /// Runs statements one after the other.
    pub fn execute(&self, statements: &[String]) -> Result<()> {
        self.with(async |client| {
            for statement in statements {
                client.batch_execute(statement).await.map_err(|error| server_said(&error))?;
            }
            Ok(())
        })
    }

    /// Asks one question.
    pub fn query(&self, sql: &str) -> Result<Rows> {
        self.with(async |client| {
            let mut found = Rows::default();
            for message in client.simple_query(sql).await.map_err(|error| server_said(&error))? {
                match message {
                    SimpleQueryMessage::RowDescription(columns) => {
                        found = Rows::default();
                        found.columns = columns.iter().map(|column| column.name().to_owned()).collect();
                    }
                    SimpleQueryMessage::Row(row) => {
                        found.rows.push((0..row.len()).map(|index| row.get(index).map(str::to_owned)).collect());
                    }
                    _ => {}
                }
            }
            Ok(found)
        })
    }
}

/// The server's own words with the place in the statement, which the driver's error leaves out.
fn server_said(error: &tokio_postgres::Error) -> anyhow::Error {
    let Some(server) = error.as_db_error() else { return anyhow::anyhow!("{error}") };
    let failure = Failure::new(format!("the database says: {} (SQLSTATE {})", server.message(), server.code().code()));
    match server.hint().or(server.detail()) {
        Some(hint) => failure.hint(hint).into(),
        None => failure.into(),
    }
}
