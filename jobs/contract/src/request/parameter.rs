//! The values of a request, some of which are secrets.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A value of a request: a text, number or boolean, or `{secret: NAME}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Parameter {
    /// A value that everyone may read.
    Plain(String),
    /// A value that an environment variable contains.
    Secret {
        /// The name of the variable.
        secret: String,
    },
}

impl Parameter {
    /// Returns the name of the secret.
    pub fn secret(&self) -> Option<&str> {
        match self {
            Self::Secret { secret } => Some(secret),
            Self::Plain(_) => None,
        }
    }
}

impl<'de> Deserialize<'de> for Parameter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ParameterVisitor)
    }
}

struct ParameterVisitor;

impl<'de> Visitor<'de> for ParameterVisitor {
    type Value = Parameter;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, true, false or {secret: NAME}")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Parameter, E> {
        Ok(Parameter::Plain(text.to_owned()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Parameter, E> {
        Ok(Parameter::Plain(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Parameter, E> {
        Ok(Parameter::Plain(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Parameter, E> {
        Ok(Parameter::Plain(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Parameter, E> {
        Ok(Parameter::Plain(value.to_string()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parameter, A::Error> {
        let Some((key, secret)) = map.next_entry::<String, String>()? else {
            return Err(A::Error::custom("an empty mapping; write {secret: NAME}"));
        };
        let more = map.next_key::<String>()?;
        match more.map_or(key, |more| more) {
            key if key == "secret" => Ok(Parameter::Secret { secret }),
            key => Err(A::Error::custom(format!("unknown field `{key}`, expected `secret`"))),
        }
    }
}
