//! The plan of a deployment: every stack with what changes in it, the images, the DAGs and the warehouse, as one value.
//!
//! The preview prints it, its digest is what somebody approves, and the apply carries this very value out. It is made of
//! what is wanted and what is there: equal input gives an equal digest, on any machine, at any time.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod display;
mod stacks;
mod tasks;

#[cfg(test)]
#[path = "../tests/unit/plan/mod.rs"]
mod tests;

use stacks::found;
pub use stacks::{PlanInput, stacks};
pub use tasks::{Task, ready, tasks};

use std::collections::BTreeMap;

use serde::Serialize;

use crate::stack::{Adopted, Change, Deployed, ParameterValue};
use crate::sync::sha256;

/// Where a deployment goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deployment {
    /// The settings' module.
    pub settings: String,
    /// The only account that it may go to.
    pub account: String,
    /// As AWS calls it.
    pub region: String,
}

/// What is to be done, in the order in which it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Where.
    pub deployment: Deployment,
    /// Every stack, those that stay as they are among them.
    pub stacks: Vec<StackPlan>,
    /// Stacks that exist and are no part of the plan, because it only creates; by their full names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_alone: Vec<String>,
    /// Every image that a stack wants.
    pub images: Vec<ImageStep>,
    /// The DAGs, where a stack wants their requirements.
    pub dags: Option<DagsStep>,
    /// What the warehouse needs that CloudFormation cannot give.
    pub warehouse: Option<WarehouseStep>,
}

/// What is done to a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StackAction {
    /// It is made.
    Create,
    /// What never came to be is deleted, then it is made.
    Recreate,
    /// It is changed.
    Update,
    /// It is as it shall be.
    Keep,
    /// CloudFormation is at work on it.
    Wait,
}

/// One stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StackPlan {
    /// Without the prefix: `storage`.
    pub stack: String,
    /// As CloudFormation calls it: `DataPlatform-storage`.
    pub name: String,
    /// What is done.
    pub action: StackAction,
    /// What is there: status, and the SHA-256 of template and parameters. None where there is no stack.
    pub found: Option<(String, String)>,
    /// The SHA-256 of the template that it gets.
    pub template: String,
    /// What it gets for each parameter.
    pub parameters: BTreeMap<String, ParameterValue>,
    /// What becomes of its resources.
    pub changes: Vec<Change>,
    /// What is there already, outside of a stack, and becomes part of this one before anything is made.
    pub adopts: BTreeMap<String, Adopted>,
    /// The outputs that differ.
    pub outputs: Vec<String>,
    /// The settings' module, where the stack does not have that tag and gets it.
    pub tag: Option<String>,
    /// Whether it may be deleted, where that is not as the settings have it: the new value.
    pub protect: Option<bool>,
    /// Change sets of ours that an interrupted deployment left. Their names are nothing that anybody approves.
    #[serde(skip)]
    pub leftovers: Vec<String>,
}

/// One image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImageStep {
    /// `ingestion-image` or `dbt-image`.
    pub image: String,
    /// Its tag.
    pub key: String,
    /// Of its manifest, where the registry has it; else it is built and pushed.
    pub digest: Option<String>,
}

/// The DAGs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DagsStep {
    /// The SHA-256 of each file, by key.
    pub files: BTreeMap<String, String>,
    /// The requests, where the bucket is there and could be looked at.
    pub requests: Option<Vec<String>>,
}

/// The warehouse's own steps: schemas, ledger, roles, grants, and at last the usage limit, which so tells that the others
/// were done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WarehouseStep {
    /// The usage limit that there is, and that there shall be.
    pub limit: (Option<String>, String),
    /// Whether the service cannot be asked, as an emulator does not have it.
    pub unanswered: bool,
    /// Whether schemas, roles and grants are made.
    pub prepares: bool,
}

impl StackPlan {
    /// Whether a stack is as it was when the plan was made.
    pub fn is_of(&self, there: Option<&Deployed>) -> bool {
        self.found == there.map(found)
    }

    /// Whether nothing is to be done.
    pub fn is_idle(&self) -> bool {
        self.action == StackAction::Keep && self.protect.is_none() && self.leftovers.is_empty()
    }
}

impl DagsStep {
    /// Whether the bucket has it all.
    pub fn is_idle(&self) -> bool {
        self.requests.as_ref().is_some_and(Vec::is_empty)
    }
}

impl WarehouseStep {
    /// Whether anything is to be done that can be done here.
    pub fn is_idle(&self) -> bool {
        self.unanswered || (!self.prepares && self.limit.0.as_ref() == Some(&self.limit.1))
    }
}

impl Plan {
    /// Whether everything is as it shall be.
    pub fn is_idle(&self) -> bool {
        self.stacks.iter().all(StackPlan::is_idle)
            && self.images.iter().all(|image| image.digest.is_some())
            && self.dags.as_ref().is_none_or(DagsStep::is_idle)
            && self.warehouse.as_ref().is_none_or(WarehouseStep::is_idle)
    }

    /// The stack of that name, without the prefix.
    pub fn stack(&self, name: &str) -> Option<&StackPlan> {
        self.stacks.iter().find(|stack| stack.stack == name)
    }

    /// The SHA-256 of all of it: what somebody approves.
    pub fn digest(&self) -> String {
        // Plain values always serialise, and maps are sorted.
        sha256(&serde_json::to_vec(self).unwrap_or_default())
    }
}
