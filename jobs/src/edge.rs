//! The only code that accesses files, the clock, the network and processes.
//!
//! Architecture invariant: no edge file imports another; what two of them need is created above and passed to both.

pub mod clock;
pub mod lake;
pub(crate) mod openlineage;
pub(crate) mod source;
pub mod warehouse;
