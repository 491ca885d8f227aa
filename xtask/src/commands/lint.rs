//! `cargo xtask lint`: runs one linter.

use anyhow::Result;
use contract::Exit;

use crate::cli::{Lint, Linter};
use crate::flows::{lint, marts};

pub(super) fn run(args: &Lint) -> Result<Exit> {
    // Every warning is an error.
    let strict = ["--all-targets", "--locked", "--", "-D", "warnings"];
    let clippy = |select: &[&str]| lint::cargo(&[&["clippy"], select, &strict].concat(), &[]);
    match args.linter {
        Linter::Format => lint::cargo(&["fmt", "--all", "--check"], &[]),
        Linter::Code => clippy(&["--workspace", "--features", "xtask/cloud"]),
        Linter::Light => clippy(&["--package", "xtask"]),
        Linter::Docs => {
            let words = ["doc", "--workspace", "--no-deps", "--features", "xtask/cloud", "--locked"];
            lint::cargo(&words, &[("RUSTDOCFLAGS", "-D warnings")])
        }
        Linter::Crates => lint::deny(&["bans", "licenses", "sources"]),
        Linter::Advisories => lint::deny(&["advisories"]),
        Linter::Dbt2 => marts::check_dbt_2(),
    }?;
    Ok(Exit::Done)
}
