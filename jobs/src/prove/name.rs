//! An object's name can change what COPY does with it.

use super::refusal::{Code, Refusal};

/// COPY is documented to decompress columnar files by `.gz`, `.snappy` and `.bz2`; the others are refused out of
/// caution.
const COMPRESSED: [&str; 8] = [".gz", ".snappy", ".bz2", ".zst", ".zstd", ".lzo", ".lz4", ".deflate"];

/// Refuses a key that ends like a compressed file, in any case, or that Spectrum would skip as hidden.
pub(super) fn check(key: &str) -> Result<(), Refusal> {
    let name = key.rsplit('/').next().unwrap_or_default();
    let refused = |problem: String| Err(Refusal::new(Code::FileName, problem));
    let lower = name.to_ascii_lowercase();
    if let Some(end) = COMPRESSED.iter().find(|end| lower.ends_with(*end)) {
        return refused(format!("the name `{name}` ends in `{end}`, so COPY would decompress it"));
    }
    if name.is_empty() || name.starts_with(['_', '.', '#']) || name.ends_with('~') {
        return refused(format!("the name `{name}` is that of a hidden file, which COPY may skip"));
    }
    Ok(())
}
