//! Operations: each module plans and applies changes to one kind of resource, such as stacks, images or DAGs.

pub mod configure;
pub mod generated;
pub mod lint;
pub mod local;
pub mod marts;
pub mod templates;
pub mod tests;
pub mod warehouse;
pub mod workflows;

#[cfg(feature = "cloud")]
pub mod account;
#[cfg(feature = "cloud")]
pub mod conform;
#[cfg(feature = "cloud")]
pub mod deploy;
#[cfg(feature = "cloud")]
pub mod destroy;
#[cfg(feature = "cloud")]
pub mod doctor;
#[cfg(feature = "cloud")]
pub mod images;
#[cfg(feature = "cloud")]
pub mod open;
#[cfg(feature = "cloud")]
pub mod recover;
#[cfg(feature = "cloud")]
pub mod rehearse;
#[cfg(feature = "cloud")]
pub mod run;
#[cfg(feature = "cloud")]
pub mod stacks;
#[cfg(feature = "cloud")]
pub mod status;
#[cfg(feature = "cloud")]
pub mod sync;
