//! What a program's exit code means to whoever started it.

/// The exit codes of every program here. AWS Batch retries only [`Exit::TempFail`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done, or nothing was left to do.
    Done = 0,
    /// Refused, or failed for good: the data, the input or the code is at fault and trying again will not help.
    Failed = 1,
    /// The command line is wrong. clap ends the program with this code by itself.
    Usage = 2,
    /// Failed for now: network, throttling, a stopped machine. Trying again may help. `EX_TEMPFAIL` of `sysexits.h`.
    TempFail = 75,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
