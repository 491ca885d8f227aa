//! Facts about a machine, none of which is secret.

use std::path::PathBuf;

use crate::settings::{Compile, Platform};

/// Facts about the machine; `None` means not installed or unknown.
#[derive(Clone, Debug)]
pub struct Facts {
    pub rust_required: String,
    pub rustc: Option<String>,
    pub git: Option<String>,
    pub linker: Option<String>,
    /// The newest installed PostgreSQL: its major version and the folder of its programs.
    pub postgres: Option<(u32, PathBuf)>,
    /// Why no database server can run, regardless of what is installed.
    pub postgres_refused: Option<String>,
    pub python: Option<String>,
    pub venv: bool,
    pub uv: Option<String>,
    pub engine: Engine,
    pub compilers: Compilers,
    /// Free space on the build disk, in GiB.
    pub free_gib: Option<u64>,
    /// The permission bits of `.env`, and whether it contains a secret.
    pub dot_env: Option<(u32, bool)>,
    pub configuration: Result<Configuration, String>,
    /// AWS_REGION, which takes precedence over AWS_DEFAULT_REGION in the SDK.
    pub sdk_region: Option<String>,
    pub caller: Caller,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compilers {
    /// The default target of rustc, if it is installed.
    pub host: Option<String>,
    pub targets: Vec<String>,
    /// Whether `libc.a` is installed.
    pub static_libc: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub value: String,
    pub from: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    pub file: String,
    pub region: Setting,
    pub account: Option<Setting>,
    pub compile: Compile,
    pub platform: Platform,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Engine {
    Running {
        version: String,
        /// The newest API version that it supports: major and minor.
        api: (u32, u32),
        address: String,
    },
    Unreachable {
        address: String,
        /// Whether DOCKER_HOST sets the address.
        configured: bool,
        why: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    NoCredentials,
    /// STS identified the caller.
    Known {
        account: String,
        arn: String,
    },
    /// STS or the credentials provider returned an error.
    Refused(String),
    NoResponse(String),
}
