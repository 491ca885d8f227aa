//! Where programs for an image would be compiled here, and why.

use super::facts::{Engine, Facts};
use crate::settings::{Compile, Platform};

/// Where, with what, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// On this machine, for this target.
    Host {
        /// rustc's triple.
        target: &'static str,
        /// Why it can.
        why: String,
    },
    /// In Docker.
    Docker {
        /// Why not here.
        why: String,
    },
    /// Not here.
    Nowhere {
        /// What is missing.
        why: String,
    },
}

/// What could compile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compilers {
    /// The triple that rustc compiles for by itself; none without rustc.
    pub host: Option<String>,
    /// The triples whose standard library it has.
    pub targets: Vec<String>,
    /// Whether there is a `libc.a`.
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
    /// What the settings and the machine come to.
    ///
    /// | `compile` | static target here | engine answers | comes to |
    /// |---|---|---|---|
    /// | auto | yes | – | host |
    /// | auto | no | yes | docker |
    /// | auto | no | no | nowhere |
    /// | host | yes / no | – | host / nowhere |
    /// | docker | – | yes / no | docker / nowhere |
    pub fn of(compile: Compile, platform: Platform, compilers: &Compilers) -> Self {
        match (compile, here(platform, compilers), compilers.engine) {
            (Compile::Auto | Compile::Host, Ok((target, why)), _) => Self::Host { target, why },
            (Compile::Auto, Err(why), true) => Self::Docker { why },
            (Compile::Docker, _, true) => Self::Docker { why: "the settings say so".to_owned() },
            (Compile::Auto, Err(why), false) => Self::Nowhere { why: format!("{why}, and no engine answers") },
            (Compile::Docker, _, false) => {
                Self::Nowhere { why: "the settings say docker; no engine answers".to_owned() }
            }
            (Compile::Host, Err(why), _) => Self::Nowhere { why: format!("the settings say host; {why}") },
        }
    }
}

/// The target that makes a static program for a platform on this machine. musl is static by itself; glibc is with
/// `+crt-static`, which wants `libc.a`.
fn here(platform: Platform, facts: &Compilers) -> Result<(&'static str, String), String> {
    let (musl, gnu) = match platform {
        Platform::X86 => ("x86_64-unknown-linux-musl", "x86_64-unknown-linux-gnu"),
        Platform::Arm64 => ("aarch64-unknown-linux-musl", "aarch64-unknown-linux-gnu"),
    };
    if facts.host.is_none() {
        return Err("nothing compiles without rustc".to_owned());
    }
    let native = facts.host.as_deref() == Some(gnu);
    // Another platform's musl target would need a linker for it, which nobody has by chance.
    let same = facts.host.as_ref().is_some_and(|host| host.split('-').next() == gnu.split('-').next());
    if same && facts.targets.iter().any(|target| target == musl) {
        return Ok((musl, "is static by itself".to_owned()));
    }
    if native && facts.static_libc {
        return Ok((gnu, "with +crt-static".to_owned()));
    }
    Err(if native { "neither musl's target nor libc.a is here".to_owned() } else { format!("this is no {gnu}") })
}
