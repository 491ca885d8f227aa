//! `transformation`: fetches a source's answers and turns them into typed Parquet with a receipt for each collection.

use std::process::ExitCode;

fn main() -> ExitCode {
    jobs::cli::transformation::main()
}
