//! Runs cargo as a child process. Every call that resolves dependencies passes `--locked`, so a `Cargo.lock` that does
//! not match the manifests is an error and is not changed. Calls that compile have neither credentials nor secrets of
//! sources in their environment, where build scripts could read them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
#[cfg(feature = "cloud")]
use std::process::{Child, Stdio};

use anyhow::{Context, Result};
use xshell::{Cmd, Shell, cmd};

use super::{Log, Output};
use crate::failure::Failure;
#[cfg(feature = "cloud")]
use crate::image::{CargoTree, Toolchain};
use crate::settings::CONTRACTS;

fn cargo_program() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// Returns a shell in the root folder, and the path of the cargo that runs this program.
fn cargo(root: &Path) -> Result<(Shell, String)> {
    let shell = Shell::new()?;
    shell.change_dir(root);
    Ok((shell, cargo_program()))
}

/// Prefixes of the variables that `cargo run` sets; cargo is called without them, since they restart build scripts.
const OF_CARGO: [&str; 2] = ["CARGO_PKG_", "CARGO_MANIFEST_"];
/// Prefixes of the variables that hold credentials or lead to them. The same user can still read them elsewhere.
const CREDENTIALS: [&str; 4] = ["AWS_", "ACTIONS_", "GH_TOKEN", "GITHUB_TOKEN"];

fn variables_with(prefixes: &[&str]) -> impl Iterator<Item = String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    names.filter(|name| prefixes.iter().any(|prefix| name.starts_with(prefix)))
}

/// Returns the variables with credentials, and those of secrets in the contracts, which may also be damaged files.
fn credentials(root: &Path) -> impl Iterator<Item = String> {
    let files = std::fs::read_dir(root.join(CONTRACTS)).into_iter().flatten().flatten();
    let texts = files.filter_map(|file| std::fs::read_to_string(file.path()).ok());
    let secrets: BTreeSet<String> = texts.flat_map(|text| secrets(&text)).collect();
    variables_with(&CREDENTIALS).chain(variables_with(&[""]).filter(move |name| secrets.contains(name)))
}

/// Returns the names in `{secret: NAME}`.
fn secrets(contract: &str) -> Vec<String> {
    let contract = contract.replace(['"', '\''], "");
    let is_of_name = |char: &char| char.is_ascii_alphanumeric() || *char == '_';
    let names = contract.split("secret:").skip(1);
    names.map(|rest| rest.trim_start().chars().take_while(is_of_name).collect()).collect()
}

fn without_cargo_and_credentials<'c>(command: Cmd<'c>, root: &Path) -> Cmd<'c> {
    variables_with(&OF_CARGO).chain(credentials(root)).fold(command, |command, name| command.env_remove(name))
}

/// Replaces this process with the full program, which cargo compiles if necessary, and passes on the arguments.
/// Signals, output and exit code are therefore those of the full program. Returns only if this fails.
///
/// If the environment contains credentials, a child process without them compiles the program first.
#[cfg(not(feature = "cloud"))]
pub fn hand_over(root: &Path) -> anyhow::Error {
    use std::os::unix::process::CommandExt;
    let cargo = cargo_program();
    let full = |verb: &str| {
        let mut command = Command::new(&cargo);
        command.args([verb, "--locked", "--quiet", "--package", "xtask", "--features", "cloud", "--manifest-path"]);
        command.arg(root.join("Cargo.toml"));
        variables_with(&OF_CARGO).for_each(|name| _ = command.env_remove(name));
        command
    };
    if credentials(root).next().is_some() {
        let mut build = full("build");
        credentials(root).for_each(|name| _ = build.env_remove(name));
        if build.status().is_ok_and(|status| !status.success()) {
            return Failure::new("xtask does not compile").hint("see the compiler output above").into();
        }
    }
    let error = full("run").arg("--").args(std::env::args_os().skip(1)).exec();
    Failure::new(format!("cannot start `{cargo}`: {error}")).hint("run this as `cargo xtask`").into()
}

/// Whether cargo has already compiled the full program: only that program uses the Docker client.
#[cfg(not(feature = "cloud"))]
pub fn was_handed_over() -> bool {
    let own = std::env::current_exe().unwrap_or_default();
    let entries = std::fs::read_dir(own.with_file_name("deps")).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with("libbollard-"))
}

