//! The facts about a machine. None is a secret.

use std::path::PathBuf;

use crate::settings::{Compile, Platform};

/// The facts. `None` is not installed or unknown.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The minimum version of Rust.
    pub rust_required: String,
    /// `rustc --version`.
    pub rustc: Option<String>,
    /// `git --version`.
    pub git: Option<String>,
    /// `cc --version`, the first line.
    pub linker: Option<String>,
    /// The newest installed PostgreSQL: its major version and the folder of its programs.
    pub postgres: Option<(u32, PathBuf)>,
    /// Why no database server can run, independent of what is installed.
    pub postgres_refused: Option<String>,
    /// `python3 --version`.
    pub python: Option<String>,
    /// Whether that Python can create virtual environments with pip.
    pub venv: bool,
    /// `uv --version`.
    pub uv: Option<String>,
    /// The Docker engine.
    pub engine: Engine,
    /// The compilers.
    pub compilers: Compilers,
    /// Free GiB on the disk of the build.
    pub free_gib: Option<u64>,
    /// The permission bits of `.env`, and whether it has a secret.
    pub dot_env: Option<(u32, bool)>,
    /// The settings, or their problems.
    pub configuration: Result<Configuration, String>,
    /// AWS_REGION, which has precedence over AWS_DEFAULT_REGION in the SDK.
    pub sdk_region: Option<String>,
    /// The caller's identity in AWS.
    pub caller: Caller,
}

/// The compilers of a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compilers {
    /// The default target of rustc, if it is installed.
    pub host: Option<String>,
    /// The targets with a standard library.
    pub targets: Vec<String>,
    /// Whether `libc.a` is installed.
    pub static_libc: bool,
}

/// A value and its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The value.
    pub value: String,
    /// The file, or the variable and where it is set.
    pub from: String,
}

/// The settings that the checks use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// Their file.
    pub file: String,
    /// The region.
    pub region: Setting,
    /// The only account to deploy to.
    pub account: Option<Setting>,
    /// Where the programs of images are compiled.
    pub compile: Compile,
    /// Their CPU architecture.
    pub platform: Platform,
}

/// The Docker engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Engine {
    /// It responded.
    Running {
        /// Its version.
        version: String,
        /// The newest API that it supports: major and minor.
        api: (u32, u32),
        /// Its address.
        address: String,
    },
    /// It did not respond.
    Unreachable {
        /// Its address.
        address: String,
        /// Whether the address is from DOCKER_HOST.
        configured: bool,
        /// The error.
        why: String,
    },
}

/// The caller's identity in AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// There are no credentials.
    NoCredentials,
    /// STS identified the caller.
    Known {
        /// 12 digits.
        account: String,
        /// ARN of the user or role.
        arn: String,
    },
    /// STS or the provider of credentials refused.
    Refused(String),
    /// There was no response in time.
    NoResponse(String),
}
