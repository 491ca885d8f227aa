//! Syncs folders to buckets: plans, then writes.

pub mod dags;
pub mod sample;
mod transfer;
