//! Removes containers by label, and image names by registry.

use std::collections::HashMap;

use anyhow::Result;
use bollard::errors::Error;
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListImagesOptions, RemoveContainerOptionsBuilder, RemoveImageOptions,
};

use super::{Engine, failed};

impl Engine {
    /// Removes every container with this label, running or not, and its volumes; returns how many there were.
    pub fn remove_containers(&self, label: &str) -> Result<usize> {
        self.runtime.block_on(async {
            let with = HashMap::from([("label", vec![label])]);
            let options = ListContainersOptionsBuilder::default().all(true).filters(&with).build();
            let listed = self.docker.list_containers(Some(options)).await;
            let listed = listed.map_err(|error| failed("the Docker engine cannot list containers", &error))?;
            let ids: Vec<String> = listed.into_iter().filter_map(|container| container.id).collect();
            for id in &ids {
                let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
                removed(self.docker.remove_container(id, Some(options)).await, &format!("remove container {id}"))?;
            }
            Ok(ids.len())
        })
    }

    /// Removes a registry's image names, except those in one repository; images with other names are kept.
    pub fn remove_registry_names(&self, host: &str, except: &str) -> Result<()> {
        let (all, kept) = (format!("{host}/"), [":", "@"].map(|end| format!("{host}/{except}{end}")));
        let unwanted = |name: &str| name.starts_with(&all) && !kept.iter().any(|kept| name.starts_with(kept));
        self.runtime.block_on(async {
            let listed = self.docker.list_images(None::<ListImagesOptions>).await;
            let listed = listed.map_err(|error| failed("the Docker engine cannot list images", &error))?;
            // Removing an image's last tag in a repository removes its digest there; a pulled image may have only a digest.
            let mut names: Vec<String> = listed.iter().flat_map(|image| image.repo_tags.clone()).collect();
            names.extend(listed.into_iter().flat_map(|image| image.repo_digests));
            for name in names.iter().filter(|name| unwanted(name)) {
                let result = self.docker.remove_image(name, None::<RemoveImageOptions>, None).await;
                removed(result.map(drop), &format!("remove the image name `{name}`"))?;
            }
            Ok(())
        })
    }
}

/// Ignores the error if the object has already been removed.
fn removed(result: Result<(), Error>, action: &str) -> Result<()> {
    match result {
        Ok(()) | Err(Error::DockerResponseServerError { status_code: 404 | 409, .. }) => Ok(()),
        Err(error) => Err(failed(&format!("the Docker engine cannot {action}"), &error)),
    }
}
