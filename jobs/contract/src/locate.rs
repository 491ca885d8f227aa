//! On which line of a YAML text a path lies.
//!
//! serde has no spans, but the YAML reader gives every error the line it arose on. So the line of a path is found by
//! walking down the path and failing there on purpose.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess, SeqAccess, VariantAccess, Visitor,
};

/// The 1-based line of `path` (keys and list positions from the top), or of the nearest part of it that is there.
#[must_use]
pub fn line_of(text: &str, path: &[&str]) -> Option<usize> {
    (0..=path.len()).rev().find_map(|depth| {
        let reader = serde_yaml::Deserializer::from_str(text);
        let found = Follow(path.get(..depth)?).deserialize(reader).err()?;
        if found.to_string().contains(HERE) { found.location().map(|place| place.line()) } else { None }
    })
}

const HERE: &str = "the place that was looked for";

struct Follow<'p>(&'p [&'p str]);

impl<'de> DeserializeSeed<'de> for Follow<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Follow<'_> {
    fn scalar<E: Error>(&self) -> Result<(), E> {
        if self.0.is_empty() { Err(E::custom(HERE)) } else { Ok(()) }
    }
}

impl<'de> Visitor<'de> for Follow<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((wanted, rest)) = self.0.split_first() else { return Err(A::Error::custom(HERE)) };
        while let Some(key) = map.next_key::<String>()? {
            if key == *wanted {
                map.next_value_seed(Follow(rest))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Some((wanted, rest)) = self.0.split_first() else { return Err(A::Error::custom(HERE)) };
        for position in 0.. {
            let found = if position.to_string() == *wanted {
                list.next_element_seed(Follow(rest))?
            } else {
                list.next_element::<IgnoredAny>()?.map(|_| ())
            };
            if found.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        self.scalar()
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.scalar()
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.scalar()
    }

    /// A value with a tag is no step of its own.
    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<(), A::Error> {
        let (IgnoredAny, value) = tagged.variant()?;
        value.newtype_variant_seed(self)
    }
}

#[cfg(test)]
mod tests {
    use super::line_of;

    #[test]
    fn finds_scalars_mappings_list_elements_and_the_nearest_part_of_what_is_not_there() {
        let text = "a: 1\nb:\n  c: {d: x, e: 2}\n  f:\n    - 1\n    - g: true\n";
        assert_eq!(line_of(text, &["a"]), Some(1));
        assert_eq!(line_of(text, &["b", "c", "e"]), Some(3));
        assert_eq!(line_of(text, &["b", "f", "1", "g"]), Some(6));
        assert_eq!(line_of(text, &["b", "f", "0"]), Some(5));
        assert_eq!(line_of(text, &["b", "c", "nothing"]), Some(3));
    }

    #[test]
    fn tags_are_looked_through() {
        let text = "a: !Ref x\nb: !If\n  - c\n  - !Sub d\n";
        assert_eq!(line_of(text, &["a"]), Some(1));
        assert_eq!(line_of(text, &["b", "1"]), Some(4));
    }
}
