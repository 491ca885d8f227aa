//! An emulator of Amazon Redshift Serverless in front of a real PostgreSQL: the Data API, the calls of the Redshift Serverless
//! API that the platform makes, and PostgreSQL's wire protocol over TLS for an unmodified dbt-redshift.
//!
//! It denies by default: a statement, function, option or operation that no rule knows is refused with its name. Each rule in
//! [`rules`] has an id and the page it is from, and can be switched off, so that tests show which one finds a fault.

mod api;
pub mod catalog;
pub mod credentials;
pub mod data_api;
pub mod emulator;
pub mod engine;
pub mod errors;
pub mod http;
pub mod identity;
pub mod journal;
pub mod rules;
pub mod serverless;
pub mod sql;
pub mod wire;

pub use data_api::Fault;
pub use emulator::{Emulator, Settings};
pub use engine::User;
