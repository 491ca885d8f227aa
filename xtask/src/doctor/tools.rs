//! Verdicts on what is installed.

use super::facts::{Engine, Facts};
use super::{Choice, Verdict};

/// MERGE came with PostgreSQL 15.
const POSTGRES: u32 = 15;
/// The oldest Python that dbt's locked packages install on.
const PYTHON: (u32, u32) = (3, 10);
/// The oldest Docker API that the images are built with: engine 20.10.
const DOCKER_API: (u32, u32) = (1, 41);
/// GiB: a debug build, dbt's and Airflow's environments.
const DISK: u64 = 8;

pub(super) fn verdicts(facts: &Facts) -> Vec<Verdict> {
    let mut list = vec![rust(facts), git(facts), linker(facts), postgres(facts), python(facts), uv(facts), disk(facts)];
    list.push(docker(facts));
    if let Ok(configuration) = &facts.configuration {
        list.push(images(Choice::of(configuration.compile, configuration.platform, &facts.into())));
    }
    list
}

/// The first numbers with dots in a text.
fn version(text: &str) -> Option<(u32, u32, u32)> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let end = text[start..].find(|c: char| !c.is_ascii_digit() && c != '.').map_or(text.len(), |end| start + end);
    let mut numbers = text[start..end].split('.').map(|part| part.parse().unwrap_or(0));
    Some((numbers.next()?, numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)))
}

fn shown(text: &str) -> String {
    version(text).map_or_else(|| text.to_owned(), |(a, b, c)| format!("{a}.{b}.{c}"))
}

fn rust(facts: &Facts) -> Verdict {
    let wanted = &facts.rust_wanted;
    let fix = ["rustup update stable", "(none yet: https://rustup.rs)"];
    match &facts.rustc {
        None => Verdict::red("rust", "no rustc on PATH", &fix),
        Some(text) if version(text) < version(wanted) => {
            Verdict::red("rust", format!("{}, {wanted} is wanted", shown(text)), &fix)
        }
        Some(text) => Verdict::green("rust", format!("{} ({wanted} or newer)", shown(text))),
    }
}

fn git(facts: &Facts) -> Verdict {
    let fix = ["sudo apt-get install git", "(Fedora: sudo dnf install git; macOS: xcode-select --install)"];
    facts.git.as_ref().map_or_else(
        || Verdict::red("git", "not on PATH; the tests ask it what is committed", &fix),
        |text| Verdict::green("git", shown(text)),
    )
}

fn linker(facts: &Facts) -> Verdict {
    let fix = ["sudo apt-get install build-essential", "(Fedora: sudo dnf install gcc; macOS: xcode-select --install)"];
    facts.linker.as_ref().map_or_else(
        || Verdict::red("c linker", "no `cc` on PATH; Rust links with it", &fix),
        |text| Verdict::green("c linker", text.clone()),
    )
}

fn postgres(facts: &Facts) -> Verdict {
    let fix = [
        "sudo apt-get install postgresql",
        "(Fedora: sudo dnf install postgresql-server)",
        "(macOS: brew install postgresql)",
    ];
    if let Some(why) = &facts.postgres_refused {
        return Verdict::red("postgresql", why.clone(), &["sudo useradd --system postgres, or do not work as root"]);
    }
    match &facts.postgres {
        Some((version, folder)) if *version >= POSTGRES => {
            Verdict::green("postgresql", format!("{version} in {}", folder.display()))
        }
        Some((version, _)) => {
            Verdict::yellow("postgresql", format!("{version}, {POSTGRES} is wanted: one is taken from PyPI"), &fix)
        }
        None => Verdict::yellow("postgresql", "none; one is taken from PyPI (88 MB)", &fix),
    }
}

fn python(facts: &Facts) -> Verdict {
    let fix =
        ["sudo apt-get install python3 python3-venv", "(Fedora: sudo dnf install python3; macOS: brew install python)"];
    match &facts.python {
        // uv brings its own.
        None if facts.uv.is_some() => Verdict::green("python", "none, but uv fetches one"),
        None => Verdict::red("python", "no python3 on PATH; dbt runs on it", &fix),
        Some(text) if version(text) < Some((PYTHON.0, PYTHON.1, 0)) => {
            Verdict::red("python", format!("{}, {}.{} is wanted", shown(text), PYTHON.0, PYTHON.1), &fix)
        }
        Some(text) if !facts.venv && facts.uv.is_none() => {
            Verdict::red("python", format!("{} without venv", shown(text)), &["sudo apt-get install python3-venv"])
        }
        Some(text) => Verdict::green("python", shown(text)),
    }
}

fn uv(facts: &Facts) -> Verdict {
    facts.uv.as_ref().map_or_else(
        || Verdict::yellow("uv", "none; pip takes its place, some ten times slower", &["pip install uv"]),
        |text| Verdict::green("uv", shown(text)),
    )
}

fn disk(facts: &Facts) -> Verdict {
    let fix = ["cargo clean, or another disk for CARGO_TARGET_DIR"];
    match facts.free_gib {
        None => Verdict::yellow("disk", "how much is free is not known", &[]),
        Some(0) => Verdict::red("disk", "less than 1 GiB free", &fix),
        Some(free) if free < DISK => Verdict::yellow("disk", format!("{free} GiB free, {DISK} are comfortable"), &fix),
        Some(free) => Verdict::green("disk", format!("{free} GiB free")),
    }
}

fn docker(facts: &Facts) -> Verdict {
    match &facts.engine {
        Engine::Answers { version, api, .. } if *api < DOCKER_API => Verdict::yellow(
            "docker",
            format!("{version} speaks API {}.{}, {}.{} is wanted", api.0, api.1, DOCKER_API.0, DOCKER_API.1),
            &["update the engine to 20.10 or newer"],
        ),
        Engine::Answers { version, api, .. } => {
            Verdict::green("docker", format!("engine {version}, API {}.{}", api.0, api.1))
        }
        Engine::Silent { address, configured: true, why } => Verdict::red(
            "docker",
            format!("DOCKER_HOST is {address}: {why}"),
            &["start that engine, or `unset DOCKER_HOST`"],
        ),
        Engine::Silent { why, .. } => Verdict::yellow(
            "docker",
            format!("{why}; only images need it"),
            &[
                "sudo apt-get install docker.io && sudo usermod -aG docker $USER",
                "(Fedora: sudo dnf install moby-engine)",
                "(installed already: sudo systemctl start docker)",
            ],
        ),
    }
}

fn images(choice: Choice) -> Verdict {
    match choice {
        Choice::Host { target, why } => Verdict::green("image build", format!("here: {target} {why}")),
        Choice::Docker { why } => Verdict::green("image build", format!("in Docker: {why}")),
        Choice::Nowhere { why } => Verdict::yellow(
            "image build",
            why,
            &[
                "rustup target add x86_64-unknown-linux-musl",
                "(or: sudo apt-get install libc6-dev; or a Docker engine)",
            ],
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_are_found_in_what_programs_say() {
        assert_eq!(version("rustc 1.95.0 (59807616e 2026-04-14)"), Some((1, 95, 0)));
        assert_eq!(version("git version 2.39.5"), Some((2, 39, 5)));
        assert_eq!(version("Python 3.11.2"), Some((3, 11, 2)));
        assert_eq!(version("1.94"), Some((1, 94, 0)));
        assert_eq!(version("none"), None);
        assert!(version("1.9.0") < version("1.10.0"));
    }
}
