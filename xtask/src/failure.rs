//! Errors with a hint that names the command or setting that mends them, and with their exit code.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::fmt;

use contract::Exit;

/// An error that a person can do something about. It travels inside `anyhow::Error`.
#[derive(Debug)]
pub struct Failure {
    message: String,
    hint: Option<String>,
    exit: Exit,
}

impl Failure {
    /// Failed for good.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, exit: Exit::Failed }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Another exit code than 1.
    #[must_use]
    pub fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// What becomes of a refused call to AWS whatever the service, by how its code begins.
const CREDENTIALS: [(&str, &str); 5] = [
    ("ExpiredToken", "the credentials have run out; get new ones"),
    ("UnrecognizedClient", "check the credentials"),
    ("InvalidClientTokenId", "check the credentials"),
    ("InvalidSignature", "check the credentials"),
    ("SignatureDoesNotMatch", "check the credentials"),
];

/// S3 stored nothing and asks for the write once more (Amazon S3 API Reference, PutObject, 409).
pub const CONFLICT: &str = "ConditionalRequestConflict";

/// Parts of the codes of what passes by itself; the SDK has tried again already.
const PASSING: [&str; 13] = [
    "Throttl",
    "TooManyRequests",
    "RequestLimitExceeded",
    "SlowDown",
    "RequestTimeout",
    "Unavailable",
    "ServerException",
    "InternalFailure",
    "InternalError",
    // S3's, while another request for the same key goes on.
    CONFLICT,
    // CloudFormation's, while another operation goes on.
    "OperationInProgress",
    "InvalidChangeSetStatus",
    // The Data API's: as many statements or sessions as a workgroup may have at once.
    "ActiveS",
];

/// A call to AWS that came to nothing: `what` could not be done. With a code the service refused, in these words; without
/// one it was not reached, and the words are the causes. `hints` say what mends a code, by how it begins.
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
    let passes = PASSING.iter().any(|part| code.contains(part));
    let failure = if passes { failure.exit(Exit::TempFail) } else { failure };
    match hint.or(passes.then_some("run the same command again")) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// As [`of_call`], for an error of the SDK: its code and words are the service's own, where the service was reached.
pub fn refused(
    what: &str,
    (code, words): (Option<&str>, Option<&str>),
    error: &(dyn std::error::Error + 'static),
    hints: &[(&str, &str)],
) -> Failure {
    of_call(what, code, &words.map_or_else(|| chain(error), str::to_owned), hints)
}

/// From without to within. One that was given as the context of another error is not in the chain as what it is.
fn failures(error: &anyhow::Error) -> impl Iterator<Item = &Failure> {
    let context = error.downcast_ref::<Failure>();
    context.into_iter().chain(error.chain().filter_map(|cause| cause.downcast_ref::<Failure>()))
}

/// The exit code of an error: 1 unless it says otherwise.
pub fn exit_of(error: &anyhow::Error) -> Exit {
    failures(error).next().map_or(Exit::Failed, |failure| failure.exit)
}

/// The innermost hint.
pub fn hint_of(error: &anyhow::Error) -> Option<&str> {
    failures(error).filter_map(|failure| failure.hint.as_deref()).last()
}

/// An error and what lies beneath it, in one line, each thing said once.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let (mut words, mut beneath) = (vec![error.to_string()], error.source());
    while let Some(error) = beneath {
        words.push(error.to_string());
        beneath = error.source();
    }
    words.dedup();
    words.join(": ")
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn a_failure_counts_as_a_cause_and_as_a_context() {
        let failure = || Failure::new("no").hint("do").exit(Exit::TempFail);
        let cause = anyhow::Error::new(failure()).context("outer");
        let context = anyhow::anyhow!("inner").context(failure()).context("outer");
        let nothing = None::<()>.with_context(failure).expect_err("nothing");
        for error in [cause, context, nothing] {
            assert_eq!((hint_of(&error), exit_of(&error)), (Some("do"), Exit::TempFail), "{error:?}");
        }
    }

    #[test]
    fn a_call_that_failed_says_what_mends_it_and_whether_again_may_help() {
        let hints = [("AccessDenied", "ask for s3:PutObject")];
        let told = |code, words| {
            let error = anyhow::Error::new(of_call("put it", code, words, &hints));
            (error.to_string(), exit_of(&error), hint_of(&error).unwrap_or_default().to_owned())
        };
        for (code, words, exit, hint) in [
            (Some("AccessDeniedException"), "no", Exit::Failed, "ask for s3:PutObject"),
            (Some("ExpiredTokenException"), "no", Exit::Failed, "the credentials have run out; get new ones"),
            (Some("ValidationException"), "no", Exit::Failed, ""),
            (Some("ThrottlingException"), "no", Exit::TempFail, "run the same command again"),
            (Some("ActiveStatementsExceededException"), "no", Exit::TempFail, "run the same command again"),
            (Some("InternalServerException"), "no", Exit::TempFail, "run the same command again"),
            (None, "connect: refused", Exit::TempFail, "check the network, then run the same command again"),
        ] {
            let shown = code.map_or_else(String::new, |code| format!("{code}: "));
            assert_eq!(told(code, words), (format!("cannot put it: {shown}{words}"), exit, hint.to_owned()));
        }
        let (_, exit, hint) = told(None, "no credentials in the chain");
        assert!(exit == Exit::Failed && hint.contains("AWS_ACCESS_KEY_ID"));
    }
}
