//! The calls of Redshift Serverless that the platform and CloudFormation make: the workgroup and its namespace, temporary
//! credentials, and usage limits.
//!
//! There is one workgroup with one namespace, whose names are those of the settings. Of a request that creates or changes them,
//! only the names, the roles, the key and whether Redshift manages the administrator's password have an effect; capacity, network,
//! logs and tags are not checked. Usage limits are not enforced.

mod limits;
mod resources;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::api::{ApiError, Parameters};
use crate::credentials::Issued;
use crate::engine::{Engine, Key, User};
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
    /// The ARN of the secret with the administrator's password, if Redshift manages it.
    pub admin_secret: Option<String>,
    /// The ARN of the key that encrypts the namespace; `None` if AWS owns it.
    pub key: Option<String>,
    /// The ARN of the default role.
    pub default_role: Option<String>,
    /// The ARNs of all associated roles.
    pub roles: Vec<String>,
    /// The key with which COPY reads as one of these roles; without it, requests are not signed.
    pub copy_key: Option<Key>,
    /// Whether the workgroup and the namespace exist before a request creates them.
    pub exists: bool,
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
            copy_key: None,
            exists: true,
        }
    }
}

/// The service. A copy shares its state.
#[derive(Clone, Debug)]
pub struct Serverless {
    state: Arc<Mutex<State>>,
    issued: Issued,
    engine: Engine,
}

#[derive(Debug)]
struct State {
    warehouse: Warehouse,
    namespace: Namespace,
    /// Whether the workgroup exists.
    workgroup: bool,
    /// Whether Redshift manages the administrator's password.
    managed: bool,
    /// How many times a namespace that is being deleted is still returned.
    reads_while_deleting: usize,
    limits: Limits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Namespace {
    Missing,
    Available,
    /// It is returned this many times more.
    Deleting(usize),
}

impl Serverless {
    /// The service with one workgroup, the passwords that it issues, and the engine that reads as the namespace's roles.
    pub fn new(warehouse: Warehouse, issued: Issued, engine: Engine) -> Self {
        let exists = warehouse.exists;
        let state = State {
            warehouse,
            namespace: if exists { Namespace::Available } else { Namespace::Missing },
            workgroup: exists,
            managed: exists,
            reads_while_deleting: 2,
            limits: Limits::default(),
        };
        Self { state: Arc::new(Mutex::new(state)), issued, engine }
    }

    /// Whether clients can connect to the workgroup.
    pub fn is_available(&self) -> bool {
        self.state().workgroup
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
            "CreateNamespace" | "UpdateNamespace" => {
                let (roles, response) = state.put_namespace(operation == "CreateNamespace", parameters)?;
                if let Some((default, roles)) = roles {
                    self.engine.associate(default, roles);
                }
                Ok(response)
            }
            "CreateWorkgroup" | "UpdateWorkgroup" => state.put_workgroup(operation == "CreateWorkgroup", parameters),
            "DeleteWorkgroup" => {
                let name = parameters.required("workgroupName")?;
                parameters.finish()?;
                let workgroup = state.workgroup(&name)?;
                (state.workgroup, state.limits) = (false, Limits::default());
                Ok(json!({ "workgroup": workgroup }))
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
        if own.workgroup != name || !self.workgroup {
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
                self.namespace = reads.checked_sub(1).map_or(Namespace::Missing, Namespace::Deleting);
                "DELETING"
            }
            Namespace::Missing => "",
        };
        let own = &self.warehouse;
        if own.namespace != name || self.namespace == Namespace::Missing {
            return Err(ApiError::not_found(format!("Namespace {name} does not exist."), name));
        }
        let mut body = json!({
            "namespaceName": own.namespace,
            "namespaceArn": "arn:aws:redshift-serverless:eu-west-1:000000000000:namespace/00000000-0000-4000-8000-000000000001",
            "namespaceId": "00000000-0000-4000-8000-000000000001",
            "dbName": own.database,
            "status": status,
            "iamRoles": own.roles,
            "kmsKeyId": own.key.as_deref().unwrap_or("AWS_OWNED_KMS_KEY"),
        });
        let secret = own.admin_secret.clone().filter(|_| self.managed);
        let optional = [("adminPasswordSecretArn", &secret), ("defaultIamRoleArn", &own.default_role)];
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
        if self.workgroup {
            let message = format!("Namespace {name} cannot be deleted: it is associated with a workgroup.");
            return Err(ApiError::bad_request("ConflictException", message));
        }
        self.namespace = Namespace::Deleting(self.reads_while_deleting + 1);
        self.namespace(name)
    }
}
