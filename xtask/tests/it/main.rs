//! xtask's tests through its program and over the whole repository.

mod floors;
mod generated;
mod local;
mod marts;
mod needs_browser;
mod repository;
mod support;
