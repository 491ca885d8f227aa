//! How AWS is reached: region, credentials and endpoints.

mod identity;

use std::time::Duration;

use anyhow::{Context, Result};
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use connect::aws::{endpoint, http_client};
use tokio::runtime::Runtime;

use self::identity::{Identity, identity};
use crate::platform::NO_ACCOUNT;
use crate::settings::{Settings, Variables, confined, given};

/// Services, by their ids in the SDK, that no emulator answers for as AWS does: MiniStack has no Redshift at all, and its
/// MWAA knows nothing of environments that CloudFormation made.
const NOT_EMULATED: [&str; 3] = ["Redshift Data", "Redshift Serverless", "MWAA"];

/// The SDK's configuration, and where its calls run.
#[derive(Debug)]
pub struct Aws {
    /// For a service's client.
    pub config: SdkConfig,
    runtime: Runtime,
}

impl Aws {
    /// With credentials, region and endpoints of the environment over `.env`; what neither has is taken from where the SDK
    /// always takes it. No call is sent yet.
    ///
    /// # Errors
    /// With one key of two.
    pub fn open(variables: &Variables, region: Option<&str>) -> Result<Self> {
        Self::with(variables, region, false)
    }

    fn with(variables: &Variables, region: Option<&str>, confined: bool) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(10))
            .operation_attempt_timeout(Duration::from_secs(60));
        // AWS speaks TLS alone; what answers without it is on this machine, to which no proxy leads.
        let is_plain = given(variables, "AWS_ENDPOINT_URL").is_some_and(|url| url.starts_with("http://"));
        let mut config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http_client(is_plain))
            .timeout_config(timeouts.build());
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
        let mut config =
            loaded.to_builder().service_config(Endpoints { variables: variables.clone(), loaded: Some(loaded) });
        // Not told to the loader: what is told to it beats a service's own.
        config.set_endpoint_url(endpoint);
        Ok(Self { config: config.build(), runtime })
    }

    /// As [`Self::open`], in a deployment's region. What is nobody's account stays on this machine.
    ///
    /// # Errors
    /// Also when such a deployment's calls could leave this machine; nothing has been asked then.
    pub fn of(settings: &Settings, variables: &Variables) -> Result<Self> {
        let is_confined = settings.account.as_deref() == Some(NO_ACCOUNT);
        if is_confined {
            confined(variables)?;
        }
        let mut aws = Self::with(variables, Some(&settings.region), is_confined)?;
        if is_confined {
            // Not what profiles say of single services.
            let own = Endpoints { variables: variables.clone(), loaded: None };
            aws.config = aws.config.to_builder().service_config(own).build();
        }
        Ok(aws)
    }

    /// Whether a service is one that an emulator on this machine would answer for, and has not got. An endpoint of the
    /// service's own says that somebody does answer.
    pub fn is_unanswered(&self, service_id: &'static str) -> bool {
        // Without one of its own, the one of all services is found.
        let own =
            endpoint(&self.config, service_id).is_some_and(|found| Some(found.as_str()) != self.config.endpoint_url());
        self.is_emulated() && !own && NOT_EMULATED.contains(&service_id)
    }

    /// Whether calls go to a stand-in on this machine and not to AWS.
    pub fn is_emulated(&self) -> bool {
        self.emulator().is_some()
    }

    /// Host and port of the stand-in that calls go to, if they do. AWS speaks TLS alone.
    pub fn emulator(&self) -> Option<String> {
        let host = self.config.endpoint_url()?.strip_prefix("http://")?;
        Some(host.trim_end_matches('/').to_owned())
    }

    /// Waits for calls.
    pub fn wait<T>(&self, calls: impl Future<Output = T>) -> T {
        self.runtime.block_on(calls)
    }
}

/// A service's own settings, as every client asks for them: AWS_ENDPOINT_URL_<SERVICE> of the environment over `.env`,
/// then what the SDK finds in the environment and in profiles.
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
