//! JSON that is kept as it is, and serde_json's words for what it cannot read.

use std::borrow::Cow;

use crate::clean;
use crate::limits::{self, Json, LEVELS, TEXT_BYTES};

/// A JSON column's text: as it came, but for the white space between its tokens.
///
/// # Errors
/// Why no warehouse can hold it, in words. On its way to SUPER it passes through a column of text, so the whole of it
/// must fit there.
pub(super) fn storable(json: &str) -> Result<Cow<'_, str>, String> {
    let (_, kept) = read(json)?;
    limits::length(&kept, TEXT_BYTES).map_err(|flaw| flaw.problem)?;
    Ok(kept)
}

/// The same for a field of `_extra`, which is one level further inside. How long `_extra` may become is for the row to
/// say.
pub(super) fn storable_inside<'a>(name: &str, json: &'a str) -> Result<Cow<'a, str>, String> {
    limits::text(name, usize::MAX).map_err(|flaw| format!("the field's name {}", flaw.problem))?;
    let (found, kept) = read(json)?;
    if found.depth == LEVELS {
        return Err(format!("JSON of more than {LEVELS} levels"));
    }
    Ok(kept)
}

fn read(json: &str) -> Result<(Json, Cow<'_, str>), String> {
    let found = limits::json(json).map_err(|flaw| flaw.problem)?;
    Ok((found, if found.spaced { clean::compact(json) } else { Cow::Borrowed(json) }))
}

/// serde_json's words without their line and column, which count inside the record only.
pub(super) fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    // Where the grammar is sound, all that can be wrong with an escape is half of a pair.
    if text.contains("hex escape") {
        return "a hex escape of half a surrogate pair".to_owned();
    }
    text.rsplit_once(" at line ").map_or(text.clone(), |(problem, _)| problem.to_owned())
}
