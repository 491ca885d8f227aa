//! The emulator through its public edge.

mod service;
