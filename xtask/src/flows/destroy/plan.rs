//! What goes and what stays when a deployment ends, as people read it before they say yes.

use std::fmt;

use indicatif::HumanBytes;
use serde::Serialize;

/// What goes and what stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DestroyPlan {
    /// In the order in which they go: the stacks' names, status, and what of them stays.
    pub stacks: Vec<(String, String, Vec<String>)>,
    /// The buckets that are there, with objects, versions and bytes.
    pub buckets: Vec<(String, u64, u64, u64)>,
    /// Images that go with their repositories, by repository.
    pub images: Vec<(String, usize)>,
    /// The namespace of a warehouse whose stack left it.
    pub namespace: Option<String>,
    /// Whether what would stay goes too.
    pub with_data: bool,
}

impl fmt::Display for DestroyPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.stacks.is_empty() {
            writeln!(f, "No stack of this deployment is there.")?;
        }
        let widest = self.stacks.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
        for (name, status, stays) in &self.stacks {
            let word = if self.with_data { "lost with what they hold" } else { "stay" };
            let rest = if stays.is_empty() { String::new() } else { format!("; {word}: {}", stays.join(", ")) };
            writeln!(f, "{name:<widest$}  delete ({status}){rest}")?;
        }
        for (name, objects, versions, bytes) in &self.buckets {
            let word = if self.with_data { "is emptied and deleted" } else { "stays" };
            let what = format!("{objects} objects, {versions} versions, {}", HumanBytes(*bytes));
            writeln!(f, "bucket {name} {word}: {what}")?;
        }
        for (repository, images) in &self.images {
            writeln!(f, "repository {repository} goes with {images} images")?;
        }
        let word = if self.with_data { "is deleted with all data in it" } else { "stays" };
        self.namespace.iter().try_for_each(|name| writeln!(f, "namespace {name} {word}"))?;
        Ok(())
    }
}
