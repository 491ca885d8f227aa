//! Whether JSON that is kept as it is can be held by a warehouse, and serde_json's words for why not.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::clean;

/// Checks JSON that is kept as it is: every number and string must be one that a warehouse can hold.
struct Storable;

/// JSON text without insignificant white space, or why no warehouse can hold it.
pub(super) fn storable(json: &str) -> Result<Cow<'_, str>, String> {
    match Storable.deserialize(&mut serde_json::Deserializer::from_str(json)) {
        Ok(()) => Ok(clean::compact(json)),
        Err(error) => Err(without_place(&error)),
    }
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

impl<'a> DeserializeSeed<'a> for Storable {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Storable {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        if text.contains('\0') { Err(E::custom("holds U+0000, which no warehouse keeps in text")) } else { Ok(()) }
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_key_seed(Storable)?.is_some() {
            map.next_value_seed(Storable)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Storable)?.is_some() {}
        Ok(())
    }
}
