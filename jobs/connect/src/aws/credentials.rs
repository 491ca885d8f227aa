//! Credentials of profiles. A program that was compiled without one of their kinds says so, and names the kind; the
//! SDK's own message names only a feature of its crate.

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};

use crate::failure::chain;

/// The start of the SDK's message; the names of its features follow.
const DISABLED: &str = "cargo feature(s) enabled: ";

/// The kinds of profiles that the feature `profiles` adds, by the SDK's feature.
const KINDS: [(&str, &str); 3] = [
    ("sso", "IAM Identity Center (`sso_session`, `sso_start_url`)"),
    ("credentials-process", "`credential_process`"),
    ("credentials-login", "`aws login` (`login_session`)"),
];

/// Returns the provider with clear errors.
pub(super) fn supported(provider: SharedCredentialsProvider) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Supported(provider))
}

#[derive(Debug)]
struct Supported(SharedCredentialsProvider);

impl ProvideCredentials for Supported {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async move {
            let found = self.0.provide_credentials().await;
            found.map_err(|error| match missing_kind(&chain(&error)) {
                Some(kind) => CredentialsError::invalid_configuration(format!(
                    "the profile uses {kind}, and this program was compiled without it: compile it with the cargo \
                     feature `profiles`, or use a role or keys"
                )),
                None => error,
            })
        })
    }
}

/// Returns the kind of profile that was compiled out, according to the SDK's message.
fn missing_kind(message: &str) -> Option<&'static str> {
    let (_, features) = message.split_once(DISABLED)?;
    KINDS.iter().find(|(feature, _)| features.starts_with(feature)).map(|(_, kind)| *kind)
}

#[cfg(test)]
#[path = "../../tests/unit/aws/credentials.rs"]
mod tests;
