//! `cargo xtask release-files`: builds the files of a release.

use anyhow::Result;
use contract::Exit;

use crate::cli::ReleaseFiles;
use crate::commands::common::{configured, print};
use crate::flows::images::ImageRequest;
use crate::flows::release_files;

pub(super) fn run(args: &ReleaseFiles) -> Result<Exit> {
    let (configured, variables) = configured(&args.common)?;
    let request = ImageRequest::new(configured.settings().clone(), variables);
    let names = release_files::build(&request, &args.tag, &args.dir)?;
    print(args.common.json, &names, || names.iter().map(|name| format!("{name}\n")).collect())
}
