//! A temporary file without a name, for data that would otherwise need unbounded memory.

use std::fs::File;
use std::io::{Error, Result, Write};
use std::os::unix::fs::FileExt;

use crate::table::Spill;

/// A temporary file in `TMPDIR` (default `/tmp`), created at the first write. Because it has no name, nothing is left
/// behind however the program exits.
#[derive(Debug, Default)]
pub struct Scratch(Option<File>);

impl Spill for Scratch {
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let file = match &mut self.0 {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.write_all(bytes)
    }

    fn read(&self, at: u64, into: &mut [u8]) -> Result<()> {
        let file = self.0.as_ref().ok_or_else(|| Error::other("nothing was written to the temporary file"))?;
        file.read_exact_at(into, at)
    }
}
