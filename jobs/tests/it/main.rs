//! The two programs from the outside: real processes, a real PostgreSQL, real HTTP, real files.
//!
//! `cargo xtask test` starts the database and runs everything here. Every test has a database, a lake and a source of
//! its own, so that all of them run at once. Most of them use a made-up source, `zoo.yaml`.

#![cfg(feature = "aws")]

mod aws;
mod bad_input;
mod copy_corpus;
mod counts;
mod drift;
mod http;
mod lineage;
mod load;
mod needs_emulator;
mod needs_openlineage;
mod races;
mod redshift;
mod replaced;
mod replay;
mod rows_are_validated;
mod stopping;
mod support;
mod tls;
