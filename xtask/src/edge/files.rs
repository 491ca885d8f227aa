//! Files, folders and the clock.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::failure::Failure;

/// Returns the repository root: the clone around the current folder, or else the one this program was compiled in.
pub fn root() -> PathBuf {
    let around = std::env::current_dir().unwrap_or_default();
    let compiled = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = around.ancestors().find(|folder| folder.join("xtask/Cargo.toml").is_file());
    found.or(compiled.parent()).unwrap_or(compiled).to_owned()
}

/// Returns the path of this program in cargo's target folder. The file may be newer than this process.
pub fn own_program() -> String {
    std::env::current_exe().unwrap_or_default().with_file_name("xtask").display().to_string()
}

/// Formats a path for messages: relative if it is below the current folder.
pub fn shown(path: &Path) -> String {
    let current = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(current).unwrap_or(path).display().to_string()
}

/// Creates a folder and its parents, and returns its absolute path.
pub fn folder(path: &Path) -> Result<PathBuf> {
    fs::create_dir_all(path).with_context(|| format!("cannot create the folder `{}`", path.display()))?;
    path.canonicalize().with_context(|| format!("cannot resolve the path of the folder `{}`", path.display()))
}

/// Locks a folder until the returned file is dropped. Fails if another process holds the lock.
pub fn lock(dir: &Path) -> Result<File> {
    let failure = || Failure::new(format!("another command is using `{}`", dir.display()));
    Ok(try_lock(dir)?.ok_or_else(|| failure().hint("wait until it has finished, or pass a different --dir"))?)
}

/// Like [`lock`], but returns `None` if another process holds the lock.
pub fn try_lock(dir: &Path) -> Result<Option<File>> {
    let file = lock_file(dir)?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Ok(None),
        result => result.map(|()| Some(file)).with_context(|| format!("cannot lock `{}`", dir.display())),
    }
}

/// Like [`lock`], but waits until no other process holds the lock.
pub fn wait_for_lock(dir: &Path) -> Result<File> {
    let file = lock_file(dir)?;
    file.lock().with_context(|| format!("cannot lock `{}`", dir.display()))?;
    Ok(file)
}

fn lock_file(dir: &Path) -> Result<File> {
    File::create(dir.join("lock")).with_context(|| format!("cannot write to `{}`", dir.display()))
}

/// Returns a file's text, or `None` if it does not exist.
pub fn read(path: &Path) -> Result<Option<String>> {
    let text = bytes(path)?.map(|bytes| contract::text(&bytes)).transpose();
    text.with_context(|| format!("cannot read `{}`", path.display()))
}

/// Returns a file's bytes, or `None` if it does not exist. A symbolic link to a missing file is an error.
pub fn bytes(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => Ok(None),
        content => content.map(Some).with_context(|| format!("cannot read `{}`", path.display())),
    }
}

/// Returns the paths of a folder's entries, in no particular order.
pub fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read the folder `{}`", folder.display()))?;
    Ok(entries.flatten().map(|entry| entry.path()).collect())
}

/// Writes a file; creates its folder if necessary.
pub fn write(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    folder.and_then(|()| fs::write(path, text)).with_context(|| format!("cannot write `{}`", path.display()))
}

/// Copies a file with its mode.
#[cfg(feature = "cloud")]
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    let copied = fs::copy(from, to).map(|_| ());
    copied.with_context(|| format!("cannot copy `{}` to `{}`", from.display(), to.display()))
}

/// Atomically writes a file that only its owner can read.
pub fn write_secret(path: &Path, text: &str) -> Result<()> {
    let next = path.with_extension("new");
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&next)?;
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        file.write_all(text.as_bytes())?;
        fs::rename(&next, path)
    };
    write().with_context(|| format!("cannot write `{}`", path.display()))
}

/// Removes a file, or a folder with its contents; returns false if it does not exist.
pub fn remove(path: &Path) -> Result<bool> {
    let result = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => Err(error),
    };
    result.with_context(|| format!("cannot remove `{}`", path.display()))?;
    Ok(true)
}

/// Returns a random string of lower-case hexadecimal digits.
pub fn secret() -> Result<String> {
    let mut bytes = [0_u8; 18];
    let read = File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
    read.context("cannot generate a password")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Returns the current UTC time, formatted with a chrono format string.
pub fn now(format: &str) -> String {
    chrono::Utc::now().format(format).to_string()
}

/// Returns the first folder found in `dir` whose path ends with `end`.
pub fn find(dir: &Path, end: &str) -> Option<PathBuf> {
    let mut open = vec![dir.to_owned()];
    while let Some(folder) = open.pop() {
        if folder.ends_with(end) {
            return Some(folder);
        }
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        open.extend(folders.map(|entry| entry.path()));
    }
    None
}

/// Returns every selected file in these folders of `root` and their subfolders: its relative path with `/` separators,
/// whether it is executable, and its bytes. Skips folders that are not selected. Fails if a selected path is a symbolic
/// link, whose target could be anywhere.
pub fn below(root: &Path, folders: &[&str], selects: impl Fn(&str) -> bool) -> Result<Vec<(String, bool, Vec<u8>)>> {
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root.join(folder)).collect();
    open.retain(|folder| folder.is_dir());
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot list `{}`", folder.display()))? {
            let entry = entry?;
            let (kind, path) = (entry.file_type()?, entry.path());
            let name = path.strip_prefix(root)?.to_str();
            let name = name.with_context(|| format!("the path `{}` is not valid UTF-8", path.display()))?.to_owned();
            if !selects(&name) {
                continue;
            }
            if kind.is_dir() {
                open.push(path);
            } else if kind.is_file() {
                let executable = entry.metadata()?.permissions().mode() & 0o100 != 0;
                // Skip a file that has been deleted in the meantime.
                found.extend(bytes(&path)?.map(|bytes| (name, executable, bytes)));
            } else if kind.is_symlink() {
                let failure = Failure::new(format!("`{}` is a symbolic link", path.display()));
                return Err(failure.hint("replace it with the file itself: symbolic links are not followed").into());
            }
        }
    }
    Ok(found)
}
