//! The programs installed on this machine.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::sys::statvfs::statvfs;

use crate::doctor::Compilers;

/// The first line of a program's output; `None` if it is missing or fails.
pub fn says(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
    Some(text.lines().next().unwrap_or_default().trim().to_owned())
}

/// Whether Python can create environments with pip: Debian ships `venv` without `ensurepip`.
pub fn has_venv() -> bool {
    says("python3", &["-c", "import venv, ensurepip"]).is_some()
}

/// The output of `rustc -vV`.
pub fn rustc() -> Option<String> {
    let output = Command::new("rustc").arg("-vV").output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

/// The installed compilers.
pub fn compilers() -> Compilers {
    Compilers { host: host(), targets: targets(), static_libc: static_libc().is_some() }
}

/// The default target of rustc.
fn host() -> Option<String> {
    rustc()?.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned)
}

/// The targets whose standard library is installed.
fn targets() -> Vec<String> {
    let Some(root) = says("rustc", &["--print", "sysroot"]) else { return Vec::new() };
    let entries = std::fs::read_dir(PathBuf::from(root).join("lib/rustlib")).into_iter().flatten().flatten();
    let whole = entries.filter(|entry| {
        let files = std::fs::read_dir(entry.path().join("lib")).into_iter().flatten().flatten();
        files.into_iter().any(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
    });
    whole.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// The static C library of the C compiler, which prints an absolute path only if it finds the file.
pub fn static_libc() -> Option<PathBuf> {
    says("cc", &["-print-file-name=libc.a"]).map(PathBuf::from).filter(|path| path.is_absolute())
}

/// The file with the root certificates of this machine.
pub fn certificates() -> Option<PathBuf> {
    let named = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    named.or_else(|| Some("/etc/ssl/certs/ca-certificates.crt".into())).filter(|file| file.is_file())
}

/// The free GiB on the file system of a folder.
pub fn free_gib(folder: &Path) -> Option<u64> {
    let found = statvfs(folder).ok()?;
    Some(found.blocks_available().saturating_mul(found.fragment_size()) >> 30)
}

/// A file's permission bits, if it exists.
pub fn mode(path: &Path) -> Option<u32> {
    Some(std::fs::metadata(path).ok()?.permissions().mode() & 0o7777)
}