/// The light program builds the jobs without AWS. The full program builds them with the same features as the tests, so
/// that no crate is compiled twice.
#[cfg(not(feature = "cloud"))]
const JOBS: [&str; 3] = ["--package", "jobs", "--no-default-features"];
#[cfg(feature = "cloud")]
const JOBS: [&str; 6] = ["--package", "jobs", "--package", "xtask", "--features", "xtask/cloud"];

/// Builds the job programs with the same profile as this program; returns their folder.
pub fn build_jobs(root: &Path) -> Result<PathBuf> {
    build(root, "the jobs do", &[&JOBS[..], &["--bin", "transformation", "--bin", "copy", "--bin", "report"]].concat())
}

/// Builds the program that forgets records, as [`build_jobs`] does.
#[cfg(feature = "cloud")]
pub fn build_forget(root: &Path) -> Result<PathBuf> {
    build(root, "`forget` does", &[&JOBS[..], &["--bin", "forget"]].concat())
}

/// Builds the Redshift emulator with the features of a complete build; returns its path.
#[cfg(feature = "cloud")]
pub fn build_redshift_emulator(root: &Path) -> Result<PathBuf> {
    let select = ["--workspace", "--features", "xtask/cloud", "--bin", "redshift-emulator"];
    Ok(build(root, "the Redshift emulator does", &select)?.join("redshift-emulator"))
}

/// Builds programs in the target folder and with the profile of this program; returns their folder. The sources may be a
/// copy of those of this program.
fn build(root: &Path, name: &str, select: &[&str]) -> Result<PathBuf> {
    let own = std::env::current_exe().context("cannot find this program")?;
    let folder = own.parent().context("cannot determine the folder of this program")?.to_owned();
    // Test programs are in `deps`, the other programs in its parent folder; a downloaded program is somewhere else.
    let folder = match folder.join("deps").is_dir() {
        _ if folder.ends_with("deps") => folder.join(".."),
        true => folder,
        false => root.join("target/debug"),
    };
    let profile = if folder.ends_with("release") { "release" } else { "dev" };
    let (shell, cargo) = cargo(root)?;
    let target = folder.join("..");
    let build = cmd!(shell, "{cargo} build --locked {select...} --profile {profile} --target-dir {target}");
    let built = without_cargo_and_credentials(build, root).quiet().run();
    built.map_err(|_| Failure::new(format!("{name} not compile")).hint("see the compiler output above"))?;
    Ok(folder)
}

/// The package for the ingestion image, without the `profiles` feature: containers do not have AWS profiles.
#[cfg(feature = "cloud")]
const IMAGE: [&str; 5] = ["--package", "jobs", "--no-default-features", "--features", "aws"];

/// Compiles the full program for a release, without local paths; returns its path and its dependency trees.
#[cfg(feature = "cloud")]
pub fn release_program(root: &Path, target: &str) -> Result<(PathBuf, CargoTree)> {
    let (shell, cargo) = cargo(root)?;
    let (select, folder) =
        (["--package", "xtask", "--features", "cloud", "--target", target], root.join("target/release-files"));
    let build = cmd!(shell, "{cargo} build --locked --release {select...} --target-dir {folder}");
    let build = without_cargo_and_credentials(build, root).env("RUSTFLAGS", remapped(root)).quiet();
    build.run().map_err(|_| Failure::new("xtask does not compile").hint("see the compiler output above"))?;
    Ok((folder.join(target).join("release/xtask"), dependencies(root, &select)?))
}

/// Returns the compiler's options that replace local paths in a program.
#[cfg(feature = "cloud")]
fn remapped(root: &Path) -> String {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo"))).unwrap_or_default();
    format!("--remap-path-prefix={}=/src --remap-path-prefix={}=/cargo", root.display(), home.display())
}

/// Returns the dependency trees of the image's program for its target.
#[cfg(feature = "cloud")]
pub fn image_dependencies(root: &Path, target: &str) -> Result<CargoTree> {
    dependencies(root, &[&IMAGE[..], &["--target", target]].concat())
}

#[cfg(feature = "cloud")]
fn dependencies(root: &Path, select: &[&str]) -> Result<CargoTree> {
    let (shell, cargo) = cargo(root)?;
    let tree = |edges: &str, format: &str| -> Result<String> {
        let command = cmd!(shell, "{cargo} tree --locked {select...} --prefix none");
        let output =
            without_cargo_and_credentials(command, root).args(["--edges", edges, "--format", format]).quiet().read();
        output.context(Failure::new("cannot read the programs' dependencies").hint("run `cargo fetch`"))
    };
    Ok(CargoTree { linked: tree("normal", "{p}")?, compiled: tree("normal,build", "{p} {f}")? })
}

