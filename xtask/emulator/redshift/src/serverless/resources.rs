//! Creates and changes the namespace and the workgroup.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Namespace, State};
use crate::api::{ApiError, Parameters};
use crate::engine::Key;

/// The ARN of the default role, and the key of each role.
type Roles = (Option<String>, BTreeMap<String, Option<Key>>);

impl State {
    /// Creates or changes the namespace; returns its roles if they changed, and the response.
    pub(super) fn put_namespace(
        &mut self,
        create: bool,
        mut parameters: Parameters,
    ) -> Result<(Option<Roles>, Value), ApiError> {
        let name = parameters.required("namespaceName")?;
        let (roles, default) = (parameters.optional_texts("iamRoles")?, parameters.text("defaultIamRoleArn")?);
        let (managed, password) = (parameters.boolean("manageAdminPassword")?, parameters.text("adminUserPassword")?);
        let key = parameters.text("kmsKeyId")?;
        let database = if create { Some(parameters.text("dbName")?.unwrap_or_else(|| "dev".to_owned())) } else { None };
        parameters.skip(&["adminUsername", "adminPasswordSecretKmsKeyId", "logExports"]);
        if create {
            parameters.skip(&["tags"]);
        }
        parameters.finish()?;
        if managed == Some(true) && password.is_some() {
            let message = "You can't use adminUserPassword if manageAdminPassword is true.";
            return Err(ApiError::validation(message));
        }
        if create {
            let own = &self.warehouse;
            only("namespace", &own.namespace, &name)?;
            only("database", &own.database, database.as_deref().unwrap_or_default())?;
            if self.namespace != Namespace::Missing {
                let message = format!("Namespace {name} already exists.");
                return Err(ApiError::bad_request("ConflictException", message));
            }
            self.namespace = Namespace::Available;
        } else {
            self.namespace(&name)?;
        }
        let own = &mut self.warehouse;
        own.key = key.or_else(|| own.key.take());
        self.managed = managed.unwrap_or(self.managed && password.is_none());
        let changed = roles.is_some() || default.is_some();
        own.roles = roles.unwrap_or_else(|| std::mem::take(&mut own.roles));
        own.default_role = default.or_else(|| own.default_role.take());
        let keys = own.roles.iter().map(|role| (role.clone(), own.copy_key.clone())).collect();
        let roles = changed.then(|| (own.default_role.clone(), keys));
        Ok((roles, json!({ "namespace": self.namespace(&name)? })))
    }

    /// Creates or changes the workgroup.
    pub(super) fn put_workgroup(&mut self, create: bool, mut parameters: Parameters) -> Result<Value, ApiError> {
        let name = parameters.required("workgroupName")?;
        let namespace = if create { Some(parameters.required("namespaceName")?) } else { None };
        let network = ["enhancedVpcRouting", "publiclyAccessible", "port", "subnetIds", "securityGroupIds"];
        parameters.skip(&network);
        parameters.skip(&["baseCapacity", "maxCapacity", "configParameters"]);
        if create {
            parameters.skip(&["tags"]);
        }
        parameters.finish()?;
        if let Some(namespace) = namespace {
            only("workgroup", &self.warehouse.workgroup, &name)?;
            if self.workgroup {
                let message = format!("Workgroup {name} already exists.");
                return Err(ApiError::bad_request("ConflictException", message));
            }
            self.namespace(&namespace)?;
            self.workgroup = true;
        }
        Ok(json!({ "workgroup": self.workgroup(&name)? }))
    }
}

/// Refuses a name that the emulator was not started for.
fn only(kind: &str, own: &str, name: &str) -> Result<(), ApiError> {
    if own == name {
        return Ok(());
    }
    Err(ApiError::validation(format!("the emulator serves only the {kind} `{own}`, not `{name}`")))
}
