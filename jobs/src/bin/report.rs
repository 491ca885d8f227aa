//! `report`: writes the page of a run to the lake.

use std::process::ExitCode;

fn main() -> ExitCode {
    jobs::cli::report::main()
}
