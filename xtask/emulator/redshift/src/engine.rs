//! The engine: a Redshift database in a PostgreSQL database, which it accesses as a given user.
//!
//! It does not verify the speed of Redshift, its planner, distribution and sort keys, serializable isolation (only the default,
//! SNAPSHOT), or the locks that Redshift takes on tables that are written.

mod copy;
mod error;
mod late;
mod parquet;
mod session;
mod source;
mod users;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context, Result};
use tokio::sync::Mutex;
use tokio_postgres::{Client, NoTls};

use crate::catalog;
use crate::rules::Disabled;

pub use error::{ConflictMessage, Failed};
pub use session::{Cancel, Column, Outcome, Session};
pub use source::{CopyRoles, Key};
pub use users::User;

/// How an engine behaves.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    /// The URL of the database, as a superuser.
    pub postgres: String,
    /// Whether the snapshot of a transaction is taken when it starts, or by its first query. `LOCK` is not in the documentation's
    /// list of statements that take a snapshot, so both orders are possible.
    pub snapshot_first: bool,
    /// How a conflict is reported.
    pub conflict_message: ConflictMessage,
    /// The roles that COPY can use.
    pub copy_roles: CopyRoles,
    /// The rules that are switched off.
    pub disabled: Disabled,
}

impl EngineSettings {
    /// The settings for a database, without roles for COPY.
    pub fn new(postgres: impl Into<String>) -> Self {
        Self {
            postgres: postgres.into(),
            snapshot_first: false,
            conflict_message: ConflictMessage::default(),
            copy_roles: CopyRoles::default(),
            disabled: Disabled::default(),
        }
    }
}

/// A database that executes statements of Redshift. A copy shares its state.
#[derive(Clone, Debug)]
pub struct Engine(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    settings: EngineSettings,
    copy_roles: RwLock<CopyRoles>,
    /// A session of the superuser, outside the transactions of the users.
    admin: Mutex<Client>,
    queries: AtomicI64,
    conflicts: AtomicUsize,
}

impl Engine {
    /// Connects, and prepares the database if it is new.
    pub async fn open(settings: EngineSettings) -> Result<Self> {
        let admin = connect(&settings).await?;
        // Two engines may open the same database at the same time.
        admin.batch_execute("SELECT pg_advisory_lock(5439)").await?;
        catalog::install(&admin, &settings.disabled).await?;
        admin.batch_execute("SELECT pg_advisory_unlock(5439)").await?;
        let shared = Shared {
            copy_roles: RwLock::new(settings.copy_roles.clone()),
            settings,
            admin: Mutex::new(admin),
            // Ids of queries on Redshift do not start at 1.
            queries: AtomicI64::new(1000),
            conflicts: AtomicUsize::new(0),
        };
        Ok(Self(Arc::new(shared)))
    }

    /// Associates other roles with the namespace.
    pub fn associate(&self, default: Option<String>, roles: BTreeMap<String, Option<Key>>) {
        let mut known = self.0.copy_roles.write().unwrap_or_else(PoisonError::into_inner);
        (known.default, known.roles) = (default, roles);
    }

    /// A new session of a user.
    pub async fn session(&self, user: &User) -> Result<Session, Failed> {
        Session::open(self, user).await
    }

    /// Creates the user of an IAM identity, unless it exists.
    pub async fn create_user(&self, name: &str) -> Result<(), Failed> {
        users::create(&*self.0.admin.lock().await, name, self.disabled()).await
    }

    /// The database in PostgreSQL, with a superuser.
    pub fn postgres(&self) -> Result<tokio_postgres::Config> {
        self.0.settings.postgres.parse().context("the URL of PostgreSQL")
    }

    /// The rules that are switched off.
    pub fn disabled(&self) -> &Disabled {
        &self.0.settings.disabled
    }

    /// A failure as it is reported for a conflict of two transactions.
    pub fn conflict(&self) -> Failed {
        self.0.settings.conflict_message.failed(self.0.conflicts.fetch_add(1, Ordering::Relaxed))
    }

    /// The id of the next query, as in the column `query_id` of the SYS views.
    pub fn next_query(&self) -> i64 {
        self.0.queries.fetch_add(1, Ordering::Relaxed)
    }
}

/// Connects as the superuser.
async fn connect(settings: &EngineSettings) -> Result<Client> {
    let mut config: tokio_postgres::Config = settings.postgres.parse().context("the URL of PostgreSQL")?;
    config.application_name("redshift-emulator");
    let (client, connection) = config.connect(NoTls).await.context("cannot connect to PostgreSQL")?;
    tokio::spawn(connection);
    Ok(client)
}
