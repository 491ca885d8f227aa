//! The emulator through its public edge.

mod needs_dbt;
mod rules;
mod service;
mod sql;
mod wire;
