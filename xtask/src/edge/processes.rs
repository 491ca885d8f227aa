//! Background processes of a rehearsal: found by a variable in their environment or by their process group, and stopped.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::failure::Failure;

/// Time to exit after SIGTERM.
const PATIENCE: Duration = Duration::from_secs(8);
/// Time to exit after SIGKILL, in total.
const AT_MOST: Duration = Duration::from_secs(20);

/// How its processes are recognised.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'o> {
    /// Name and value of the variable in their environment.
    pub mark: (&'o str, &'o str),
    /// Their process groups: a program that changes its title overwrites its environment, but keeps its group.
    pub groups: &'o BTreeSet<i32>,
    /// Their working directory, as the number of a group may be reused by a process elsewhere.
    pub dir: &'o Path,
}

/// The ids of the owner's processes, without those of other users and those that exit meanwhile.
pub fn of(owner: Owner<'_>) -> BTreeSet<i32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    ids.filter(|id| *id != std::process::id().cast_signed() && is_of(*id, owner)).collect()
}

fn is_of(id: i32, owner: Owner<'_>) -> bool {
    let process = Path::new("/proc").join(id.to_string());
    let Ok(stat) = std::fs::read_to_string(process.join("stat")) else { return false };
    // After the name in parentheses, which may contain anything: state, parent and group (proc(5)).
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

/// Stops them with SIGTERM, then SIGKILL; returns their number.
///
/// # Errors
/// When some do not exit.
pub fn end(owner: Owner<'_>) -> Result<usize> {
    let (began, mut seen) = (Instant::now(), BTreeSet::new());
    loop {
        let left = of(owner);
        if left.is_empty() {
            return Ok(seen.len());
        }
        let patient = began.elapsed() < PATIENCE;
        for id in &left {
            // SIGTERM once, later SIGKILL.
            if seen.insert(*id) || !patient {
                let signal = if patient { Signal::SIGTERM } else { Signal::SIGKILL };
                match kill(Pid::from_raw(*id), signal) {
                    Ok(()) | Err(Errno::ESRCH) => {}
                    Err(error) => bail!(Failure::new(format!("cannot stop process {id}: {error}"))),
                }
            }
        }
        if began.elapsed() > AT_MOST {
            bail!(Failure::new(format!("these processes do not exit: {left:?}")));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn marked_processes_and_those_of_our_groups_are_found_and_no_others() {
        use std::os::unix::process::CommandExt;
        let dir = tempfile::tempdir().expect("a folder");
        let elsewhere = tempfile::tempdir().expect("a folder");
        let value = format!("ours-{}", std::process::id());
        let mark = ("A_MARK", value.as_str());
        let start = |folder: &Path, mark: Option<(&str, &str)>| {
            let mut command = Command::new("sleep");
            command.arg("60").current_dir(folder).process_group(0).stdin(Stdio::null());
            command.envs(mark);
            command.spawn().expect("sleep starts")
        };
        let mut marked = start(elsewhere.path(), Some(mark));
        let mut grouped = start(dir.path(), None);
        // A group's number that is somebody else's by now.
        let mut reused = start(elsewhere.path(), None);
        // A person who looks around in our folder.
        let mut person = start(dir.path(), None);
        let id = |child: &std::process::Child| child.id().cast_signed();
        let groups = BTreeSet::from([id(&grouped), id(&reused)]);
        let owner = Owner { mark, groups: &groups, dir: &dir.path().canonicalize().expect("a path") };
        assert_eq!(of(owner), BTreeSet::from([id(&marked), id(&grouped)]));
        assert_eq!(end(owner).expect("they end"), 2);
        assert!(of(owner).is_empty());
        for child in [&mut reused, &mut person] {
            assert!(child.try_wait().expect("asked").is_none(), "left alone");
            child.kill().expect("killed");
            child.wait().expect("waited");
        }
        for child in [&mut marked, &mut grouped] {
            assert!(!child.wait().expect("waited").success());
        }
    }
}
