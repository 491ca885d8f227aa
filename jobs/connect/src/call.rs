//! Results of AWS calls: an error names the action that failed and has a hint.

use anyhow::Result;
use aws_sdk_redshiftdata::error::{ProvideErrorMetadata, SdkError};

use crate::failure::{Failure, chain, of_call};

/// The result of an SDK call to any service.
#[expect(clippy::result_large_err, reason = "the SDK's own error, which it returns by value")]
pub trait CallResult<T, E>: Sized {
    /// Returns `None` if the service returned this error code, which means that the resource does not exist.
    fn unless(self, code: &str) -> Result<Option<T>, SdkError<E>>;

    /// Converts an error to `cannot ACTION: CODE: cause`. `hints` are listed by error code prefix.
    fn or_failure(self, action: impl AsRef<str>, hints: &[(&str, &str)]) -> Result<T>;
}

impl<T, E: ProvideErrorMetadata + std::error::Error + 'static> CallResult<T, E> for Result<T, SdkError<E>> {
    fn unless(self, code: &str) -> Result<Option<T>, SdkError<E>> {
        match self {
            Err(error) if error.code() == Some(code) => Ok(None),
            result => result.map(Some),
        }
    }

    fn or_failure(self, action: impl AsRef<str>, hints: &[(&str, &str)]) -> Result<T> {
        self.map_err(|error| call_failure(action.as_ref(), &error, hints).into())
    }
}

/// Returns the failure for an unsuccessful call.
pub fn call_failure<E>(action: &str, error: &SdkError<E>, hints: &[(&str, &str)]) -> Failure
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let cause = error.message().map_or_else(|| chain(error), str::to_owned);
    of_call(action, error.code(), &cause, hints)
}
