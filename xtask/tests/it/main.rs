//! Tests of the xtask program and of the whole repository.

mod credentials;
mod doctor;
mod documents;
mod dot_env;
mod entry_point;
mod floors;
mod generated;
mod help;
mod images;
mod local;
mod marts;
mod needs_browser;
mod needs_docker;
mod needs_emulator;
mod needs_rehearsal;
mod needs_speed;
mod needs_stacks;
mod new_source;
mod rehearse;
mod repository;
mod runs;
mod settings_corpus;
mod setup_github;
mod stack_corpus;
mod support;
mod warehouse_init;
