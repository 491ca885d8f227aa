//! How both programs reach AWS: region, credentials, endpoints, proxy, certificates and time limits of every client.

mod client;
mod credentials;
mod domain;

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

pub use aws_config::SdkConfig;

pub use self::domain::domain;
use crate::failure::Failure;

/// Time limit for one attempt of a call, with its response.
pub const ATTEMPT: Duration = Duration::from_secs(60);
/// Time limit for a connection; also to a proxy.
pub const CONNECT: Duration = Duration::from_secs(10);

/// Settings that replace the SDK's default sources.
#[derive(Debug, Default)]
pub struct Overrides {
    /// Replaces AWS_REGION and the profile's region.
    pub region: Option<String>,
    /// The credentials.
    pub identity: Identity,
    /// Variables in addition to those of the process; they override the process's variables and the profile.
    pub variables: BTreeMap<String, String>,
    /// Ignores service-specific endpoints of profiles: calls must only reach the endpoints in `variables`.
    pub confined: bool,
}

/// The credentials that sign requests.
#[derive(Debug, Default)]
pub enum Identity {
    /// The SDK's default chain: keys in the environment, the default profile, web identity, container or instance role.
    #[default]
    Default,
    /// These keys.
    Keys(Credentials),
    /// The profile with this name.
    Profile(String),
    /// Requests are not signed.
    None,
}

/// Loads the configuration for every client of a program. Sends no requests, except for a region that only the instance
/// metadata service knows.
/// Fails if the certificates in AWS_CA_BUNDLE cannot be used.
pub async fn load(overrides: Overrides) -> Result<SdkConfig, Failure> {
    let Overrides { region, identity, variables, confined } = overrides;
    let given = |name: &str| variables.get(name).cloned().or_else(|| std::env::var(name).ok());
    // AWS requires TLS: an http:// endpoint is an emulator on this machine, which needs no proxy.
    let is_plain = given("AWS_ENDPOINT_URL").is_some_and(|url| url.starts_with("http://"));
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT).build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest());
    loader = loader.http_client(client::http_client(is_plain)?).timeout_config(timeouts);
    if let Some(region) = region {
        loader = loader.region(Region::new(region));
    }
    loader = match identity {
        Identity::Default => loader,
        Identity::Keys(keys) => loader.credentials_provider(keys),
        Identity::Profile(name) => loader.profile_name(name),
        Identity::None => loader.no_credentials(),
    };
    let loaded = loader.load().await;
    let mut config = loaded.to_builder();
    config.set_credentials_provider(loaded.credentials_provider().map(credentials::supported));
    // Not set on the loader, where it would override service-specific endpoints.
    let endpoint = variables.get("AWS_ENDPOINT_URL").map(String::as_str).or(loaded.endpoint_url());
    config.set_endpoint_url(endpoint.map(str::to_owned));
    if confined || !variables.is_empty() {
        config = config.service_config(Endpoints { variables, loaded: (!confined).then(|| loaded.clone()) });
    }
    Ok(config.build())
}

/// Loads the configuration if one of these URLs is on AWS; otherwise returns `None`, because determining the region
/// could take seconds outside AWS. Fails like [`load`].
pub async fn config_for(urls: &[Option<&str>]) -> Result<Option<SdkConfig>, Failure> {
    let on_aws = |url: &&str| url.starts_with("s3://") || url.starts_with("redshift://");
    let is_needed = urls.iter().copied().flatten().any(|url| on_aws(&url));
    Ok(if is_needed { Some(load(Overrides::default()).await?) } else { None })
}

/// Returns the configuration's region.
pub fn region(config: &SdkConfig) -> Option<&str> {
    config.region().map(AsRef::as_ref)
}

/// Returns the retries for a service that throttles often: at least this many attempts, or more if the environment or
/// the profile sets more.
pub fn retries(config: &SdkConfig, attempts: u32) -> RetryConfig {
    let found = config.retry_config().cloned().unwrap_or_else(RetryConfig::standard);
    let attempts = attempts.max(found.max_attempts());
    found.with_max_attempts(attempts)
}

/// Returns the endpoint that the environment or the profile sets for a service: AWS_ENDPOINT_URL_<SERVICE>, or else
/// AWS_ENDPOINT_URL.
pub fn endpoint(config: &SdkConfig, service_id: &str) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id(service_id).env("AWS_ENDPOINT_URL").profile("endpoint_url");
    let own = key.build().ok().and_then(|key| config.service_config()?.load_config(key));
    own.or_else(|| config.endpoint_url().map(str::to_owned))
}

/// Service-specific settings, such as AWS_ENDPOINT_URL_<SERVICE>: from the variables, then from the SDK's sources.
#[derive(Debug)]
struct Endpoints {
    variables: BTreeMap<String, String>,
    loaded: Option<SdkConfig>,
}

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace(' ', "_");
        let own = self.variables.get(&format!("{}_{service}", key.env())).cloned();
        own.or_else(|| self.loaded.as_ref()?.service_config()?.load_config(key))
    }
}
