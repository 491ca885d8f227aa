//! A workgroup of the Redshift emulator in front of the database of a test.

use redshift_emulator::engine::CopyRoles;
use redshift_emulator::{Emulator, Settings, User};

use super::database::{Database, Role};

pub const WORKGROUP: &str = "zoo-workgroup";
pub const DATABASE: &str = "zoo";

/// Adapts a warehouse that was prepared for PostgreSQL.
const PREPARED: &str = "
ALTER TABLE etl.runs DROP CONSTRAINT runs_pkey, DROP CONSTRAINT runs_source_run_id_key;
ALTER TABLE etl.heads DROP CONSTRAINT heads_pkey;
CREATE TABLE etl.attempts (token varchar(64), expires_at timestamp);
ALTER TABLE etl.attempts OWNER TO loader;
";

/// A workgroup where every caller has the grants of a role.
pub fn workgroup(database: &Database, role: Role, snapshot_first: bool) -> Emulator {
    start(settings(database, role, snapshot_first))
}

/// The same with objects in this S3 server.
pub fn workgroup_with_s3(database: &Database, snapshot_first: bool, endpoint: &str) -> Emulator {
    let mut settings = settings(database, Role::Loader, snapshot_first);
    settings.engine.copy_roles = CopyRoles::unsigned(Some(endpoint));
    start(settings)
}

pub fn settings(database: &Database, role: Role, snapshot_first: bool) -> Settings {
    let admin = database.session(Role::Postgres);
    let prepared = "SELECT 1 FROM pg_constraint WHERE conname = 'heads_pkey'";
    if !admin.texts(prepared).is_empty() {
        admin.run(PREPARED);
    }
    let user = match role {
        Role::Postgres => User::Admin,
        role => User::Named(format!("{role:?}").to_lowercase()),
    };
    let mut settings = Settings::new(database.url(Role::Postgres), WORKGROUP, DATABASE, user);
    settings.engine.snapshot_first = snapshot_first;
    settings.engine.copy_roles = CopyRoles::unsigned(None);
    settings
}

pub fn start(settings: Settings) -> Emulator {
    Emulator::start(settings).unwrap_or_else(|error| panic!("the emulator does not start: {error:#}"))
}
