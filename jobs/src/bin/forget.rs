//! `forget`: removes records from the lake and the warehouse, and searches what is left.

use std::process::ExitCode;

fn main() -> ExitCode {
    jobs::cli::forget::main()
}
