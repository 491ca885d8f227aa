//! Decides where the programs in an image are compiled, and explains why.

use super::facts::Compilers;
use crate::settings::{Compile, Platform};

/// Where programs are compiled, and why: on this machine for a rustc target, in Docker, or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    Host(&'static str, String),
    Docker(String),
    Nowhere(String),
}

impl Choice {
    /// Chooses for these settings and this machine.
    ///
    /// | `compile` | static target | engine responds | result |
    /// |---|---|---|---|
    /// | auto | yes | – | host |
    /// | auto | no | yes | docker |
    /// | auto | no | no | nowhere |
    /// | host | yes / no | – | host / nowhere |
    /// | docker | – | yes / no | docker / nowhere |
    pub fn of(compile: Compile, platform: Platform, compilers: &Compilers, engine_responds: bool) -> Self {
        match (compile, on_host(platform, compilers), engine_responds) {
            (Compile::Auto | Compile::Host, Ok((target, why)), _) => Self::Host(target, why),
            (Compile::Auto, Err(why), true) => Self::Docker(why),
            (Compile::Docker, _, true) => Self::Docker("required by the settings".to_owned()),
            (Compile::Auto, Err(why), false) => Self::Nowhere(format!("{why}, and no Docker engine responds")),
            (Compile::Docker, _, false) => {
                Self::Nowhere("the settings require Docker, but no engine is responding".to_owned())
            }
            (Compile::Host, Err(why), _) => {
                Self::Nowhere(format!("the settings require compilation on this machine, but {why}"))
            }
        }
    }
}

/// Returns the target for a static program on this machine with the reason, or why no target is available. musl is
/// always static; glibc is static with `+crt-static`, which requires `libc.a`.
fn on_host(platform: Platform, compilers: &Compilers) -> Result<(&'static str, String), String> {
    let gnu = platform.gnu();
    let musl = match platform {
        Platform::X86 => "x86_64-unknown-linux-musl",
        Platform::Arm64 => "aarch64-unknown-linux-musl",
    };
    let Some(host) = &compilers.host else { return Err("rustc is not installed".to_owned()) };
    let native = host == gnu;
    // Another platform's musl target would also need its linker.
    let same = host.split('-').next() == gnu.split('-').next();
    if same && compilers.targets.iter().any(|target| target == musl) {
        return Ok((musl, "is always static".to_owned()));
    }
    if native && compilers.static_libc {
        return Ok((gnu, "with +crt-static".to_owned()));
    }
    Err(if native {
        "neither the musl target nor libc.a is installed".to_owned()
    } else {
        format!("this machine is not {gnu}")
    })
}
