//! The stacks: templates as values, the wires between them, and what they cost.
//!
//! A stack is a file of `infra/`. What it needs it names as parameters, what it gives as outputs, and the names are the
//! wires: a parameter takes the output of the same name, wherever that is. Nothing here asks AWS or applies anything.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod adopt;
mod announced;
pub mod bill;
mod cause;
mod change;
#[cfg(test)]
mod controls;
mod functions;
mod owner;
pub mod prices;
mod resolve;
mod retained;
mod sources;
mod status;
mod template;
mod types;
mod wiring;

pub use adopt::{Adopted, Existing, adopted, import};
pub use announced::{Announced, Deployed, unexpected};
pub use cause::{Event, STACK, cause_of_rollback, explained, first_cause};
pub use change::{Action, Change, changes, impossible, mentions};
pub use owner::{TAG, owned, takes_tags};
pub use resolve::{Given, Resolved, resolve};
pub use retained::{retained, unretained};
pub use sources::{REGISTRY, STORAGE, WAREHOUSE, settings};
pub use status::{Next, State};
pub use template::Template;
pub use types::{Kind, Replaces};
pub use wiring::{Source, Wiring, wire};

/// The folder of the templates, from the root.
pub const FOLDER: &str = "infra";
