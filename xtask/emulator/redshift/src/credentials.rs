//! The temporary passwords that GetCredentials returns, and which the wire protocol accepts until they expire.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};

/// The passwords of database users; clones share them.
#[derive(Clone, Default)]
pub struct Issued(Arc<Mutex<BTreeMap<String, Vec<Password>>>>);

struct Password {
    text: String,
    /// None for the password of the administrator.
    expires: Option<SystemTime>,
}

impl fmt::Debug for Issued {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Issued")
    }
}

impl Issued {
    /// A new password of a user, valid for this time from now.
    pub fn issue(&self, user: &str, lifetime: Duration) -> Result<String> {
        let mut random = [0_u8; 24];
        getrandom::getrandom(&mut random).context("no random bytes")?;
        let text: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        self.add(user, Password { text: text.clone(), expires: Some(SystemTime::now() + lifetime) });
        Ok(text)
    }

    /// Accepts a password that does not expire.
    pub fn permanent(&self, user: &str, password: &str) {
        self.add(user, Password { text: password.to_owned(), expires: None });
    }

    /// Whether the password was issued to this user and is still valid.
    pub fn accepts(&self, user: &str, password: &str) -> bool {
        let issued = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let valid = |known: &Password| {
            known.text == password && known.expires.is_none_or(|expires| SystemTime::now() < expires)
        };
        issued.get(user).is_some_and(|passwords| passwords.iter().any(valid))
    }

    fn add(&self, user: &str, password: Password) {
        let mut issued = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        issued.entry(user.to_owned()).or_default().push(password);
    }
}
