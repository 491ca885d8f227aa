//! Code that the jobs and xtask share to connect to AWS and PostgreSQL: clients, TLS, credentials, and errors with
//! hints.
//!
//! Architecture invariant: this crate does not depend on the lake, a job or a command. Each feature adds one kind of
//! server, so that a build compiles only the crates that it needs.

#[cfg_attr(not(feature = "aws"), path = "without_aws.rs")]
pub mod aws;
#[cfg(feature = "aws")]
pub mod bucket;
#[cfg(feature = "aws")]
pub mod call;
#[cfg(any(feature = "aws", feature = "postgres"))]
pub mod certificates;
#[cfg(feature = "aws")]
pub mod data_api;
pub mod failure;
mod secret;
#[cfg(feature = "store")]
pub mod store;
#[cfg(feature = "postgres")]
pub mod tls;

pub use secret::Secret;
