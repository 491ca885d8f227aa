//! Errors with an exit code and a hint: the command or setting that fixes them.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::error::Error;
use std::fmt;
use std::iter::successors;
use std::time::Duration;

use contract::Exit;

/// An error with an exit code and an optional hint, inside an `anyhow::Error`.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    message: String,
    hint: Option<String>,
    wait: Option<Duration>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    /// Creates a permanent failure, caused by data, input or code.
    pub fn new(message: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, message: message.into(), hint: None, wait: None, source: None }
    }

    /// Same as [`Failure::new`], for a job that rejects its input.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(message)
    }

    /// Creates a temporary failure, such as a network or server error; a retry may succeed.
    pub fn temporary(message: impl Into<String>) -> Self {
        Self::new(message).exit(Exit::TempFail)
    }

    /// Sets a different exit code.
    #[must_use]
    pub fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// Sets the hint: the command or setting that fixes the problem.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Sets the cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Sets the wait that the server requested before a retry.
    #[must_use]
    pub fn wait(mut self, wait: Option<Duration>) -> Self {
        self.wait = wait;
        self
    }

    /// Returns the wait that the server requested.
    pub fn asked_to_wait(&self) -> Option<Duration> {
        self.wait
    }

    /// Returns whether a retry may succeed.
    pub fn is_temporary(&self) -> bool {
        self.exit == Exit::TempFail
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

/// Returns the failures from the outermost to the innermost. A failure that is the context of another error does not
/// appear under its own type in the chain.
fn failures(error: &anyhow::Error) -> impl Iterator<Item = &Failure> {
    let context = error.downcast_ref::<Failure>();
    context.into_iter().chain(error.chain().filter_map(|cause| cause.downcast_ref::<Failure>()))
}

/// Returns the outermost [`Failure`] in an error.
pub fn failure_of(error: &anyhow::Error) -> Option<&Failure> {
    failures(error).next()
}

/// Returns the exit code of an error: that of the outermost [`Failure`] in it, or else [`Exit::Failed`].
pub fn exit_of(error: &anyhow::Error) -> Exit {
    failure_of(error).map_or(Exit::Failed, |failure| failure.exit)
}

/// Returns the hint of the innermost [`Failure`] that has one.
pub fn hint_of(error: &anyhow::Error) -> Option<&str> {
    failures(error).filter_map(|failure| failure.hint.as_deref()).last()
}

/// Formats an error and its causes on one line, without repetitions.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut messages: Vec<String> = successors(Some(error), |&error| error.source()).map(ToString::to_string).collect();
    messages.dedup();
    messages.join(": ")
}

/// Returns whether an error of PostgreSQL is temporary: its SQLSTATE class is one of these (manual, appendix A): 08 connection,
/// 40 serialisation and deadlock, 53 resources, 55P03 lock, 57 operator and shutdown; or it is a conflict that has no code of
/// its own (cyrilgdn/terraform-provider-postgresql#178).
pub fn is_temporary_in_postgres(code: &str, message: &str) -> bool {
    let conflict = ["tuple concurrently updated", "could not open relation with OID"];
    ["08", "40", "53", "57", "55P03"].iter().any(|class| code.starts_with(class))
        || code == "XX000" && conflict.iter().any(|words| message.starts_with(words))
}

/// Hints for credential errors, which any service can return, by the prefix of the error code.
const CREDENTIALS: [(&str, &str); 5] = [
    ("ExpiredToken", "the credentials have expired; get new ones"),
    ("UnrecognizedClient", "check the credentials"),
    ("InvalidClientTokenId", "check the credentials"),
    ("InvalidSignature", "check the credentials"),
    ("SignatureDoesNotMatch", "check the credentials"),
];

/// The error code with which S3 reports that it stored nothing and that the request should be retried (Amazon S3 API
/// Reference, PutObject, 409).
pub const CONFLICT: &str = "ConditionalRequestConflict";

/// Substrings of the codes of temporary errors, which the SDK has already retried.
const TEMPORARY: [&str; 14] = [
    "Throttl",
    "TooManyRequests",
    "RequestLimitExceeded",
    "SlowDown",
    "Timeout",
    "Unavailable",
    "ServerException",
    "InternalFailure",
    "InternalError",
    // S3, during another request for the same key.
    CONFLICT,
    // CloudFormation, during another operation.
    "OperationInProgress",
    "InvalidChangeSetStatus",
    // The Data API: too many statements or sessions in a workgroup, and a database that does not respond.
    "ActiveS",
    "DatabaseConnection",
];

/// Returns the failure of an AWS call, where `what` describes the action. If `code` is set, the service returned this
/// error code and message; otherwise, the service could not be reached, and `message` contains the causes. `hints` are
/// listed by error code prefix.
pub fn of_call(what: &str, code: Option<&str>, message: &str, hints: &[(&str, &str)]) -> Failure {
    let Some(code) = code else {
        let failure = Failure::new(format!("cannot {what}: {message}"));
        return if message.contains("redentials") || message.contains("region") {
            failure.hint("set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_DEFAULT_REGION")
        } else {
            failure.exit(Exit::TempFail).hint("check the network, then run the same command again")
        };
    };
    let failure = Failure::new(format!("cannot {what}: {code}: {message}"));
    let hint = hints.iter().chain(&CREDENTIALS).find(|(start, _)| code.starts_with(start)).map(|(_, hint)| *hint);
    let temporary = TEMPORARY.iter().any(|part| code.contains(part));
    let failure = if temporary { failure.exit(Exit::TempFail) } else { failure };
    match hint.or(temporary.then_some("run the same command again")) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

#[cfg(test)]
#[path = "../tests/unit/failure.rs"]
mod tests;
