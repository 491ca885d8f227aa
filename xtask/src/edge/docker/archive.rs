//! Saves images to an archive and loads them from it, as `docker save` and `docker load` do.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use bollard::body_try_stream;
use bollard::errors::Error;
use bollard::query_parameters::ImportImageOptions;
use futures_util::StreamExt;
use tokio_util::io::ReaderStream;

use super::{Engine, failed};
use crate::failure::Failure;
impl Engine {
    /// Writes these images (`name:tag`) to an archive, completely or not at all.
    pub fn save(&self, tags: &[String], archive: &Path) -> Result<()> {
        let action = || format!("cannot save the images to `{}`", archive.display());
        let names: Vec<&str> = tags.iter().map(String::as_str).collect();
        // Like `.` for a name without a folder.
        let folder = Path::new(".").join(archive.parent().unwrap_or(archive));
        fs::create_dir_all(&folder).with_context(action)?;
        let mut file = tempfile::NamedTempFile::new_in(folder).with_context(action)?;
        self.runtime.block_on(async {
            let mut parts = self.docker.export_images(&names);
            while let Some(part) = parts.next().await {
                file.write_all(&part.map_err(|error| failed(&action(), &error))?).with_context(action)?;
            }
            anyhow::Ok(())
        })?;
        file.persist(archive).with_context(action)?;
        Ok(())
    }

    pub fn load(&self, archive: &Path) -> Result<()> {
        let action = || format!("cannot load the images in `{}`", archive.display());
        let file = File::open(archive).with_context(action)?;
        self.runtime.block_on(async {
            let parts = ReaderStream::new(tokio::fs::File::from_std(file));
            let mut lines = self.docker.import_image(ImportImageOptions::default(), body_try_stream(parts), None);
            while let Some(line) = lines.next().await {
                line.map_err(|error| match error {
                    // The engine answers, but cannot use the archive.
                    Error::DockerStreamError { error } => Failure::new(format!("{}: {error}", action()))
                        .hint("the archive is damaged or incomplete: copy it again")
                        .into(),
                    error => failed(&action(), &error),
                })?;
            }
            Ok(())
        })
    }
}
