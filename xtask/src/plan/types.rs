//! The data types of a plan.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::digest::sha256;
use crate::stack::{Adopted, Change, Deployed, ParameterValue};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deployment {
    pub settings: String,
    /// The only account that the deployment may change.
    pub account: String,
    /// Region code, such as `eu-west-1`.
    pub region: String,
}

/// Everything that a deployment does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    pub deployment: Deployment,
    /// All stacks, including unchanged ones.
    pub stacks: Vec<StackPlan>,
    /// The full names of existing stacks that `--create-only` leaves out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_alone: Vec<String>,
    /// The full names of the stacks of sources that no longer need one. The plan does not change them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub abandoned: Vec<String>,
    pub images: Vec<ImageStep>,
    /// The DAGs, if a stack needs their requirements.
    pub dags: Option<DagsStep>,
    pub warehouse: Option<WarehouseStep>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StackAction {
    Create,
    /// Delete a stack that was never created, then create it.
    Recreate,
    Update,
    Keep,
    Wait,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StackPlan {
    /// Stack name without the prefix: `storage`.
    pub stack: String,
    /// Stack name with the prefix: `DataPlatform-storage`.
    pub name: String,
    pub action: StackAction,
    /// The current state: status, and the SHA-256 of the template and parameters. `None` if the stack does not exist.
    pub found: Option<(String, String)>,
    pub template: String,
    /// Without those that CloudFormation does not return.
    pub parameters: BTreeMap<String, ParameterValue>,
    pub changes: Vec<Change>,
    /// Existing resources that do not belong to a stack and are imported first.
    pub adopts: BTreeMap<String, Adopted>,
    pub outputs: Vec<String>,
    /// The settings module, if it is added to the stack as a tag.
    pub tag: Option<String>,
    /// The new termination protection, if it changes.
    pub protect: Option<bool>,
    /// Change sets left by an interrupted deployment; not part of the digest.
    #[serde(skip)]
    pub leftovers: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImageStep {
    /// `ingestion-image` or `dbt-image`.
    pub image: String,
    pub key: String,
    /// The digest of the image manifest, if the image is in the registry; otherwise, the image is built and pushed.
    pub digest: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DagsStep {
    /// The SHA-256 of each file, by key.
    pub files: BTreeMap<String, String>,
    /// The requests, if the bucket exists and could be read.
    pub requests: Option<Vec<String>>,
}

/// The warehouse steps: schemas, ledger, roles, grants; the usage limit comes last and shows that they are done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WarehouseStep {
    /// The current and the desired usage limit.
    pub limit: (Option<String>, String),
    /// Whether the service cannot be called because the emulator does not support it.
    pub unanswered: bool,
    /// Whether schemas, roles and grants are created.
    pub prepares: bool,
}

impl StackPlan {
    /// A stack's current state: its status, and the SHA-256 of its template and parameters.
    pub(super) fn current_state(deployed: &Deployed) -> (String, String) {
        let parameters: String = deployed.parameters.iter().map(|(name, value)| format!("\n{name}={value}")).collect();
        (deployed.status.clone(), sha256(format!("{}{parameters}", deployed.template).as_bytes()))
    }

    /// Whether the stack has not changed since the plan was created.
    pub fn matches(&self, deployed: Option<&Deployed>) -> bool {
        self.found == deployed.map(Self::current_state)
    }

    pub fn is_idle(&self) -> bool {
        self.action == StackAction::Keep && self.protect.is_none() && self.leftovers.is_empty()
    }
}

impl DagsStep {
    /// Whether a request uploads the file with this key.
    pub fn uploads(&self, key: &str) -> bool {
        let mut requests = self.requests.iter().flatten();
        requests.any(|line| line.starts_with("put ") && line.split_whitespace().nth(1) == Some(key))
    }

    /// Whether the bucket is up to date.
    pub fn is_idle(&self) -> bool {
        self.requests.as_ref().is_some_and(Vec::is_empty)
    }
}

impl WarehouseStep {
    /// Whether the warehouse needs no change, or cannot be called.
    pub fn is_idle(&self) -> bool {
        self.unanswered || (!self.prepares && self.limit.0.as_ref() == Some(&self.limit.1))
    }
}

impl Plan {
    /// Whether everything is in the desired state.
    pub fn is_idle(&self) -> bool {
        self.stacks.iter().all(StackPlan::is_idle)
            && self.images.iter().all(|image| image.digest.is_some())
            && self.dags.as_ref().is_none_or(DagsStep::is_idle)
            && self.warehouse.as_ref().is_none_or(WarehouseStep::is_idle)
    }

    pub fn stack(&self, name: &str) -> Option<&StackPlan> {
        self.stacks.iter().find(|stack| stack.stack == name)
    }

    /// Returns the plan digest: the SHA-256 that an approval refers to.
    pub fn digest(&self) -> String {
        // Plain values always serialise, and maps are sorted.
        sha256(&serde_json::to_vec(self).unwrap_or_default())
    }
}
