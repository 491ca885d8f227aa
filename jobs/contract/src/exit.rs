//! The exit codes of all programs.

/// An exit code. AWS Batch retries only [`Exit::TempFail`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Success, or nothing to do.
    Done = 0,
    /// A permanent failure: the data, the input or the code is wrong, and a retry will not help.
    Failed = 1,
    /// An invalid command line; clap exits with this code.
    Usage = 2,
    /// A temporary failure (network, throttling, a stopped machine): a retry may help. `EX_TEMPFAIL` in `sysexits.h`.
    TempFail = 75,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
