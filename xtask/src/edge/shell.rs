//! Child commands that run to completion.

#[cfg(feature = "cloud")]
mod alone;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use contract::Exit;
use xshell::{Cmd, Shell, cmd};

use crate::failure::Failure;
#[cfg(feature = "cloud")]
use crate::image::Toolchain;
use crate::pipeline::Step;
#[cfg(feature = "cloud")]
pub use alone::{of_images, without_accounts};

/// What a child may see of our environment; all else, every `AWS_*` variable and every secret, stays out.
const KEPT: [&str; 22] = [
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TERM",
    "COLUMNS",
    "NO_COLOR",
    "CI",
    "TMPDIR",
    "TZ",
    "RUST_BACKTRACE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "ALL_PROXY",
];

/// The environment for a child that must not reach any account.
pub fn scrubbed() -> Vec<(OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| KEPT.iter().any(|kept| name == kept)).collect()
}

/// Cargo as the one that runs us.
fn cargo_program() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// A shell at the root, and cargo.
fn cargo(root: &Path) -> Result<(Shell, String)> {
    let shell = Shell::new()?;
    shell.change_dir(root);
    Ok((shell, cargo_program()))
}

/// What `cargo run` says of us in the environment. Build scripts that look at those variables would run, and compile,
/// again, so cargo is called without them, as a person calls it.
fn about_us() -> impl Iterator<Item = String> {
    let names = std::env::vars().map(|(name, _)| name);
    names.filter(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
}

fn as_a_person(command: Cmd<'_>) -> Cmd<'_> {
    about_us().fold(command, |command, name| command.env_remove(name))
}

/// Becomes the full program, with the same arguments, in the same folder; cargo compiles what it lacks. This process is
/// replaced, twice, so that signals, output and exit code are the full program's own. Comes back only with an error.
#[cfg(not(feature = "cloud"))]
pub fn hand_over(root: &Path) -> anyhow::Error {
    use std::os::unix::process::CommandExt;
    let cargo = cargo_program();
    let mut command = Command::new(&cargo);
    command.args(["run", "--quiet", "--package", "xtask", "--features", "cloud", "--manifest-path"]);
    command.arg(root.join("Cargo.toml")).arg("--").args(std::env::args_os().skip(1));
    for name in about_us() {
        command.env_remove(name);
    }
    let error = command.exec();
    Failure::new(format!("cannot start `{cargo}`: {error}")).hint("run this as `cargo xtask`").into()
}

/// Whether that was done before: then cargo left the Docker client here, which nobody else needs.
#[cfg(not(feature = "cloud"))]
pub fn was_handed_over() -> bool {
    let own = std::env::current_exe().unwrap_or_default();
    let entries = std::fs::read_dir(own.with_file_name("deps")).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with("libbollard-"))
}

/// Builds the jobs' programs with the profile that built us, and gives the folder they are in.
pub fn build_jobs(root: &Path) -> Result<PathBuf> {
    let own = std::env::current_exe().context("cannot find our own program")?;
    let folder = own.parent().context("our own program has no folder")?.to_owned();
    // Below `deps` lie test programs; the built programs are one up.
    let folder = if folder.ends_with("deps") { folder.join("..") } else { folder };
    let profile = if folder.ends_with("release") { "release" } else { "dev" };
    let (shell, cargo) = cargo(root)?;
    as_a_person(cmd!(shell, "{cargo} build --package jobs --bins --profile {profile}"))
        .quiet()
        .run()
        .map_err(|_| Failure::new("the jobs do not compile").hint("the compiler's message is above"))?;
    Ok(folder)
}

/// Compiles both programs as one static file for an image, and gives its place. Where the crates and the repository lie
/// on this machine does not show in it, so that another machine makes the same bytes.
#[cfg(feature = "cloud")]
pub fn static_program(root: &Path, toolchain: &Toolchain) -> Result<PathBuf> {
    let (shell, cargo) = cargo(root)?;
    let (target, folder) = (&toolchain.target, root.join("target/images"));
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo"))).unwrap_or_default();
    let paths = format!("--remap-path-prefix={}=/src --remap-path-prefix={}=/cargo", root.display(), home.display());
    let build = cmd!(
        shell,
        "{cargo} build --locked --release --package jobs --bin jobs --target {target} --target-dir {folder}"
    );
    as_a_person(build)
        .env("RUSTFLAGS", format!("{} {paths}", toolchain.flags))
        .quiet()
        .run()
        .map_err(|_| Failure::new("the programs do not compile").hint("the compiler's message is above"))?;
    Ok(folder.join(target).join("release/jobs"))
}

/// Where the sources are from.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The commit's id, with `-changed` if files differ from it.
    pub revision: String,
    /// When it was made, RFC 3339.
    pub when: String,
    /// The repository's address, without whatever may be secret in it.
    pub source: Option<String>,
}

/// The commit that is checked out; none outside a clone or without git.
pub fn commit(root: &Path) -> Option<Commit> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).current_dir(root).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let changed = if git(&["status", "--porcelain"])?.is_empty() { "" } else { "-changed" };
    let source = git(&["remote", "get-url", "origin"]).filter(|url| url.starts_with("https://") && !url.contains('@'));
    Some(Commit {
        revision: format!("{}{changed}", git(&["rev-parse", "HEAD"])?),
        when: git(&["show", "--no-patch", "--format=%cI", "HEAD"])?,
        source,
    })
}

