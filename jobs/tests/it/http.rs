//! Answers over HTTP, from a server of somebody else's making and from one that misbehaves.

pub mod bodies;
mod etags;
mod pages;
mod redirects;
mod retries;
