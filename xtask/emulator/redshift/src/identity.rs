//! Who calls: the access key in the credential scope of a signature (Signature Version 4), and its IAM identity.
//!
//! The signature itself is not verified.

use std::collections::BTreeMap;

use crate::api::ApiError;
use crate::engine::User;

/// The IAM identity of a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its ARN.
    pub arn: String,
    /// The user of the database that it becomes.
    pub user: User,
}

impl Identity {
    /// From the ARN of a role, an assumed role or an IAM user.
    pub fn of_arn(arn: &str) -> Option<Self> {
        Some(Self { arn: arn.to_owned(), user: User::of_arn(arn)? })
    }

    /// An identity that becomes a given user of the database.
    pub fn becoming(user: User) -> Self {
        Self { arn: format!("arn:aws:iam::000000000000:user/{}", user.name()), user }
    }
}

/// The identity of each access key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identities {
    /// Every key has the same identity, for tests.
    Everyone(Identity),
    /// The listed keys; all others are refused.
    Keys(BTreeMap<String, Identity>),
}

impl Identities {
    /// The identity of a request to a service, from its header `Authorization`.
    pub(crate) fn caller(&self, authorization: Option<&str>, service: &str) -> Result<Identity, ApiError> {
        let missing = || ApiError::forbidden("MissingAuthenticationTokenException", "Missing Authentication Token");
        let header = authorization.ok_or_else(missing)?;
        let incomplete = || {
            let message = "Authorization header requires 'Credential' parameter of Signature Version 4.";
            ApiError::forbidden("IncompleteSignatureException", message)
        };
        let parts = header.strip_prefix("AWS4-HMAC-SHA256 ").ok_or_else(incomplete)?;
        let credential = parts.split(',').find_map(|part| part.trim().strip_prefix("Credential="));
        let scope: Vec<&str> = credential.ok_or_else(incomplete)?.split('/').collect();
        let [key, _date, _region, scoped, "aws4_request"] = scope.as_slice() else { return Err(incomplete()) };
        if *scoped != service {
            let message = format!("Credential should be scoped to correct service: '{service}'.");
            return Err(ApiError::forbidden("InvalidSignatureException", message));
        }
        match self {
            Self::Everyone(identity) => Ok(identity.clone()),
            Self::Keys(keys) => keys.get(*key).cloned().ok_or_else(|| {
                let message = "The security token included in the request is invalid.";
                ApiError::forbidden("UnrecognizedClientException", message)
            }),
        }
    }
}
