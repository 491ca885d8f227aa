//! Checks JSON that is stored as received, and shortens serde_json's messages.

use std::borrow::Cow;

use crate::limits::{self, JSON_BYTES, Json, LEVELS, TEXT_BYTES};

/// Returns a JSON column's text: as received, without the white space between its tokens.
/// Fails if it does not fit into a SUPER value.
pub(super) fn storable(json: &str) -> Result<Cow<'_, str>, String> {
    let (_, kept) = read(json)?;
    limits::length(&kept, JSON_BYTES).map_err(|defect| defect.problem)?;
    Ok(kept)
}

/// Like [`storable`], for a field of `_extra`, which is one level deeper; the row checks the length of `_extra`. The path
/// is the field's name there.
pub(super) fn storable_inside<'a>(path: &str, json: &'a str) -> Result<Cow<'a, str>, String> {
    limits::text(path, TEXT_BYTES).map_err(|defect| format!("the field name {}", defect.problem))?;
    let (found, kept) = read(json)?;
    if found.depth == LEVELS {
        return Err(format!("JSON with more than {LEVELS} levels"));
    }
    Ok(kept)
}

fn read(json: &str) -> Result<(Json, Cow<'_, str>), String> {
    let found = limits::json(json).map_err(|defect| defect.problem)?;
    Ok((found, if found.spaced { limits::compact(json).into() } else { json.into() }))
}

/// Returns serde_json's message without the line and column, which are relative to the record.
pub(super) fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    // The grammar is valid, so the escape can only be half a surrogate pair.
    if text.contains("hex escape") {
        return "an unpaired surrogate in a \\u escape".to_owned();
    }
    text.rsplit_once(" at line ").map_or(text.clone(), |(problem, _)| problem.to_owned())
}
