//! Interprets object_store's errors for conditional writes.

use std::iter::successors;

use object_store::Error;
use object_store::client::HttpError;

/// Returns whether S3 rejected a write because its key already exists, or because another request for the key was in
/// progress.
pub fn exists(error: &Error) -> bool {
    matches!(error, Error::AlreadyExists { .. } | Error::Precondition { .. })
}

/// Returns whether sending a conditional write again may help if the key has not changed: after a conflict with another
/// request (object_store reports S3's 409 as "already exists"), or after a broken connection.
pub fn may_help(error: &Error) -> bool {
    let mut causes = successors(Some(error as &dyn std::error::Error), |error| error.source());
    exists(error) || causes.any(|cause| cause.is::<HttpError>())
}
