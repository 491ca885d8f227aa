//! The values of a contract's secrets, and their removal from texts and responses.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use connect::Secret;
use contract::{Parameter, Personal};

use crate::failure::Failure;

/// The length in bytes from which a secret is removed from responses: a shorter one would also occur by chance.
const SHORTEST: usize = 6;

/// What is written instead of a secret.
pub const HIDDEN: &str = Personal::MASK;

/// The values of secrets by name.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    values: BTreeMap<String, Secret>,
    /// Every form in which a secret may be written, the longest first.
    forms: Vec<Secret>,
}

impl Secrets {
    /// Creates the secrets of a contract. `find` returns the value of a name; fails if there is none for one of them.
    pub fn new<'n>(
        names: impl IntoIterator<Item = &'n str>,
        find: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        let (mut secrets, mut missing) = (Self::default(), Vec::new());
        for name in names {
            match find(name).filter(|value| !value.is_empty()) {
                Some(value) => {
                    secrets.hide(&value);
                    secrets.values.insert(name.to_owned(), value.into());
                }
                None => missing.push(format!("`{name}`")),
            }
        }
        if missing.is_empty() {
            return Ok(secrets);
        }
        let message = format!("the contract needs the secret {}, which is not set", missing.join(", "));
        let hint = "set an environment variable of this name, for `cargo xtask local` also in `.env`";
        Err(Failure::refused(message).hint(hint))
    }

    /// Returns the value of a parameter; empty for a secret that the contract does not have.
    pub fn of(&self, parameter: &Parameter) -> String {
        match parameter {
            Parameter::Plain(text) => text.clone(),
            Parameter::Secret { secret } => self.values.get(secret).map_or("", Secret::expose).to_owned(),
        }
    }

    /// Adds a text that is hidden from now on.
    pub fn hide(&mut self, text: &str) {
        let quoted = serde_json::to_string(text).unwrap_or_default();
        let quoted = quoted.get(1..quoted.len() - 1).unwrap_or_default();
        let mut forms = vec![text.to_owned(), quoted.to_owned(), quoted.replace('/', "\\/")];
        // Encoders of JSON escape different characters, and write hexadecimal digits in either case.
        for escaped in ["", "&<>", "&<>'+`\""] {
            forms.push(escape(text, escaped, |unit| format!("\\u{unit:04x}")));
            forms.push(escape(text, escaped, |unit| format!("\\u{unit:04X}")));
        }
        // The same for URLs.
        for kept in ["", "-._~", "*-._", "-._~/", "-_.!~*'()", "-._~!$'()*,/:;?@", "-._~!$&'()*+,/:;=?@[]{}|^`\\%"] {
            let encoded = |hex: fn(u8) -> String| -> String {
                let is_kept = |byte: u8| byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte);
                text.bytes().map(|byte| if is_kept(byte) { char::from(byte).to_string() } else { hex(byte) }).collect()
            };
            let both = [encoded(|byte| format!("%{byte:02X}")), encoded(|byte| format!("%{byte:02x}"))];
            forms.extend(both.iter().map(|form| form.replace("%20", "+")));
            forms.extend(both);
        }
        // HTML; `&` is first, because the others contain it.
        let entities = [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;")];
        forms.push(entities.iter().fold(text.to_owned(), |text, (char, entity)| text.replace(*char, entity)));
        // Without padding, because what follows depends on the encoder.
        forms.extend([STANDARD_NO_PAD, URL_SAFE_NO_PAD].map(|encoder| encoder.encode(text)));
        forms.retain(|form| form.len() >= SHORTEST);
        self.forms.extend(forms.into_iter().map(Secret::from));
        self.forms
            .sort_by(|one, other| other.expose().len().cmp(&one.expose().len()).then(one.expose().cmp(other.expose())));
        self.forms.dedup();
    }

    /// Returns whether nothing has to be hidden.
    pub fn is_empty(&self) -> bool {
        self.forms.is_empty()
    }

    /// Returns the text without secrets.
    pub fn hidden(&self, text: &str) -> String {
        self.forms.iter().fold(text.to_owned(), |text, form| text.replace(form.expose(), HIDDEN))
    }

    /// Starts to remove secrets from bytes that arrive in pieces.
    pub fn filter(&self) -> Filter {
        Filter { forms: self.forms.clone(), rest: Vec::new(), found: false }
    }
}

/// Escapes the characters outside ASCII, control characters and some others as a JSON string does.
fn escape(text: &str, others: &str, write: fn(u16) -> String) -> String {
    let one = |char: char| match char {
        '\\' => "\\\\".to_owned(),
        '"' if !others.contains('"') => "\\\"".to_owned(),
        _ if char.is_ascii() && !char.is_ascii_control() && !others.contains(char) => char.to_string(),
        _ => char.encode_utf16(&mut [0; 2]).iter().map(|unit| write(*unit)).collect(),
    };
    text.chars().map(one).collect()
}

/// Removes secrets from bytes that arrive in pieces.
#[derive(Debug)]
pub struct Filter {
    forms: Vec<Secret>,
    /// The last bytes, which may be the start of a secret.
    rest: Vec<u8>,
    /// Whether there was a secret.
    pub found: bool,
}

impl Filter {
    /// Adds the next piece; returns the bytes that cannot be part of a secret.
    pub fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        self.rest.extend_from_slice(piece);
        for form in self.forms.iter().map(|form| form.expose().as_bytes()) {
            let found: Vec<usize> = memchr::memmem::find_iter(&self.rest, form).collect();
            if found.is_empty() {
                continue;
            }
            self.found = true;
            let (mut clean, mut start) = (Vec::with_capacity(self.rest.len()), 0);
            for at in found {
                clean.extend_from_slice(&self.rest[start..at]);
                clean.extend_from_slice(HIDDEN.as_bytes());
                start = at + form.len();
            }
            clean.extend_from_slice(&self.rest[start..]);
            self.rest = clean;
        }
        let longest = self.forms.first().map_or(1, |form| form.expose().len());
        let done = self.rest.len().saturating_sub(longest - 1);
        let rest = self.rest.split_off(done);
        std::mem::replace(&mut self.rest, rest)
    }

    /// Returns the last bytes.
    pub fn end(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.rest)
    }
}

#[cfg(test)]
#[path = "../tests/unit/secrets.rs"]
mod tests;
