//! The user's browser.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Opens a file in the user's browser: `$BROWSER`, else the desktop's. False if there is no browser, such as on a machine without
/// a screen, or if it fails. Its environment has no AWS variables, and its command line only the file's name. Returns after the
/// browser has had time to read the file.
pub fn browse(file: &Path, reading: Duration) -> bool {
    let has = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let desktop = if cfg!(target_os = "macos") {
        Some("open")
    } else {
        (has("DISPLAY") || has("WAYLAND_DISPLAY")).then_some("xdg-open")
    };
    let browser = std::env::var("BROWSER").ok().filter(|browser| !browser.is_empty());
    let Some(program) = browser.or_else(|| desktop.map(str::to_owned)) else { return false };
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
        command.env_remove(name);
    }
    let child = command.arg(file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let Ok(mut child) = child else { return false };
    std::thread::sleep(reading);
    // A program that still runs is the browser itself.
    !matches!(child.try_wait(), Ok(Some(status)) if !status.success())
}
