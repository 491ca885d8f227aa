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

fn failures(error: &anyhow::Error) -> impl Iterator<Item = &Failure> {
    error.chain().filter_map(|cause| cause.downcast_ref::<Failure>())
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
