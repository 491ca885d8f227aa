//! The emulator through its public edge.

mod rules;
mod service;
mod sql;
mod wire;
