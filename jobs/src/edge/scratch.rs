//! A temporary file without a name, for data that would otherwise need unbounded memory.

/// A temporary file in `TMPDIR` (default `/tmp`). Because it has no name, nothing is left behind however the program
/// exits.
pub type Scratch = tempfile::SpooledTempFile;

/// Returns a file that is created at the first write.
pub fn scratch() -> Scratch {
    Scratch::new(0)
}
