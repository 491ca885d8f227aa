//! The only floor that touches files, clock, network and processes.
//!
//! Architecture invariant: no edge file imports another; what two of them need is made above and handed to both.

pub mod aws;
pub mod docker;
pub mod ecr;
pub mod emulator;
pub mod environment;
pub mod files;
pub mod machine;
pub mod postgres;
pub mod python;
pub mod redshift;
pub mod shell;
pub mod sts;
pub mod terminal;
pub mod web;
