//! A JSON value with its fields in order and its numbers as written: a float would change large integers.

use indexmap::IndexMap;
use serde_json::value::RawValue;

#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Self>),
    Object(IndexMap<String, Self>),
}

impl Json {
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let text = text.trim_start();
        Ok(match text.bytes().next() {
            Some(b'{') => {
                let fields: IndexMap<String, &RawValue> = serde_json::from_str(text)?;
                let parsed = fields.into_iter().map(|(name, value)| Ok((name, Self::parse(value.get())?)));
                Self::Object(parsed.collect::<Result<_, serde_json::Error>>()?)
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text)?;
                Self::List(items.into_iter().map(|item| Self::parse(item.get())).collect::<Result<_, _>>()?)
            }
            Some(b'"') => Self::Text(serde_json::from_str(text)?),
            Some(b't' | b'f') => Self::Bool(serde_json::from_str(text)?),
            Some(b'n') => serde_json::from_str::<()>(text).map(|()| Self::Null)?,
            _ => Self::Number(serde_json::from_str::<&RawValue>(text)?.get().trim().to_owned()),
        })
    }

    /// Returns the value at a dotted path.
    pub fn at(&self, path: &str) -> Option<&Self> {
        path.split('.').try_fold(self, |value, step| value.fields()?.get(step))
    }

    pub fn fields(&self) -> Option<&IndexMap<String, Self>> {
        if let Self::Object(fields) = self { Some(fields) } else { None }
    }

    pub fn list(&self) -> Option<&[Self]> {
        if let Self::List(items) = self { Some(items) } else { None }
    }

    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub fn count(&self) -> Option<u64> {
        if let Self::Number(number) = self { number.parse().ok() } else { None }
    }
}
