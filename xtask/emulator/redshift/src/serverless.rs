//! The calls of Redshift Serverless that the platform makes: the workgroup and its namespace, temporary credentials, and usage
//! limits.
//!
//! It does not create workgroups and namespaces, does not enforce usage limits, and never pauses.

mod limits;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::api::{ApiError, Parameters};
use crate::credentials::Issued;
use crate::engine::User;
use crate::http::unknown_operation;
use crate::identity::Identity;
use limits::Limits;

/// A workgroup and its namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warehouse {
    /// The name of the workgroup.
    pub workgroup: String,
    /// The ARN of the workgroup.
    pub workgroup_arn: String,
    /// The name of the namespace.
    pub namespace: String,
    /// The first database of the namespace.
    pub database: String,
    /// The host and the port for PostgreSQL's protocol.
    pub endpoint: (String, u16),
    /// The ARN of the secret with the administrator's password.
    pub admin_secret: Option<String>,
    /// The ARN of the key that encrypts the namespace; AWS owns it without one.
    pub key: Option<String>,
    /// The ARN of the default role.
    pub default_role: Option<String>,
    /// The ARNs of all associated roles.
    pub roles: Vec<String>,
}

impl Warehouse {
    /// A workgroup with a database of the given names; its namespace has the workgroup's name.
    pub fn named(workgroup: &str, database: &str) -> Self {
        let id = "00000000-0000-4000-8000-000000000000";
        Self {
            workgroup: workgroup.to_owned(),
            workgroup_arn: format!("arn:aws:redshift-serverless:eu-west-1:000000000000:workgroup/{id}"),
            namespace: workgroup.to_owned(),
            database: database.to_owned(),
            endpoint: ("127.0.0.1".to_owned(), 5439),
            admin_secret: None,
            key: None,
            default_role: None,
            roles: Vec::new(),
        }
    }
}

/// The service. A copy shares its state.
#[derive(Clone, Debug)]
pub struct Serverless {
    state: Arc<Mutex<State>>,
    issued: Issued,
}

#[derive(Debug)]
struct State {
    warehouse: Warehouse,
    namespace: Namespace,
    /// How many times a namespace that is being deleted is still returned.
    reads_while_deleting: usize,
    limits: Limits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Namespace {
    Available,
    /// It is returned this many times more.
    Deleting(usize),
    Deleted,
}

impl Serverless {
    /// The service with one workgroup, and the passwords that it issues.
    pub fn new(warehouse: Warehouse, issued: Issued) -> Self {
        let state =
            State { warehouse, namespace: Namespace::Available, reads_while_deleting: 2, limits: Limits::default() };
        Self { state: Arc::new(Mutex::new(state)), issued }
    }

    /// Changes the workgroup and its namespace, for example when the port of its endpoint is known.
    pub fn change(&self, change: impl FnOnce(&mut Warehouse)) {
        change(&mut self.state().warehouse);
    }

