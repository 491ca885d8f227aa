//! `transformation`: fetches a source's responses and converts them to typed Parquet with a manifest for each collection.

use std::process::ExitCode;

fn main() -> ExitCode {
    jobs::cli::transformation::main()
}
