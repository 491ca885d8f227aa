//! This machine: its programs and file systems, and this process's environment.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::sys::statvfs::statvfs;

use crate::doctor::Compilers;
use crate::settings::{Origin, Variable, Variables};

/// Returns the first line of a program's output; `None` if the program is missing or fails.
pub fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    Some(output(program, arguments)?.lines().next().unwrap_or_default().trim().to_owned())
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    String::from_utf8(output.stdout).ok().filter(|_| output.status.success())
}

/// Whether one of these programs is on PATH.
fn is_on_path(programs: &[&str]) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| programs.iter().any(|program| folder.join(program).is_file()))
}

/// Whether Chromium is installed: `$CHROMIUM`, or one of its program names on PATH.
pub fn has_chromium() -> bool {
    let names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
    std::env::var_os("CHROMIUM").is_some() || is_on_path(&names)
}

/// Whether a C++ compiler is installed where the libFuzzer build looks for one.
pub fn has_cpp_compiler() -> bool {
    std::env::var_os("CXX").is_some() || is_on_path(&["c++"])
}

/// Returns the output of `rustc -vV`.
pub fn rustc() -> Option<String> {
    Some(output("rustc", &["-vV"])?.trim().to_owned())
}

pub fn compilers() -> Compilers {
    let rustc = rustc().unwrap_or_default();
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned);
    Compilers { host, targets: targets(), static_libc: static_libc().is_some() }
}

/// Returns the targets whose standard library is installed.
fn targets() -> Vec<String> {
    let Some(root) = first_line("rustc", &["--print", "sysroot"]) else { return Vec::new() };
    let entries = std::fs::read_dir(PathBuf::from(root).join("lib/rustlib")).into_iter().flatten().flatten();
    let installed = entries.filter(|entry| {
        let files = std::fs::read_dir(entry.path().join("lib")).into_iter().flatten().flatten();
        files.into_iter().any(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
    });
    installed.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Returns the path of the static C library. The C compiler prints an absolute path only if it finds the file.
pub fn static_libc() -> Option<PathBuf> {
    first_line("cc", &["-print-file-name=libc.a"]).map(PathBuf::from).filter(|path| path.is_absolute())
}

/// Returns the file with this machine's root certificates.
pub fn certificates() -> Option<PathBuf> {
    let named = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    named.or_else(|| Some("/etc/ssl/certs/ca-certificates.crt".into())).filter(|file| file.is_file())
}

/// Returns the free space, in GiB, on a folder's file system.
pub fn free_gib(folder: &Path) -> Option<u64> {
    let found = statvfs(folder).ok()?;
    Some(found.blocks_available().saturating_mul(found.fragment_size()) >> 30)
}

/// Returns a file's permission bits, if it exists.
pub fn mode(path: &Path) -> Option<u32> {
    Some(std::fs::metadata(path).ok()?.permissions().mode() & 0o7777)
}

/// Merges the variables from `.env` with the environment, which overrides them.
pub fn with_environment(mut variables: Variables) -> Variables {
    // A variable that is not UTF-8 cannot be a valid setting.
    for (name, value) in std::env::vars_os() {
        if let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) {
            // An empty variable counts as unset, as in `.env.example`.
            if !value.trim().is_empty() || !variables.contains_key(&name) {
                variables.insert(name, Variable { value, origin: Origin::Environment });
            }
        }
    }
    variables
}
