//! CloudFormation stacks: templates as values, the dependencies between them, the effects and cost of a change.
//!
//! Each stack is one file in `infra/`; a parameter takes its value from another stack's output of that name.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod cause;
mod change;
#[cfg(test)]
#[path = "../tests/unit/stack/controls/mod.rs"]
mod controls;
mod dependencies;
mod deployed;
pub mod estimate;
mod functions;
pub mod permissions;
mod resolve;
mod retention;
mod sources;
mod status;
mod template;
mod types;

pub use cause::{Event, STACK, cause_of_rollback, explained, first_cause};
pub use change::{Action, Change, ChangeSetEntry, blocked, changes, referenced, unplanned};
pub use dependencies::{Dependencies, Source, connect};
pub use deployed::{Deployed, TAG, owned};
pub use resolve::{ParameterValue, Resolved, resolve};
pub use retention::{Adopted, Existing, adopted, import, retained, without_retention};
pub use sources::{REGISTRY, SOURCE, STORAGE, WAREHOUSE, is_of_source, per_source, settings, stack_of};
pub use status::State;
pub use template::Template;
pub use types::{RESOURCE_TYPES, Replaces, ResourceType};

pub const FOLDER: &str = "infra";
