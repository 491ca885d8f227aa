//! xtask's tests through its program and over the whole repository.

mod floors;
mod local;
mod repository;
