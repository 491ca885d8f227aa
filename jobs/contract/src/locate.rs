//! The line of a YAML text that a path is written on.
//!
//! serde has no spans, but the YAML reader gives every error its line. So the path is followed to its value, which is
//! then refused on purpose.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, IgnoredAny, MapAccess, SeqAccess, VariantAccess, Visitor};

/// The line, from 1, of `path` (keys and list positions from the top), or of its nearest existing parent.
#[must_use]
pub fn line_of(text: &str, path: &[&str]) -> Option<usize> {
    (0..=path.len()).rev().find_map(|depth| {
        let reader = serde_yaml::Deserializer::from_str(text);
        let error = Follow(path.get(..depth)?).deserialize(reader).err()?;
        if error.to_string().contains(HERE) { error.location().map(|place| place.line()) } else { None }
    })
}

const HERE: &str = "the value at the end of the path";

/// Refuses every value.
struct Refuse;

impl Visitor<'_> for Refuse {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HERE)
    }
}

/// The rest of the path.
struct Follow<'p>(&'p [&'p str]);

impl<'de> DeserializeSeed<'de> for Follow<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.0.is_empty() { deserializer.deserialize_any(Refuse) } else { deserializer.deserialize_any(self) }
    }
}

impl<'de> Visitor<'de> for Follow<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping or a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == self.0[0] {
                map.next_value_seed(Follow(&self.0[1..]))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        for _ in 0..self.0[0].parse().unwrap_or(usize::MAX) {
            if list.next_element::<IgnoredAny>()?.is_none() {
                return Ok(());
            }
        }
        list.next_element_seed(Follow(&self.0[1..])).map(drop)
    }

    /// A tag is not a step of the path.
    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<(), A::Error> {
        let (IgnoredAny, value) = tagged.variant()?;
        value.newtype_variant_seed(self)
    }
}

#[cfg(test)]
mod tests {
    use super::line_of;

    #[test]
    fn finds_scalars_mappings_list_elements_and_the_nearest_parent_of_a_missing_key() {
        let text = "a: 1\nb:\n  c: {d: x, e: 2}\n  f:\n    - 1\n    - g: true\n";
        assert_eq!(line_of(text, &["a"]), Some(1));
        assert_eq!(line_of(text, &["b", "c", "e"]), Some(3));
        assert_eq!(line_of(text, &["b", "f", "1", "g"]), Some(6));
        assert_eq!(line_of(text, &["b", "f", "0"]), Some(5));
        assert_eq!(line_of(text, &["b", "c", "missing"]), Some(3));
    }

    #[test]
    fn tags_are_not_steps() {
        let text = "a: !Ref x\nb: !If\n  - c\n  - !Sub d\n";
        assert_eq!(line_of(text, &["a"]), Some(1));
        assert_eq!(line_of(text, &["b", "1"]), Some(4));
    }
}
