//! A file without a name that lives as long as the program: what would take memory that grows lies here.

use std::fs::File;
use std::io::{Error, Result, Write};
use std::os::unix::fs::FileExt;

use crate::table::Shelf;

/// A temporary file in `TMPDIR` (else `/tmp`), made when the first bytes come. It has no name, so that nothing is left
/// however the program ends.
#[derive(Debug, Default)]
pub struct Scratch(Option<File>);

impl Shelf for Scratch {
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let file = match &mut self.0 {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.write_all(bytes)
    }

    fn read(&self, at: u64, into: &mut [u8]) -> Result<()> {
        let file = self.0.as_ref().ok_or_else(|| Error::other("nothing was put into the temporary file"))?;
        file.read_exact_at(into, at)
    }
}
