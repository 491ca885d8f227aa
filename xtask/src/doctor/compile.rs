//! Where the programs of an image are compiled, and why.

use super::facts::{Engine, Facts};
use crate::settings::{Compile, Platform};

/// Where, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// On this machine, for this target.
    Host {
        /// rustc's target triple.
        target: &'static str,
        /// Why that is possible.
        why: String,
    },
    /// In Docker.
    Docker {
        /// Why not on this machine.
        why: String,
    },
    /// Impossible on this machine.
    Nowhere {
        /// What is missing.
        why: String,
    },
}

/// The compilers of this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compilers {
    /// The default target of rustc, if it is installed.
    pub host: Option<String>,
    /// The targets with a standard library.
    pub targets: Vec<String>,
    /// Whether `libc.a` is installed.
    pub static_libc: bool,
    /// Whether a Docker engine answers.
    pub engine: bool,
}

impl From<&Facts> for Compilers {
    fn from(facts: &Facts) -> Self {
        let engine = matches!(facts.engine, Engine::Answers { .. });
        Self { host: facts.host.clone(), targets: facts.targets.clone(), static_libc: facts.static_libc, engine }
    }
}

impl Choice {
    /// The choice for these settings and this machine.
    ///
    /// | `compile` | static target | engine responds | result |
    /// |---|---|---|---|
    /// | auto | yes | – | host |
    /// | auto | no | yes | docker |
    /// | auto | no | no | nowhere |
    /// | host | yes / no | – | host / nowhere |
    /// | docker | – | yes / no | docker / nowhere |
    pub fn of(compile: Compile, platform: Platform, compilers: &Compilers) -> Self {
        match (compile, on_host(platform, compilers), compilers.engine) {
            (Compile::Auto | Compile::Host, Ok((target, why)), _) => Self::Host { target, why },
            (Compile::Auto, Err(why), true) => Self::Docker { why },
            (Compile::Docker, _, true) => Self::Docker { why: "required by the settings".to_owned() },
            (Compile::Auto, Err(why), false) => Self::Nowhere { why: format!("{why}, and no Docker engine responds") },
            (Compile::Docker, _, false) => {
                Self::Nowhere { why: "the settings require Docker; no engine responds".to_owned() }
            }
            (Compile::Host, Err(why), _) => Self::Nowhere { why: format!("the settings require this machine; {why}") },
        }
    }
}

/// The target for a static program on this machine, and why. musl is always static; glibc is with `+crt-static`, which
/// requires `libc.a`.
fn on_host(platform: Platform, facts: &Compilers) -> Result<(&'static str, String), String> {
    let (musl, gnu) = match platform {
        Platform::X86 => ("x86_64-unknown-linux-musl", "x86_64-unknown-linux-gnu"),
        Platform::Arm64 => ("aarch64-unknown-linux-musl", "aarch64-unknown-linux-gnu"),
    };
    if facts.host.is_none() {
        return Err("rustc is not installed".to_owned());
    }
    let native = facts.host.as_deref() == Some(gnu);
    // Another platform's musl target would also need its linker.
    let same = facts.host.as_ref().is_some_and(|host| host.split('-').next() == gnu.split('-').next());
    if same && facts.targets.iter().any(|target| target == musl) {
        return Ok((musl, "is always static".to_owned()));
    }
    if native && facts.static_libc {
        return Ok((gnu, "with +crt-static".to_owned()));
    }
    Err(if native {
        "neither the musl target nor libc.a is installed".to_owned()
    } else {
        format!("this machine is not {gnu}")
    })
}
