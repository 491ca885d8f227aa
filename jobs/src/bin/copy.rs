//! `copy`: validates a run's manifests and objects, then loads it into the warehouse exactly once.

use std::process::ExitCode;

fn main() -> ExitCode {
    jobs::cli::copy::main()
}
