//! Checks of the installed tools.

use super::facts::{Engine, Facts};
use super::{Choice, Diagnosis};

/// The first PostgreSQL version with MERGE.
pub const POSTGRES: u32 = 15;
/// The oldest Python version that dbt's locked packages support.
const PYTHON: (u32, u32) = (3, 10);
/// The oldest Docker API version that can build the images: engine 20.10.
const DOCKER_API: (u32, u32) = (1, 41);
/// GiB needed for a debug build and for the dbt and Airflow environments.
const DISK: u64 = 8;

pub(super) fn diagnoses(facts: &Facts) -> Vec<Diagnosis> {
    let git = ["sudo apt-get install git", "(Fedora: sudo dnf install git; macOS: xcode-select --install)"];
    let cc = ["sudo apt-get install build-essential", "(Fedora: sudo dnf install gcc; macOS: xcode-select --install)"];
    let uv = facts.uv.as_deref().map_or_else(|| "not installed; pip installs a private copy".to_owned(), shown);
    let mut list = vec![
        rust(facts),
        match &facts.git {
            None => Diagnosis::red("git", "not on PATH; the tests use it to list committed files", &git),
            Some(text) => Diagnosis::green("git", shown(text)),
        },
        match &facts.linker {
            None => Diagnosis::red("c linker", "`cc` is not on PATH; Rust needs it for linking", &cc),
            Some(text) => Diagnosis::green("c linker", text),
        },
        postgres(facts),
        python(facts),
        Diagnosis::green("uv", uv),
        disk(facts.free_gib),
        docker(&facts.engine),
    ];
    if let Ok(configuration) = &facts.configuration {
        let responds = matches!(facts.engine, Engine::Running { .. });
        let fix =
            ["rustup target add x86_64-unknown-linux-musl", "(or: sudo apt-get install libc6-dev; or a Docker engine)"];
        list.push(match Choice::of(configuration.compile, configuration.platform, &facts.compilers, responds) {
            Choice::Host(target, why) => Diagnosis::green("image build", format!("on this machine: {target} {why}")),
            Choice::Docker(why) => Diagnosis::green("image build", format!("in Docker: {why}")),
            Choice::Nowhere(why) => Diagnosis::yellow("image build", why, &fix),
        });
    }
    list
}

/// Returns the first version number in a text.
fn version(text: &str) -> Option<(u32, u32, u32)> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let number = text[start..].split(|c: char| !c.is_ascii_digit() && c != '.').next()?;
    let mut numbers = number.split('.').map(|part| part.parse().unwrap_or(0));
    Some((numbers.next()?, numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)))
}

fn shown(text: &str) -> String {
    version(text).map_or_else(|| text.to_owned(), |(a, b, c)| format!("{a}.{b}.{c}"))
}

fn rust(facts: &Facts) -> Diagnosis {
    let required = &facts.rust_required;
    let fix = ["rustup update stable", "(not installed: https://rustup.rs)"];
    match &facts.rustc {
        None => Diagnosis::red("rust", "rustc is not on PATH", &fix),
        Some(text) if version(text) < version(required) => {
            Diagnosis::red("rust", format!("{}, but {required} is required", shown(text)), &fix)
        }
        Some(text) => Diagnosis::green("rust", format!("{} ({required} or newer)", shown(text))),
    }
}

fn postgres(facts: &Facts) -> Diagnosis {
    let fix = [
        "sudo apt-get install postgresql",
        "(Fedora: sudo dnf install postgresql-server)",
        "(macOS: brew install postgresql)",
    ];
    if let Some(why) = &facts.postgres_refused {
        return Diagnosis::red("postgresql", why, &["sudo useradd --system postgres, or do not run as root"]);
    }
    match &facts.postgres {
        Some((version, folder)) if *version >= POSTGRES => {
            Diagnosis::green("postgresql", format!("{version} in {}", folder.display()))
        }
        Some((version, _)) => {
            let found = format!("{version}, but {POSTGRES} is required; a copy from PyPI is used");
            Diagnosis::yellow("postgresql", found, &fix)
        }
        None => Diagnosis::yellow("postgresql", "not installed; a copy from PyPI is used (88 MB)", &fix),
    }
}

fn python(facts: &Facts) -> Diagnosis {
    let fix =
        ["sudo apt-get install python3 python3-venv", "(Fedora: sudo dnf install python3; macOS: brew install python)"];
    match &facts.python {
        None if facts.uv.is_some() => Diagnosis::green("python", "not installed, but uv downloads it"),
        None => Diagnosis::red("python", "python3 is not on PATH; dbt needs it", &fix),
        Some(text) if version(text) < Some((PYTHON.0, PYTHON.1, 0)) => {
            Diagnosis::red("python", format!("{}, but {}.{} is required", shown(text), PYTHON.0, PYTHON.1), &fix)
        }
        Some(text) if !facts.venv && facts.uv.is_none() => Diagnosis::red(
            "python",
            format!("{}, but its venv module is not installed", shown(text)),
            &["sudo apt-get install python3-venv"],
        ),
        Some(text) => Diagnosis::green("python", shown(text)),
    }
}

fn disk(free_gib: Option<u64>) -> Diagnosis {
    let fix = ["cargo clean, or set CARGO_TARGET_DIR to another disk"];
    match free_gib {
        None => Diagnosis::yellow("disk", "free space is unknown", &[]),
        Some(0) => Diagnosis::red("disk", "less than 1 GiB free", &fix),
        Some(free) if free < DISK => {
            Diagnosis::yellow("disk", format!("{free} GiB free; {DISK} GiB are recommended"), &fix)
        }
        Some(free) => Diagnosis::green("disk", format!("{free} GiB free")),
    }
}

fn docker(engine: &Engine) -> Diagnosis {
    let (major, minor) = DOCKER_API;
    match engine {
        Engine::Running { version, api: (a, b), .. } if (*a, *b) < DOCKER_API => {
            let found = format!("{version} supports only API {a}.{b}, but {major}.{minor} is required");
            Diagnosis::yellow("docker", found, &["update the engine to 20.10 or newer"])
        }
        Engine::Running { version, api: (a, b), .. } => {
            Diagnosis::green("docker", format!("engine {version}, API {a}.{b}"))
        }
        Engine::Unreachable { address, configured: true, why } => {
            let found = format!("DOCKER_HOST is {address}: {why}");
            Diagnosis::red("docker", found, &["start that engine, or `unset DOCKER_HOST`"])
        }
        Engine::Unreachable { why, .. } => {
            let fix = [
                "sudo apt-get install docker.io && sudo usermod -aG docker $USER",
                "(Fedora: sudo dnf install moby-engine)",
                "(already installed: sudo systemctl start docker)",
            ];
            Diagnosis::yellow("docker", format!("{why}; only images need it"), &fix)
        }
    }
}

#[cfg(test)]
#[path = "../../tests/unit/doctor/tools.rs"]
mod tests;
