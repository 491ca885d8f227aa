//! The output of a test suite: in a file, on the terminal, or both.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::PathBuf;
use std::process::Command;
use std::sync::mpsc::channel;
use std::time::Duration;

use anyhow::{Context, Result};

/// The maximum time until the end of the output is read: a process that is left behind may keep it open.
const REST: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug)]
enum Place {
    /// With colours and progress bars, but not in the file.
    Terminal,
    File,
    Both,
}

/// Where the output goes.
#[derive(Clone, Debug)]
pub struct Log {
    path: PathBuf,
    place: Place,
}

impl Log {
    /// Starts an empty file. Without other suites beside it, the output is also printed at once.
    pub fn new(path: PathBuf, is_alone: bool) -> Result<Self> {
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        File::create(&path).with_context(|| format!("cannot write `{}`", path.display()))?;
        let place = match (is_alone, std::io::stderr().is_terminal()) {
            (false, _) => Place::File,
            (true, true) => Place::Terminal,
            (true, false) => Place::Both,
        };
        Ok(Self { path, place })
    }

    pub fn text(&self) -> Result<String> {
        // Programs may print anything.
        Ok(String::from_utf8_lossy(&fs::read(&self.path)?).into_owned())
    }

    /// Adds a text, and prints it if the output is printed at once.
    pub fn add(&self, text: &str) -> Result<()> {
        writeln!(self.file()?, "{text}")?;
        if !matches!(self.place, Place::File) {
            eprintln!("{text}");
        }
        Ok(())
    }

    fn file(&self) -> Result<File> {
        let file = File::options().append(true).open(&self.path);
        file.with_context(|| format!("cannot write to `{}`", self.path.display()))
    }

    /// Runs a command; returns whether it succeeded.
    pub(super) fn run(&self, mut command: Command) -> Result<bool> {
        let start = "cannot start cargo";
        if let Place::File = self.place {
            command.stdout(self.file()?).stderr(self.file()?);
        }
        if let Place::Terminal | Place::File = self.place {
            return Ok(command.status().context(start)?.success());
        }
        let (reader, writer) = std::io::pipe()?;
        let mut child = command.stdout(writer.try_clone()?).stderr(writer).spawn().context(start)?;
        // It keeps the pipe open.
        drop(command);
        let (mut file, (ended, end)) = (self.file()?, channel::<()>());
        std::thread::spawn(move || {
            for line in BufReader::new(reader).split(b'\n').map_while(Result::ok) {
                let line = [line.as_slice(), b"\n"].concat();
                let _ = file.write_all(&line);
                let _ = std::io::stderr().write_all(&line);
            }
            drop(ended);
        });
        let passed = child.wait()?.success();
        let _ = end.recv_timeout(REST);
        Ok(passed)
    }
}
