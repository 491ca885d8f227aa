//! The test database: a server with a prepared database that each test copies.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use crate::edge::files;
use crate::edge::postgres::{SUPERUSER, Server};
use crate::flows::{local, warehouse};
use crate::warehouse::{DATABASE, ROLES};

/// A server that is stopped and removed when this value is dropped.
pub(super) struct Database {
    server: Server,
    passwords: BTreeMap<String, String>,
}

impl Database {
    pub(super) fn start(dir: &Path, report: &dyn Fn(&str)) -> Result<Self> {
        files::remove(&dir.join("postgres"))?;
        let server = local::new_server(dir, &mut |step| report(step))?;
        let mut database = Self { server, passwords: warehouse::passwords()? };
        database.server.start()?;
        warehouse::prepare(&database.server, "spacex", &database.passwords)?;
        // The data is temporary, and with fsync every dropped database would wait for the disk.
        let admin = database.server.login(SUPERUSER, database.server.password.expose(), DATABASE);
        admin.execute(&["ALTER SYSTEM SET fsync = off".to_owned(), "SELECT pg_reload_conf()".to_owned()])?;
        Ok(database)
    }

    /// Returns the environment variables of the tests. `TEST_WAREHOUSE_<ROLE>`: the URL of the prepared database for
    /// each role and the superuser; `TEST_XTASK`: the full program, for the tests of other packages.
    pub(super) fn environment(&self) -> BTreeMap<String, String> {
        let url = |role: &str, password: &str| self.server.login(role, password, DATABASE).url();
        let roles = ROLES.into_iter().map(|role| (role, self.passwords.get(role).map_or("", String::as_str)));
        roles
            .chain([(SUPERUSER, self.server.password.expose())])
            .map(|(role, password)| (format!("TEST_WAREHOUSE_{}", role.to_uppercase()), url(role, password)))
            .chain([("TEST_XTASK".to_owned(), files::own_program())])
            .collect()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let stopped = self.server.stop().and_then(|_| files::remove(&self.server.home));
        if let Err(error) = stopped {
            eprintln!("warning: the test database may still be running: {error:#}");
        }
    }
}
