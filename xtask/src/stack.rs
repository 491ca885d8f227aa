//! The stacks: templates as values, the wires between them, and what they cost.
//!
//! A stack is a file of `infra/`. What it needs it names as parameters, what it gives as outputs, and the names are the
//! wires: a parameter takes the output of the same name, wherever that is. Nothing here asks AWS or applies anything.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod bill;
#[cfg(test)]
mod controls;
mod functions;
pub mod prices;
mod sources;
mod template;
mod wiring;

pub use sources::settings;
pub use template::Template;
pub use wiring::{Source, Wiring, wire};

/// The folder of the templates, from the root.
pub const FOLDER: &str = "infra";
