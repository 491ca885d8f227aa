//! The only floor that touches files, clock, network and processes.
//!
//! Architecture invariant: no edge file imports another; what two of them need is made above and handed to both.

pub mod aws;
pub mod emulator;
pub mod files;
pub mod postgres;
pub mod python;
pub mod redshift;
pub mod shell;
pub mod terminal;
pub mod web;
