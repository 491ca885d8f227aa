//! The programs of the image in one binary, so that the image contains their common code only once. The name that the binary is
//! invoked with selects the program.

use std::path::Path;
use std::process::ExitCode;

use contract::Exit;

fn main() -> ExitCode {
    let called = std::env::args_os().next().unwrap_or_default();
    match Path::new(&called).file_name().and_then(|name| name.to_str()) {
        Some("transformation") => jobs::cli::transformation::main(),
        Some("copy") => jobs::cli::copy::main(),
        Some("report") => jobs::cli::report::main(),
        _ => {
            eprintln!("error: run this program as `transformation`, `copy` or `report`");
            Exit::Usage.into()
        }
    }
}
