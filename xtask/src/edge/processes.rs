//! Finds and stops the processes of a rehearsal or a test suite by a variable in their environment or by their process group.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::failure::Failure;

/// Time until SIGKILL is sent, and until stopping fails.
const KILL_AFTER: Duration = Duration::from_secs(8);
const FAIL_AFTER: Duration = Duration::from_secs(20);

/// Criteria for finding the processes.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'o> {
    /// Name and value of the variable in their environment.
    pub mark: (&'o str, &'o str),
    /// Their process groups: a program that changes its title overwrites its environment, but keeps its group.
    pub groups: &'o BTreeSet<i32>,
    /// Their working directory, because an unrelated process may reuse a group ID.
    pub dir: &'o Path,
}

/// Returns the IDs of the owner's processes, except those of other users and those that exit in the meantime.
pub fn find(owner: Owner<'_>) -> BTreeSet<i32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    ids.filter(|id| *id != std::process::id().cast_signed() && is_owned(*id, owner)).collect()
}

fn is_owned(id: i32, owner: Owner<'_>) -> bool {
    let process = Path::new("/proc").join(id.to_string());
    let Ok(stat) = std::fs::read_to_string(process.join("stat")) else { return false };
    // The name in parentheses may contain anything. State, parent and group follow it (proc(5)).
    let Some((_, rest)) = stat.rsplit_once(") ") else { return false };
    let mut fields = rest.split(' ');
    if fields.next() == Some("Z") {
        return false;
    }
    let mark = format!("{}={}", owner.mark.0, owner.mark.1);
    let is_marked = std::fs::read(process.join("environ"))
        .is_ok_and(|text| text.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes()));
    let group = fields.nth(1).and_then(|group| group.parse().ok());
    let is_inside = || std::fs::read_link(process.join("cwd")).is_ok_and(|folder| folder.starts_with(owner.dir));
    is_marked || (group.is_some_and(|group| owner.groups.contains(&group)) && is_inside())
}

/// Stops the owner's processes with SIGTERM, then SIGKILL; returns their number. Fails if any of them do not exit.
pub fn stop(owner: Owner<'_>) -> Result<usize> {
    let (start, mut seen) = (Instant::now(), BTreeSet::new());
    loop {
        let running = find(owner);
        if running.is_empty() {
            return Ok(seen.len());
        }
        let signal = if start.elapsed() < KILL_AFTER { Signal::SIGTERM } else { Signal::SIGKILL };
        for id in &running {
            // Send SIGTERM only once.
            if seen.insert(*id) || signal == Signal::SIGKILL {
                match kill(Pid::from_raw(*id), signal) {
                    Ok(()) | Err(Errno::ESRCH) => {}
                    Err(error) => bail!(Failure::new(format!("cannot stop process {id}: {error}"))),
                }
            }
        }
        let failure = || format!("these processes did not exit within {} s: {running:?}", FAIL_AFTER.as_secs());
        ensure!(start.elapsed() <= FAIL_AFTER, Failure::new(failure()));
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[cfg(test)]
#[path = "../../tests/unit/edge/processes.rs"]
mod tests;