/// Runs a step of a run with its own environment and nothing else of ours that matters; gives its standard output.
///
/// # Errors
/// With the program's own exit code, 1 or 75; its words are on standard error already.
pub fn step(step: &Step, programs: &Path) -> Result<String> {
    let program = programs.join(&step.program);
    let output = Command::new(&program)
        .args(&step.arguments)
        .env_clear()
        .envs(scrubbed())
        .envs(&step.environment)
        // The table at the end says what went well.
        .env("LOG_LEVEL", "warn")
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start `{}`", program.display()))?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?);
    }
    let code = output.status.code();
    let exit = if code == Some(Exit::TempFail as i32) { Exit::TempFail } else { Exit::Failed };
    let how = code.map_or_else(|| output.status.to_string(), |code| format!("exit code {code}"));
    Err(Failure::new(format!("`{}` failed ({how})", step.name)).exit(exit).into())
}

/// Whether there is a C++ compiler, where the build of libFuzzer looks for one.
pub fn has_cpp_compiler() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::var_os("CXX").is_some() || std::env::split_paths(&path).any(|folder| folder.join("c++").is_file())
}

/// How a fuzz target is compiled, as cargo-fuzz does it but for the sanitizers, which only nightly Rust has: every edge
/// and comparison is counted. Rust's own checks find what there is to find in code without `unsafe`.
const FUZZING: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cllvm-args=-simplifycfg-branch-fold-threshold=0";

/// Cargo with that, for the fuzz targets. Naming the target keeps the flags from build scripts and macros, and a folder
/// of their own keeps what is compiled so from taking the place of the rest.
fn fuzz_cargo<'s>(shell: &'s Shell, cargo: &str, verb: &str) -> Cmd<'s> {
    let command = cmd!(shell, "{cargo} {verb} --package jobs-fuzz --target host-tuple --target-dir target/fuzz");
    as_a_person(command).env("RUSTFLAGS", FUZZING).quiet()
}

/// Builds the fuzz targets; whether they compile.
pub fn build_fuzz_targets(root: &Path) -> Result<bool> {
    let (shell, cargo) = cargo(root)?;
    Ok(fuzz_cargo(&shell, &cargo, "build").arg("--bins").run().is_ok())
}

/// Runs a fuzz target that has been built.
pub fn fuzz(root: &Path, target: &str, arguments: &[String]) -> Result<Output> {
    let (shell, cargo) = cargo(root)?;
    let command = fuzz_cargo(&shell, &cargo, "run").args(["--quiet", "--bin", target, "--"]).args(arguments);
    let output = command.ignore_status().output()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok(Output { text, code: output.status.code() })
}

/// What a program says on its standard output; its words about trouble are the error.
pub fn says(program: &str, arguments: &[&str]) -> Result<String> {
    let shell = Shell::new()?;
    Ok(cmd!(shell, "{program} {arguments...}").quiet().read()?)
}

/// What a program said, on both its channels, and its exit code if it was not killed.
#[derive(Clone, Debug)]
pub struct Output {
    /// Standard output, then standard error.
    pub text: String,
    /// The exit code.
    pub code: Option<i32>,
}

/// Runs a step in a folder, keeping what it says.
pub fn captured(step: &Step, programs: &Path, folder: &Path) -> Result<Output> {
    let program = programs.join(&step.program);
    let output = Command::new(&program)
        .args(&step.arguments)
        .env_clear()
        .envs(scrubbed())
        .envs(&step.environment)
        .current_dir(folder)
        .output()
        .with_context(|| format!("cannot start `{}`", program.display()))?;
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    Ok(Output { text, code: output.status.code() })
}

/// Runs GitHub's command line in the repository, and gives what it says. What is secret goes to its standard input: words are
/// seen by every process of the machine.
///
/// # Errors
/// When it is not there or refuses, with its words.
pub fn gh(words: &[impl AsRef<std::ffi::OsStr>], input: &str) -> Result<String> {
    let shell = Shell::new()?;
    Ok(cmd!(shell, "gh {words...}").stdin(input).quiet().read()?)
}

/// Runs cargo with the environment added.
///
/// # Errors
/// When it ends with another code than 0.
pub fn cargo_lint(root: &Path, words: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    let (shell, cargo) = cargo(root)?;
    Ok(as_a_person(cmd!(shell, "{cargo} {words...}")).envs(environment.iter().copied()).quiet().run()?)
}

/// Runs a program that calls cargo.
///
/// # Errors
/// When it ends with another code than 0.
pub fn lint(root: &Path, program: &Path, words: &[&str]) -> Result<()> {
    let (shell, cargo) = cargo(root)?;
    Ok(as_a_person(cmd!(shell, "{program} {words...}")).env("CARGO", cargo).quiet().run()?)
}

/// Runs `cargo test` with the environment added; whether every test passed.
pub fn cargo_test(
    root: &Path,
    select: &[&str],
    filter: &[&str],
    environment: &BTreeMap<String, String>,
) -> Result<bool> {
    let (shell, cargo) = cargo(root)?;
    let test = as_a_person(cmd!(shell, "{cargo} test {select...} -- {filter...}"));
    Ok(test.envs(environment).quiet().run().is_ok())
}
