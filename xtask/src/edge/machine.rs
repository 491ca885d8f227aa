//! What is installed on this machine, by asking it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::sys::statvfs::statvfs;

use crate::doctor::Compilers;

/// What a program says on its first line; `None` if it is not there or fails.
pub fn says(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
    Some(text.lines().next().unwrap_or_default().trim().to_owned())
}

/// Whether this Python makes environments with pip in them: Debian ships `venv` without `ensurepip`.
pub fn has_venv() -> bool {
    says("python3", &["-c", "import venv, ensurepip"]).is_some()
}

/// What the compiler says of itself (`rustc -vV`).
pub fn rustc() -> Option<String> {
    let output = Command::new("rustc").arg("-vV").output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

/// The installed compilers.
pub fn compilers() -> Compilers {
    Compilers { host: host(), targets: targets(), static_libc: static_libc().is_some() }
}

/// The triple that rustc compiles for by itself.
fn host() -> Option<String> {
    rustc()?.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned)
}

/// The triples whose standard library rustc has.
fn targets() -> Vec<String> {
    let Some(root) = says("rustc", &["--print", "sysroot"]) else { return Vec::new() };
    let entries = std::fs::read_dir(PathBuf::from(root).join("lib/rustlib")).into_iter().flatten().flatten();
    let whole = entries.filter(|entry| {
        let files = std::fs::read_dir(entry.path().join("lib")).into_iter().flatten().flatten();
        files.into_iter().any(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
    });
    whole.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// The static C library that the C compiler finds. What it does not find it gives back as it was asked.
pub fn static_libc() -> Option<PathBuf> {
    says("cc", &["-print-file-name=libc.a"]).map(PathBuf::from).filter(|path| path.is_absolute())
}

/// The certificates that programs of this machine trust, in one file.
pub fn certificates() -> Option<PathBuf> {
    let named = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    named.or_else(|| Some("/etc/ssl/certs/ca-certificates.crt".into())).filter(|file| file.is_file())
}

/// Whole GiB that we may still write where a folder lies.
pub fn free_gib(folder: &Path) -> Option<u64> {
    let found = statvfs(folder).ok()?;
    Some(found.blocks_available().saturating_mul(found.fragment_size()) >> 30)
}

/// A file's permission bits, if it is there.
pub fn mode(path: &Path) -> Option<u32> {
    Some(std::fs::metadata(path).ok()?.permissions().mode() & 0o7777)
}
