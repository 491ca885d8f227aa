//! Decodes text, and finds the lines of problems in YAML.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess, SeqAccess, VariantAccess, Visitor,
};

/// Decodes a file's bytes as UTF-8, without a byte order mark.
pub fn text(bytes: &[u8]) -> Result<String, NotUtf8> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| NotUtf8(1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count()))?;
    Ok(without_bom(text).to_owned())
}

/// The first line, from 1, that is not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {0} is not UTF-8; save the file as UTF-8")]
pub struct NotUtf8(pub usize);

/// Removes the byte order mark that some editors and servers write before UTF-8. A JSON reader may ignore it (RFC 8259,
/// section 8.1); a YAML reader must (YAML 1.2.2, section 5.2).
#[must_use]
pub fn without_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Returns the line, from 1, and the fix for an error from the YAML reader.
pub fn explain(text: &str, error: &serde_yaml::Error) -> (Option<usize>, String) {
    let line = error.location().map(|place| place.line());
    let message = without_place(&error.to_string());
    let has_tab = |line: &str| line[..line.len() - line.trim_start().len()].contains('\t');
    let fix = if line.and_then(|line| text.lines().nth(line.saturating_sub(1))).is_some_and(has_tab) {
        "is indented with a tab; YAML allows only spaces"
    } else if let Some((_, rest)) = message.split_once("duplicate entry with key \"") {
        let key = rest.trim_end_matches('"');
        return (second(text, key, line.unwrap_or(1)).or(line), format!("`{key}` is defined twice; remove one"));
    } else if message.contains("unknown anchor") {
        "has an alias `*name` without an anchor `&name` before it; write the value itself"
    } else if message.contains("more than one document") {
        "contains more than one document, separated by `---`; use one document per file"
    } else if message.contains("as u128") || message.contains("as i128") {
        "has a number that is too large"
    } else {
        return (line, format!("is not valid YAML: {message}"));
    };
    (line, fix.to_owned())
}

/// Returns the line that contains a key for the second time, searching from the line where its mapping starts; the
/// reader does not report it.
fn second(text: &str, key: &str, from: usize) -> Option<usize> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let has = |line: &str| line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(':'));
    let mut lines = text.lines().enumerate().skip(from.saturating_sub(1)).filter(|(_, line)| has(line));
    let (_, first) = lines.next()?;
    lines.find(|(_, line)| indent(line) == indent(first)).map(|(index, _)| index + 1)
}

/// Returns the reader's message without the position at its end.
pub fn without_place(message: &str) -> String {
    message.rfind(" at line ").map_or(message, |end| &message[..end]).to_owned()
}

/// Returns the line, from 1, of `path` (keys and list positions from the top), or of its nearest existing parent.
#[must_use]
pub fn line_of(text: &str, path: &[&str]) -> Option<usize> {
    (0..=path.len()).rev().find_map(|depth| {
        let reader = serde_yaml::Deserializer::from_str(text);
        let error = Follow(path.get(..depth)?).deserialize(reader).err()?;
        if error.to_string().contains(HERE) { error.location().map(|place| place.line()) } else { None }
    })
}

/// serde has no spans, but the YAML reader adds the line to every error. So the path is followed to its value, which is
/// then rejected with this message.
const HERE: &str = "the value at the end of the path";

/// The rest of the path.
struct Follow<'p>(&'p [&'p str]);

impl<'de> DeserializeSeed<'de> for Follow<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Follow<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { HERE } else { "a mapping or a list" })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let [step, rest @ ..] = self.0 else { return Err(A::Error::custom(HERE)) };
        while let Some(key) = map.next_key::<String>()? {
            if key == *step {
                map.next_value_seed(Follow(rest))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let [step, rest @ ..] = self.0 else { return Err(A::Error::custom(HERE)) };
        for _ in 0..step.parse().unwrap_or(usize::MAX) {
            if list.next_element::<IgnoredAny>()?.is_none() {
                return Ok(());
            }
        }
        list.next_element_seed(Follow(rest)).map(drop)
    }

    /// A tag is not a step of the path.
    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<(), A::Error> {
        let (IgnoredAny, value) = tagged.variant()?;
        value.newtype_variant_seed(self)
    }
}

#[cfg(test)]
#[path = "../tests/unit/yaml.rs"]
mod tests;
