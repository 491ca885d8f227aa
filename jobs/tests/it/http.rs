//! Responses over HTTP, from an independent server implementation and from a server that misbehaves.

pub mod bodies;
mod etags;
mod pages;
mod redirects;
mod retries;
