//! Runs the two programs as real processes, with a real PostgreSQL, real HTTP and real files.
//!
//! `cargo xtask test` starts the database server and runs these tests. Every test has its own database, lake and source, so
//! all of them can run in parallel. Most of them use a fictional source, `zoo.yaml`.

#![cfg(feature = "aws")]

mod aws;
mod bad_input;
mod copy_corpus;
mod counts;
mod descriptions;
mod drift;
mod forget;
mod http;
mod lineage;
mod load;
mod needs_emulator;
mod needs_openlineage;
mod personal;
mod races;
mod redshift;
mod replaced;
mod replay;
mod report;
mod rows_are_validated;
mod scale;
mod stopping;
mod support;
mod tls;
