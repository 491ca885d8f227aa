//! Errors that know their exit code and carry a hint: the command or setting that fixes them.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::error::Error;
use std::fmt;
use std::iter::successors;
use std::time::Duration;

use contract::Exit;

/// An error with an exit code and perhaps a hint. It travels inside `anyhow::Error`.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    message: String,
    hint: Option<String>,
    wait: Option<Duration>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    /// Failed for good: the data, the input or the code is at fault.
    pub fn new(message: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, message: message.into(), hint: None, wait: None, source: None }
    }

    /// The same as [`Failure::new`], for a job that refuses its input.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(message)
    }

    /// The network, a server or a deadline is at fault; trying again may help.
    pub fn temporary(message: impl Into<String>) -> Self {
        Self::new(message).exit(Exit::TempFail)
    }

    /// Another exit code.
    #[must_use]
    pub fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// What the reader can do about it: a command or a setting.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// How long the server asks us to wait before trying again.
    #[must_use]
    pub fn wait(mut self, wait: Option<Duration>) -> Self {
        self.wait = wait;
        self
    }

    /// How long the server asked us to wait, if it did.
    pub fn asked_to_wait(&self) -> Option<Duration> {
        self.wait
    }

    /// Whether trying again may help.
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

/// From the outermost to the innermost. One that is the context of another error is not in the chain under its own type.
fn failures(error: &anyhow::Error) -> impl Iterator<Item = &Failure> {
    let context = error.downcast_ref::<Failure>();
    context.into_iter().chain(error.chain().filter_map(|cause| cause.downcast_ref::<Failure>()))
}

/// The outermost [`Failure`] of an error.
pub fn failure_of(error: &anyhow::Error) -> Option<&Failure> {
    failures(error).next()
}

/// The exit code of an error: that of the outermost [`Failure`] in it, else [`Exit::Failed`].
pub fn exit_of(error: &anyhow::Error) -> Exit {
    failure_of(error).map_or(Exit::Failed, |failure| failure.exit)
}

/// The hint of the innermost [`Failure`] that has one.
pub fn hint_of(error: &anyhow::Error) -> Option<&str> {
    failures(error).filter_map(|failure| failure.hint.as_deref()).last()
}

/// An error and its causes in one line, without repetitions.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut words: Vec<String> = successors(Some(error), |&error| error.source()).map(ToString::to_string).collect();
    words.dedup();
    words.join(": ")
}

/// Hints for the error codes of credentials, which every service returns, by how the code starts.
const CREDENTIALS: [(&str, &str); 5] = [
    ("ExpiredToken", "the credentials have expired; get new ones"),
    ("UnrecognizedClient", "check the credentials"),
    ("InvalidClientTokenId", "check the credentials"),
    ("InvalidSignature", "check the credentials"),
    ("SignatureDoesNotMatch", "check the credentials"),
];

/// S3 stored nothing and asks for the write once more (Amazon S3 API Reference, PutObject, 409).
pub const CONFLICT: &str = "ConditionalRequestConflict";

/// Parts of the codes of temporary errors; the SDK has already retried.
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
    // S3's, while another request for the same key goes on.
    CONFLICT,
    // CloudFormation's, while another operation goes on.
    "OperationInProgress",
    "InvalidChangeSetStatus",
    // The Data API's: a workgroup's most statements or sessions, and a database that does not respond.
    "ActiveS",
    "DatabaseConnection",
];

/// A failed call to AWS: `what` could not be done. With a code the service refused, with these words; without one the service
/// was not reached, and the words are the causes. `hints` are by how a code starts.
pub fn of_call(what: &str, code: Option<&str>, words: &str, hints: &[(&str, &str)]) -> Failure {
    let Some(code) = code else {
        let failure = Failure::new(format!("cannot {what}: {words}"));
        return if words.contains("redentials") || words.contains("region") {
            failure.hint("set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_DEFAULT_REGION")
        } else {
            failure.exit(Exit::TempFail).hint("check the network, then run the same command again")
        };
    };
    let failure = Failure::new(format!("cannot {what}: {code}: {words}"));
    let hint = hints.iter().chain(&CREDENTIALS).find(|(start, _)| code.starts_with(start)).map(|(_, hint)| *hint);
    let temporary = TEMPORARY.iter().any(|part| code.contains(part));
    let failure = if temporary { failure.exit(Exit::TempFail) } else { failure };
    match hint.or(temporary.then_some("run the same command again")) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn the_outermost_failure_decides_the_code_and_the_innermost_hint_is_shown() {
        let failure = || Failure::temporary("no").hint("do");
        let cause = anyhow::Error::new(failure()).context("outer");
        let context = anyhow::anyhow!("inner").context(failure()).context("outer");
        let nothing = None::<()>.with_context(failure).expect_err("nothing");
        for error in [cause, context, nothing] {
            assert_eq!((hint_of(&error), exit_of(&error)), (Some("do"), Exit::TempFail), "{error:?}");
        }
        let outer = anyhow::Error::new(Failure::new("altered").because(failure()));
        assert_eq!((exit_of(&outer), hint_of(&outer)), (Exit::Failed, Some("do")));
        assert_eq!(exit_of(&anyhow::anyhow!("anything else")), Exit::Failed);
    }

    #[test]
    fn a_failed_call_has_a_hint_and_its_exit_code_says_whether_to_try_again() {
        let hints = [("AccessDenied", "ask for s3:PutObject")];
        let shown = |code, words| {
            let error = anyhow::Error::new(of_call("put it", code, words, &hints));
            (error.to_string(), exit_of(&error), hint_of(&error).unwrap_or_default().to_owned())
        };
        for (code, words, exit, hint) in [
            (Some("AccessDeniedException"), "no", Exit::Failed, "ask for s3:PutObject"),
            (Some("ExpiredTokenException"), "no", Exit::Failed, "the credentials have expired; get new ones"),
            (Some("ValidationException"), "no", Exit::Failed, ""),
            (Some("ThrottlingException"), "no", Exit::TempFail, "run the same command again"),
            (Some("ActiveStatementsExceededException"), "no", Exit::TempFail, "run the same command again"),
            (Some("InternalServerException"), "no", Exit::TempFail, "run the same command again"),
            (None, "connect: refused", Exit::TempFail, "check the network, then run the same command again"),
        ] {
            let code_shown = code.map_or_else(String::new, |code| format!("{code}: "));
            assert_eq!(shown(code, words), (format!("cannot put it: {code_shown}{words}"), exit, hint.to_owned()));
        }
        let (_, exit, hint) = shown(None, "no credentials in the chain");
        assert!(exit == Exit::Failed && hint.contains("AWS_ACCESS_KEY_ID"));
    }
}
