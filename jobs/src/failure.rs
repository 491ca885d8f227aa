//! Why a job stopped, and whether trying again may help: the one distinction somebody branches on.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::error::Error;
use std::fmt;
use std::time::Duration;

use contract::Exit;

/// An error that knows its exit code and may carry a hint. It travels inside `anyhow::Error`.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    message: String,
    hint: Option<String>,
    wait: Option<Duration>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    /// The data, the input or the code is at fault; trying again will not help.
    pub fn refused(message: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, message: message.into(), hint: None, wait: None, source: None }
    }

    /// The network, a server or a deadline is at fault; trying again may help.
    pub fn temporary(message: impl Into<String>) -> Self {
        Self { exit: Exit::TempFail, ..Self::refused(message) }
    }

    /// What the reader can do about it: a command or a setting.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What lies beneath.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// How long the server asked us to wait before trying again.
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

/// The exit code of an error: that of the outermost [`Failure`] in it, else [`Exit::Failed`].
pub fn exit_of(error: &anyhow::Error) -> Exit {
    failure_of(error).map_or(Exit::Failed, |failure| failure.exit)
}

/// The outermost [`Failure`] of an error.
pub fn failure_of(error: &anyhow::Error) -> Option<&Failure> {
    error.chain().find_map(|cause| cause.downcast_ref::<Failure>())
}

/// The hint of the innermost cause that has one.
pub fn hint_of(error: &anyhow::Error) -> Option<&str> {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<Failure>())
        .filter_map(|failure| failure.hint.as_deref())
        .last()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outermost_failure_decides_the_code_and_the_innermost_hint_is_shown() {
        let inner = Failure::temporary("refused connection").hint("start the server");
        let error = anyhow::Error::new(inner).context("while loading");
        assert_eq!(exit_of(&error), Exit::TempFail);
        assert_eq!(hint_of(&error), Some("start the server"));
        let outer = anyhow::Error::new(Failure::refused("altered").because(Failure::temporary("x").hint("y")));
        assert_eq!((exit_of(&outer), hint_of(&outer)), (Exit::Failed, Some("y")));
        assert_eq!(exit_of(&anyhow::anyhow!("anything else")), Exit::Failed);
    }
}