    /// Sets how many times GetNamespace returns a namespace that is being deleted.
    pub fn reads_while_deleting(&self, reads: usize) {
        self.state().reads_while_deleting = reads;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn credentials(&self, user: &User, seconds: u64) -> Result<Value, ApiError> {
        let internal = |error: anyhow::Error| ApiError::bad_request("InternalServerException", format!("{error:#}"));
        let lifetime = Duration::from_secs(seconds);
        let password = self.issued.issue(user.name(), lifetime).map_err(internal)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(json!({
            "dbUser": user.name(),
            "dbPassword": password,
            "expiration": (now + lifetime).as_secs_f64(),
            "nextRefreshTime": (now + lifetime / 2).as_secs_f64(),
        }))
    }

    /// Processes a request.
    pub(crate) fn handle(
        &self,
        operation: &str,
        identity: &Identity,
        mut parameters: Parameters,
    ) -> Result<Value, ApiError> {
        let mut state = self.state();
        match operation {
            "GetCredentials" => {
                let workgroup = parameters.required("workgroupName")?;
                let database = parameters.text("dbName")?;
                let seconds = parameters.integer("durationSeconds")?.unwrap_or(900);
                parameters.finish()?;
                state.workgroup(&workgroup)?;
                let (name, exists) = (database.as_deref(), state.warehouse.database.as_str());
                if name.is_some_and(|name| name != exists) {
                    return Err(ApiError::validation(format!("Database {} does not exist", name.unwrap_or_default())));
                }
                if !(900..=3600).contains(&seconds) {
                    let message = "durationSeconds must be between 900 and 3600";
                    return Err(ApiError::validation(message));
                }
                self.credentials(&identity.user, seconds.unsigned_abs())
            }
            "GetWorkgroup" => {
                let name = parameters.required("workgroupName")?;
                parameters.finish()?;
                state.workgroup(&name).map(|workgroup| json!({ "workgroup": workgroup }))
            }
            "GetNamespace" => {
                let name = parameters.required("namespaceName")?;
                parameters.finish()?;
                state.namespace(&name).map(|namespace| json!({ "namespace": namespace }))
            }
            "DeleteNamespace" => {
                let name = parameters.required("namespaceName")?;
                parameters.finish()?;
                state.delete(&name).map(|namespace| json!({ "namespace": namespace }))
            }
            "ListUsageLimits" | "CreateUsageLimit" | "UpdateUsageLimit" | "DeleteUsageLimit" => {
                let arn = state.warehouse.workgroup_arn.clone();
                state.limits.handle(operation, &arn, parameters)
            }
            other => Err(unknown_operation(&format!("RedshiftServerless.{other}"))),
        }
    }
}

impl State {
    fn workgroup(&self, name: &str) -> Result<Value, ApiError> {
        let own = &self.warehouse;
        if own.workgroup != name || self.namespace == Namespace::Deleted {
            let message = format!("Workgroup {name} does not exist or workgroup status is not ACTIVE.");
            return Err(ApiError::not_found(message, name));
        }
        let (address, port) = &own.endpoint;
        Ok(json!({
            "workgroupName": own.workgroup,
            "workgroupArn": own.workgroup_arn,
            "namespaceName": own.namespace,
            "status": "AVAILABLE",
            "endpoint": { "address": address, "port": port },
            "port": port,
            "publiclyAccessible": false,
        }))
    }

    fn namespace(&mut self, name: &str) -> Result<Value, ApiError> {
        let status = match self.namespace {
            Namespace::Available => "AVAILABLE",
            Namespace::Deleting(reads) => {
                self.namespace = reads.checked_sub(1).map_or(Namespace::Deleted, Namespace::Deleting);
                "DELETING"
            }
            Namespace::Deleted => "DELETED",
        };
        let own = &self.warehouse;
        if own.namespace != name || self.namespace == Namespace::Deleted {
            return Err(ApiError::not_found(format!("Namespace {name} does not exist."), name));
        }
        let mut body = json!({
            "namespaceName": own.namespace,
            "dbName": own.database,
            "status": status,
            "iamRoles": own.roles,
            "kmsKeyId": own.key.as_deref().unwrap_or("AWS_OWNED_KMS_KEY"),
        });
        let optional = [("adminPasswordSecretArn", &own.admin_secret), ("defaultIamRoleArn", &own.default_role)];
        for (key, value) in optional {
            if let Some(value) = value {
                body[key] = json!(value);
            }
        }
        Ok(body)
    }

    fn delete(&mut self, name: &str) -> Result<Value, ApiError> {
        if let Namespace::Deleting(_) = self.namespace {
            let message = format!("Namespace {name} is being deleted.");
            return Err(ApiError::bad_request("ConflictException", message));
        }
        self.namespace(name)?;
        self.namespace = Namespace::Deleting(self.reads_while_deleting + 1);
        self.namespace(name)
    }
}
