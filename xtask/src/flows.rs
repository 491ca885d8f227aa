//! Plan and apply of one noun each.

pub mod configure;
pub mod doctor;
pub mod generated;
pub mod images;
pub mod local;
pub mod marts;
pub mod tests;
pub mod warehouse;
