//! Browsers: Chromium for tests, and the user's own.

#[cfg(feature = "cloud")]
use std::path::Path;
#[cfg(feature = "cloud")]
use std::process::{Command, Stdio};

/// Whether a Chromium is installed: `$CHROMIUM`, or its names in distributions.
pub fn has_chromium() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
    std::env::var_os("CHROMIUM").is_some()
        || std::env::split_paths(&path).any(|folder| names.iter().any(|name| folder.join(name).is_file()))
}

/// Opens a file in the user's browser: `$BROWSER`, else the desktop's. False if there is none, such as on a machine without a
/// screen, or it fails. Its environment has no AWS variables, and its command line only the file's name. Returns after the
/// browser has had time to read the file.
#[cfg(feature = "cloud")]
pub fn browse(file: &Path, reading: std::time::Duration) -> bool {
    let Some(mut command) = browser() else { return false };
    let child = command.arg(file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let Ok(mut child) = child else { return false };
    std::thread::sleep(reading);
    // A program that still runs is the browser itself.
    !matches!(child.try_wait(), Ok(Some(status)) if !status.success())
}

#[cfg(feature = "cloud")]
fn browser() -> Option<Command> {
    let has = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = |name: &&str| std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
    let opener = if cfg!(target_os = "macos") {
        Some("open")
    } else if has("DISPLAY") || has("WAYLAND_DISPLAY") {
        Some("xdg-open")
    } else {
        None
    };
    let own = std::env::var("BROWSER").ok().filter(|own| !own.is_empty());
    let program = own.or_else(|| opener.filter(is_there).map(str::to_owned))?;
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
        command.env_remove(name);
    }
    Some(command)
}
