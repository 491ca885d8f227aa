//! Plan and apply of one noun each.

pub mod local;
pub mod tests;
