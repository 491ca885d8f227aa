//! AWS SDK configuration: region, credentials and endpoints.

mod identity;

use std::time::Duration;

use anyhow::{Context, Result};
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use connect::aws::{endpoint, http_client};
use tokio::runtime::Runtime;

pub use self::identity::caller;
use self::identity::{Identity, identity};
use crate::platform::NO_ACCOUNT;
use crate::settings::{Settings, Variables, confined, given};

/// SDK IDs of services that the emulator does not support: MiniStack does not implement Redshift, and its MWAA does not
/// return environments created by CloudFormation.
const NOT_EMULATED: [&str; 3] = ["Redshift Data", "Redshift Serverless", "MWAA"];

/// SDK configuration, and the async runtime for SDK calls.
#[derive(Debug)]
pub struct Aws {
    pub config: SdkConfig,
    runtime: Runtime,
}

impl Aws {
    /// Reads credentials, the region and endpoints from the environment, then `.env`, then the SDK's default sources.
    /// Sends no requests.
    pub fn open(variables: &Variables, region: Option<&str>) -> Result<Self> {
        Self::with(variables, region, false)
    }

    fn with(variables: &Variables, region: Option<&str>, confined: bool) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot start the async runtime")?;
        let timeouts = TimeoutConfig::builder().connect_timeout(Duration::from_secs(10));
        let timeouts = timeouts.operation_attempt_timeout(Duration::from_secs(60)).build();
        // AWS requires TLS: an http:// endpoint is an emulator on this machine, which needs no proxy.
        let is_plain = given(variables, "AWS_ENDPOINT_URL").is_some_and(|url| url.starts_with("http://"));
        let config = aws_config::defaults(BehaviorVersion::latest());
        let mut config = config.http_client(http_client(is_plain)).timeout_config(timeouts);
        let named = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(|name| given(variables, name));
        if let Some(region) = region.or(named) {
            config = config.region(Region::new(region.to_owned()));
        }
        config = match identity(variables, confined)? {
            Identity::Keys(keys) => config.credentials_provider(keys),
            Identity::Profile(name) => config.profile_name(name),
            Identity::Default if confined => config.no_credentials(),
            Identity::Default => config,
        };
        let loaded = runtime.block_on(config.load());
        let endpoint = given(variables, "AWS_ENDPOINT_URL").or(loaded.endpoint_url()).map(str::to_owned);
        let endpoints = Endpoints { variables: variables.clone(), loaded: Some(loaded.clone()) };
        let mut config = loaded.to_builder().service_config(endpoints);
        // Not set on the loader, where it would override service-specific endpoints.
        config.set_endpoint_url(endpoint);
        Ok(Self { config: config.build(), runtime })
    }

    /// Like [`Self::open`], but in a deployment's region. With the placeholder account, an endpoint that is not on this
    /// machine is an error.
    pub fn for_settings(settings: &Settings, variables: &Variables) -> Result<Self> {
        let is_confined = settings.account.as_deref() == Some(NO_ACCOUNT);
        if is_confined {
            confined(variables)?;
        }
        let mut aws = Self::with(variables, Some(&settings.region), is_confined)?;
        if is_confined {
            // Ignore service-specific endpoints that are set in profiles.
            let own = Endpoints { variables: variables.clone(), loaded: None };
            aws.config = aws.config.to_builder().service_config(own).build();
        }
        Ok(aws)
    }

    /// Whether calls to a service would reach an emulator that does not support it. A service with its own endpoint
    /// counts as supported.
    pub fn is_unsupported(&self, service_id: &'static str) -> bool {
        // Without a service-specific endpoint, the SDK returns the global one.
        let found = endpoint(&self.config, service_id);
        let is_separate = found.is_some_and(|found| Some(found.as_str()) != self.config.endpoint_url());
        self.is_emulated() && !is_separate && NOT_EMULATED.contains(&service_id)
    }

    /// Whether calls are sent to an emulator.
    pub fn is_emulated(&self) -> bool {
        self.emulator().is_some()
    }

    /// Returns the emulator's host and port. An `http://` endpoint is an emulator, because AWS itself requires TLS.
    pub fn emulator(&self) -> Option<String> {
        let host = self.config.endpoint_url()?.strip_prefix("http://")?;
        Some(host.trim_end_matches('/').to_owned())
    }

    /// Blocks until the calls are complete.
    pub fn wait<T>(&self, calls: impl Future<Output = T>) -> T {
        self.runtime.block_on(calls)
    }
}

/// Service-specific settings: AWS_ENDPOINT_URL_<SERVICE> from the environment or `.env`, then the SDK's sources.
#[derive(Debug)]
struct Endpoints {
    variables: Variables,
    loaded: Option<SdkConfig>,
}

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace(' ', "_");
        let own = given(&self.variables, &format!("{}_{service}", key.env())).map(str::to_owned);
        own.or_else(|| self.loaded.as_ref()?.service_config()?.load_config(key))
    }
}
