//! The plan of a sync from a folder to a bucket: what to upload and delete, and in which order.
//!
//! A manifest in the bucket lists the objects that belong to the sync. Objects that are not in it, or that changed since it
//! was written, belong to someone else and are not touched.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod imports;
mod order;
mod plan;
mod state;

pub use imports::{FOLDER, Import, check, is_python};
pub use plan::{Plan, SyncInput, SyncStep, ambiguous, plan};
pub use state::{File, Listed, MANIFEST, Manifest, Owned, Pending, REQUIREMENTS, Remote, Seen, Tree};
