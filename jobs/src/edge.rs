//! The only place that touches files, clock, network and processes.
//!
//! Architecture invariant: no edge file imports another; what two of them need is made above and handed to both.

pub mod clock;
pub mod lake;
pub mod source;
pub mod warehouse;
