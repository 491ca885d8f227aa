//! Shared by `xtask` and `jobs`: the data contract, the lake's layout, run IDs, exit codes, TLS options of PostgreSQL.
//!
//! Architecture invariant: this crate is floor 0. It uses serde, JSON and YAML, but no file, clock, network or process.
//! `xtask` and `jobs` both import it, but never each other; everything else is passed as configuration.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod check;
mod counts;
pub mod dbt;
mod exit;
mod findings;
mod incremental;
mod layout;
mod model;
mod request;
mod run_id;
mod tables;
mod tls;
mod words;
mod yaml;

pub use check::{ContractError, Problem};
pub use counts::{Counts, count, count_rows, counted};
pub use exit::Exit;
pub use findings::{Check, Finding, reason};
pub use incremental::{CursorFormat, Incremental, Mode};
pub use layout::Layout;
pub use model::{
    Answer, Child, Clean, Collection, Column, Contract, Defaults, Drift, Personal, Reference, Removed, Type,
};
pub use request::{Auth, ClientAuthentication, Format, Location, Method, Paginator, Parameter, RateLimit, Request};
pub use run_id::RunId;
pub use tables::{POSITION, RECORD, SYSTEM_COLUMNS, Table, TableColumn};
pub use tls::{Tls, TlsOptions, is_on_loopback};
pub use words::is_free;
pub use yaml::{NotUtf8, explain, line_of, text, without_bom, without_place};