/// Compiles the programs into one static executable for an image; returns its path. The executable contains no local
/// paths, so that every machine produces the same bytes.
#[cfg(feature = "cloud")]
pub fn static_program(root: &Path, toolchain: &Toolchain) -> Result<PathBuf> {
    let (shell, cargo) = cargo(root)?;
    let built = static_build(&shell, &cargo, root, toolchain).run();
    built.map_err(|_| Failure::new("the programs do not compile").hint("see the compiler output above"))?;
    Ok(root.join("target/images").join(&toolchain.target).join("release/jobs"))
}

/// A compiler in the background, which is stopped when this value is dropped.
#[cfg(feature = "cloud")]
#[derive(Debug)]
pub struct Compiler(Child);

#[cfg(feature = "cloud")]
impl Compiler {
    /// Starts the compilation of [`static_program`], which then waits for it and reports its errors.
    pub fn start(root: &Path, toolchain: &Toolchain) -> Result<Self> {
        let (shell, cargo) = cargo(root)?;
        let mut build = Command::from(static_build(&shell, &cargo, root, toolchain).arg("--quiet"));
        Ok(Self(build.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?))
    }
}

#[cfg(feature = "cloud")]
impl Drop for Compiler {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(feature = "cloud")]
fn static_build<'s>(shell: &'s Shell, cargo: &str, root: &Path, toolchain: &Toolchain) -> Cmd<'s> {
    let (target, folder) = (&toolchain.target, root.join("target/images"));
    let paths = remapped(root);
    let build =
        cmd!(shell, "{cargo} build --locked --release {IMAGE...} --bin jobs --target {target} --target-dir {folder}");
    without_cargo_and_credentials(build, root).env("RUSTFLAGS", format!("{} {paths}", toolchain.flags)).quiet()
}

/// Returns a cargo command for the fuzz targets that compiles the workspace's crates with `jobs/fuzz/rustc.sh`.
fn fuzz_cargo<'s>(shell: &'s Shell, cargo: &str, verb: &str, root: &Path) -> Cmd<'s> {
    let command = cmd!(shell, "{cargo} {verb} --locked --package jobs-fuzz --features libfuzzer");
    without_cargo_and_credentials(command, root).env("RUSTC_WORKSPACE_WRAPPER", root.join("jobs/fuzz/rustc.sh")).quiet()
}

/// Builds the fuzz targets; returns whether they compiled.
pub fn build_fuzz_targets(root: &Path) -> Result<bool> {
    let (shell, cargo) = cargo(root)?;
    Ok(fuzz_cargo(&shell, &cargo, "build", root).arg("--bins").run().is_ok())
}

pub fn fuzz(root: &Path, target: &str, arguments: &[String]) -> Result<Output> {
    let (shell, cargo) = cargo(root)?;
    let command = fuzz_cargo(&shell, &cargo, "run", root).args(["--quiet", "--bin", target, "--"]).args(arguments);
    let output = command.ignore_status().output()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok(Output { text, code: output.status.code() })
}

/// Runs a linter, which is cargo or a program that calls cargo, with additional environment variables.
pub fn lint(root: &Path, program: Option<&Path>, arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    let (shell, cargo) = cargo(root)?;
    let program = program.unwrap_or(Path::new(&cargo));
    let command = without_cargo_and_credentials(cmd!(shell, "{program} {arguments...}"), root).env("CARGO", &cargo);
    Ok(command.envs(environment.iter().copied()).quiet().run()?)
}

/// Runs `cargo test` with more variables. Returns whether all tests passed.
pub fn cargo_test(
    root: &Path,
    select: &[&str],
    filter: &[&str],
    environment: &BTreeMap<String, String>,
    log: &Log,
) -> Result<bool> {
    let (shell, cargo) = cargo(root)?;
    let test = cmd!(shell, "{cargo} test --locked --no-fail-fast {select...} -- {filter...}");
    log.run(Command::from(without_cargo_and_credentials(test, root).envs(environment)))
}

#[cfg(test)]
#[path = "../../../tests/unit/edge/shell/cargo.rs"]
mod tests;
