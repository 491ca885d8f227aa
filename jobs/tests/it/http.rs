//! Responses over HTTP, from an independent server implementation and from a misbehaving server.

mod auth;
pub mod bodies;
mod etags;
mod paged;
mod pages;
mod redirects;
mod retries;
