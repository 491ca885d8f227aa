//! The plan for `destroy`: what it deletes and retains, as shown before the confirmation prompt.

use std::fmt;

use indicatif::HumanBytes;
use serde::Serialize;

use crate::edge::buckets::Content;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DestroyPlan {
    /// The name, status and retained resources of each stack, in deletion order.
    pub stacks: Vec<(String, String, Vec<String>)>,
    /// The account's existing buckets; with `with_data`, each with its content, which takes a request per 1,000 versions.
    pub buckets: Vec<(String, Option<Content>)>,
    /// The number of images deleted with each repository.
    pub images: Vec<(String, usize)>,
    /// The warehouse namespace that was retained when its stack was deleted.
    pub namespace: Option<String>,
    pub with_data: bool,
}

impl fmt::Display for DestroyPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.stacks.is_empty() {
            writeln!(f, "This deployment has no stacks.")?;
        }
        let widest = self.stacks.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
        for (name, status, retained) in &self.stacks {
            let word = if self.with_data { "deleted with their data" } else { "retained" };
            let rest = if retained.is_empty() { String::new() } else { format!("; {word}: {}", retained.join(", ")) };
            writeln!(f, "{name:<widest$}  delete ({status}){rest}")?;
        }
        for (name, content) in &self.buckets {
            match content {
                Some(Content { objects, versions, bytes }) => writeln!(
                    f,
                    "bucket {name} is emptied and deleted: {objects} objects, {versions} versions, {}",
                    HumanBytes(*bytes)
                )?,
                None => writeln!(f, "bucket {name} is retained")?,
            }
        }
        for (repository, images) in &self.images {
            writeln!(f, "repository {repository} is deleted with {images} images")?;
        }
        let word = if self.with_data { "is deleted with all its data" } else { "is retained" };
        self.namespace.iter().try_for_each(|name| writeln!(f, "namespace {name} {word}"))?;
        Ok(())
    }
}
