//! Responses over HTTP, from an independent server implementation and from a misbehaving server.

pub mod bodies;
mod etags;
mod pages;
mod redirects;
mod retries;
