//! What the engine has of one who is no more, removed: containers by a label, names of images by their registry.

use std::collections::HashMap;

use anyhow::Result;
use bollard::errors::Error;
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListImagesOptions, RemoveContainerOptionsBuilder, RemoveImageOptions,
};

use super::{Engine, engine_said};

impl Engine {
    /// Removes every container with a label, running or not, and its volumes; how many there were.
    pub fn remove_containers(&self, label: &str) -> Result<usize> {
        self.runtime.block_on(async {
            let with = HashMap::from([("label", vec![label])]);
            let options = ListContainersOptionsBuilder::default().all(true).filters(&with).build();
            let listed = self.docker.list_containers(Some(options)).await;
            let listed = listed.map_err(|error| engine_said("list containers", &error))?;
            let ids: Vec<String> = listed.into_iter().filter_map(|container| container.id).collect();
            for id in &ids {
                let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
                gone(self.docker.remove_container(id, Some(options)).await, &format!("remove container {id}"))?;
            }
            Ok(ids.len())
        })
    }

    /// Takes away every name that images have in a registry, but in one repository; an image with another name stays.
    pub fn forget_registry(&self, host: &str, but: &str) -> Result<()> {
        let (all, kept) = (format!("{host}/"), [":", "@"].map(|end| format!("{host}/{but}{end}")));
        let goes = |name: &str| name.starts_with(&all) && !kept.iter().any(|kept| name.starts_with(kept));
        self.runtime.block_on(async {
            let listed = self
                .docker
                .list_images(None::<ListImagesOptions>)
                .await
                .map_err(|error| engine_said("list images", &error))?;
            // With an image's last tag in a repository its digest there goes too; one that was pulled has only that.
            let mut names: Vec<String> = listed.iter().flat_map(|image| image.repo_tags.clone()).collect();
            names.extend(listed.into_iter().flat_map(|image| image.repo_digests));
            for name in names.iter().filter(|name| goes(name)) {
                gone(
                    self.docker.remove_image(name, None::<RemoveImageOptions>, None).await.map(drop),
                    &format!("remove the name `{name}`"),
                )?;
            }
            Ok(())
        })
    }
}

/// Done, or there was nothing to do any more.
fn gone(result: Result<(), Error>, what: &str) -> Result<()> {
    match result {
        Ok(()) | Err(Error::DockerResponseServerError { status_code: 404 | 409, .. }) => Ok(()),
        Err(error) => Err(engine_said(what, &error)),
    }
}
