//! Users of the database: the superuser, users that exist, and those of IAM identities, which are created when they first
//! connect.

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::error::Failed;
use crate::catalog::identifier;
use crate::rules::Disabled;
use crate::rules::service::IAM_USER_WITHOUT_GRANTS;

/// The user of a session.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum User {
    /// The administrator of the namespace.
    Admin,
    /// An existing user.
    Named(String),
    /// The user of an IAM identity, for example `IAMR:loader`.
    Iam(String),
}

impl User {
    /// The user of an IAM identity: `IAM:` and the name of an IAM user, or `IAMR:` and the name of a role.
    pub fn of_arn(arn: &str) -> Option<Self> {
        let resource = arn.splitn(6, ':').nth(5)?;
        let (kind, path) = resource.split_once('/')?;
        let name = match kind {
            "user" => format!("IAM:{}", path.rsplit('/').next()?),
            "role" => format!("IAMR:{}", path.rsplit('/').next()?),
            "assumed-role" => format!("IAMR:{}", path.split('/').next()?),
            _ => return None,
        };
        Some(Self::Iam(name))
    }

    /// Its name, as `current_user` shows it.
    pub fn name(&self) -> &str {
        match self {
            Self::Admin => "admin",
            Self::Named(name) | Self::Iam(name) => name,
        }
    }
}

/// Switches a superuser session to this user.
pub(super) async fn become_user(client: &Client, user: &User, disabled: &Disabled) -> Result<(), Failed> {
    let name = match user {
        User::Admin => return Ok(()),
        User::Named(name) => name,
        User::Iam(name) => {
            create(client, name, disabled).await?;
            name
        }
    };
    client.batch_execute(&format!("SET SESSION AUTHORIZATION {}", identifier(name))).await.map_err(Failed::of)
}

pub(super) async fn create(client: &Client, name: &str, disabled: &Disabled) -> Result<(), Failed> {
    let found = client.query_opt("SELECT 1 FROM pg_roles WHERE rolname = $1", &[&name]).await.map_err(Failed::of)?;
    if found.is_some() {
        return Ok(());
    }
    let user = identifier(name);
    let grants = if disabled.enforces(&IAM_USER_WITHOUT_GRANTS) {
        String::new()
    } else {
        format!("; GRANT pg_read_all_data, pg_write_all_data TO {user}")
    };
    match client.batch_execute(&format!("CREATE USER {user}{grants}")).await {
        // Another session has just created it.
        Err(error) if matches!(error.code(), Some(&SqlState::DUPLICATE_OBJECT | &SqlState::UNIQUE_VIOLATION)) => Ok(()),
        created => created.map_err(Failed::of),
    }
}
