//! `cargo xtask release`: makes the commit and the tag of a release.

use anyhow::Result;
use contract::Exit;

use crate::cli::Release;
use crate::edge::terminal;
use crate::flows::release;

pub(super) fn run(args: &Release) -> Result<Exit> {
    let release = release::plan(args.version)?;
    let (version, tag, push) = (release.version, release.version.tag(), release.push());
    if args.dry_run {
        let before = &release.before;
        terminal::print(&format!(
            "CHANGELOG.md            the unreleased changes become those of {version}\n\
             Cargo.toml, Cargo.lock  version {before} becomes {version}\n\
             commit and tag          {tag}\n\
             then                    {push}\n"
        ))?;
        return Ok(Exit::Done);
    }
    release.apply()?;
    terminal::step(&format!("Tagged {tag}. To publish the release, run `{push}`"));
    Ok(Exit::Done)
}
