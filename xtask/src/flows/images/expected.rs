//! The images that another deployment has, so that this one gets the same.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::BuiltImage;
use crate::edge::files;
use crate::failure::Failure;

/// Empty if the images may be any.
#[derive(Default)]
pub(super) struct Expected {
    file: PathBuf,
    images: Option<Vec<BuiltImage>>,
}

impl Expected {
    /// Reads the output of `build-images --push --json`.
    pub(super) fn read(file: &Path) -> Result<Self> {
        let hint = "it must be the output of `cargo xtask build-images --push --json`";
        let failure = |what: &str| Failure::new(format!("{what} `{}`", file.display())).hint(hint);
        let text = files::read(file)?.with_context(|| failure("there is no file"))?;
        let images = serde_json::from_str(&text).with_context(|| failure("cannot read the images in"))?;
        Ok(Self { file: file.to_owned(), images: Some(images) })
    }

    /// Fails if the image is not the expected one, as far as it is known: before a push, by the engine's identifier.
    pub(super) fn check(&self, image: &BuiltImage) -> Result<()> {
        let Some(images) = &self.images else { return Ok(()) };
        let file = self.file.display();
        let expected = images.iter().find(|expected| expected.image == image.image);
        let expected =
            expected.with_context(|| Failure::new(format!("`{file}` does not contain `{}`", image.image)))?;
        for (expected, own) in [(&expected.id, &image.id), (&expected.digest, &image.digest)] {
            let (Some(expected), Some(own)) = (expected, own) else { continue };
            let failure = || {
                let words = format!("`{}` is {own}, and not {expected} as in `{file}`", image.image);
                Failure::new(words).hint(
                    "deploy this commit to the first environment again, then promote it; if this registry has an older image \
                     with the same key, delete it first",
                )
            };
            ensure!(expected == own, failure());
        }
        Ok(())
    }
}
