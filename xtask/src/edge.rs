//! The only layer that accesses files, the clock, the network and processes.
//!
//! Architecture invariant: no edge module imports another; the caller creates what two of them need, for both.

pub mod emulator;
pub mod files;
pub mod git;
pub mod machine;
pub mod node;
pub mod postgres;
pub mod processes;
pub mod python;
pub mod shell;
pub mod terminal;
pub mod web;

#[cfg(feature = "cloud")]
pub mod aws;
#[cfg(feature = "cloud")]
pub mod batch;
#[cfg(feature = "cloud")]
pub mod buckets;
#[cfg(feature = "cloud")]
pub mod cloudformation;
#[cfg(feature = "cloud")]
pub mod docker;
#[cfg(feature = "cloud")]
pub mod ecr;
#[cfg(feature = "cloud")]
pub mod logs;
#[cfg(feature = "cloud")]
pub mod mwaa;
#[cfg(feature = "cloud")]
pub mod redshift;
#[cfg(feature = "cloud")]
pub mod s3;
#[cfg(feature = "cloud")]
pub mod serverless;
#[cfg(feature = "cloud")]
pub mod signed;
#[cfg(feature = "cloud")]
pub mod tree;
