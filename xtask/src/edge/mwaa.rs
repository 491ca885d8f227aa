//! Amazon MWAA: the environment that Airflow runs in.

use anyhow::Result;
use aws_config::SdkConfig;
use aws_sdk_mwaa::Client;
use aws_sdk_mwaa::error::{ProvideErrorMetadata, SdkError};

use crate::failure;

/// MWAA of an account in a region.
#[derive(Clone, Debug)]
pub struct Mwaa {
    client: Client,
}

/// An environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// `AVAILABLE` when it works.
    pub status: String,
    /// Its pages, without https://.
    pub url: String,
    /// Of Airflow.
    pub version: String,
    /// The version of the requirements that it was made with.
    pub requirements: Option<String>,
}

impl Mwaa {
    /// With a client made by the SDK.
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }

    /// An environment by its name, if it is there.
    pub async fn environment(&self, name: &str) -> Result<Option<Environment>> {
        let told = match self.client.get_environment().name(name).send().await {
            Err(error) if error.code() == Some("ResourceNotFoundException") => return Ok(None),
            told => told.map_err(|error| refused(&format!("look at the environment `{name}`"), &error))?,
        };
        Ok(told.environment.map(|environment| Environment {
            status: environment.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
            url: environment.webserver_url.unwrap_or_default(),
            version: environment.airflow_version.unwrap_or_default(),
            requirements: environment.requirements_s3_object_version,
        }))
    }
}

/// What mends an error, by how its code begins.
const HINTS: [(&str, &str); 1] = [("AccessDenied", "the caller needs airflow:GetEnvironment")];

fn refused<E>(what: &str, error: &SdkError<E>) -> anyhow::Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    failure::refused(what, (error.code(), error.message()), error, &HINTS).into()
}
