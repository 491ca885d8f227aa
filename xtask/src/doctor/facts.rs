//! What the edge finds out about a machine. No fact is a secret.

use std::path::PathBuf;

use crate::settings::{Compile, Platform};

/// What was found. `None` is: not there, or it did not say.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The least Rust that the workspace wants.
    pub rust_wanted: String,
    /// `rustc --version`.
    pub rustc: Option<String>,
    /// `git --version`.
    pub git: Option<String>,
    /// `cc --version`, the first line.
    pub linker: Option<String>,
    /// The newest installed PostgreSQL: its major version and the folder of its programs.
    pub postgres: Option<(u32, PathBuf)>,
    /// Why a database could not be started here whatever is installed.
    pub postgres_refused: Option<String>,
    /// `python3 --version`.
    pub python: Option<String>,
    /// Whether that Python makes environments with pip in them.
    pub venv: bool,
    /// `uv --version`.
    pub uv: Option<String>,
    /// The Docker engine.
    pub engine: Engine,
    /// The triple that rustc compiles for by itself.
    pub host: Option<String>,
    /// The triples whose standard library is installed.
    pub targets: Vec<String>,
    /// Whether the C library is there to be linked statically.
    pub static_libc: bool,
    /// Free GiB where the build goes.
    pub free_gib: Option<u64>,
    /// The permission bits of `.env`, and whether a secret key is in it.
    pub dot_env: Option<(u32, bool)>,
    /// The settings, or all that is wrong with them.
    pub configuration: Result<Configuration, String>,
    /// AWS_REGION, which the SDK prefers to AWS_DEFAULT_REGION.
    pub sdk_region: Option<String>,
    /// Who we are in AWS.
    pub caller: Caller,
}

/// A value and what set it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The value.
    pub value: String,
    /// The file, or the variable and where it is from.
    pub from: String,
}

/// What the settings say that matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// Their file.
    pub file: String,
    /// The region.
    pub region: Setting,
    /// The only account that may be written to.
    pub account: Option<Setting>,
    /// Where programs for images are compiled.
    pub compile: Compile,
    /// For which processors.
    pub platform: Platform,
}

/// The Docker engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Engine {
    /// It answered.
    Answers {
        /// Its version.
        version: String,
        /// The newest API that it speaks: major and minor.
        api: (u32, u32),
        /// Where it was asked.
        address: String,
    },
    /// It did not.
    Silent {
        /// Where it was asked.
        address: String,
        /// Whether DOCKER_HOST says so.
        configured: bool,
        /// What happened.
        why: String,
    },
}

/// Who we are in AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// No credentials anywhere.
    Nobody,
    /// STS knows us.
    Known {
        /// 12 digits.
        account: String,
        /// The user or role.
        arn: String,
    },
    /// STS, or what gives the credentials, refused.
    Refused(String),
    /// Nobody answered in time.
    Unanswered(String),
}
