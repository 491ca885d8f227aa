//! How AWS is reached: region, credentials and endpoints.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use anyhow::{Context, Result};
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::Credentials;
use aws_smithy_http_client::{Builder, tls};
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use tokio::runtime::Runtime;

use crate::failure::Failure;
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
    /// With keys, region and endpoints of the environment over `.env`; what neither has is looked for where the SDK always
    /// does. Nothing is asked yet.
    ///
    /// # Errors
    /// With one key of two.
    pub fn open(variables: &Variables, region: Option<&str>) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
        let ring = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(10))
            .operation_attempt_timeout(Duration::from_secs(60));
        let mut config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(Builder::new().tls_provider(ring).build_with_resolver(Names))
            .timeout_config(timeouts.build());
        let named = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(|name| given(variables, name));
        if let Some(region) = region.or(named) {
            config = config.region(Region::new(region.to_owned()));
        }
        if let Some(keys) = keys(variables)? {
            config = config.credentials_provider(keys);
        }
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
        let mut aws = Self::open(variables, Some(&settings.region))?;
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
        let key = ServiceConfigKey::builder().service_id(service_id).env("AWS_ENDPOINT_URL").profile("endpoint_url");
        let found = key.build().ok().and_then(|key| self.config.service_config()?.load_config(key));
        // Without one of its own the one of all services is found.
        let own = found.is_some_and(|found| Some(found.as_str()) != self.config.endpoint_url());
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

/// The keys of the environment over `.env`, if there are any.
fn keys(variables: &Variables) -> Result<Option<Credentials>, Failure> {
    let given = |name| given(variables, name).map(str::to_owned);
    match (given("AWS_ACCESS_KEY_ID"), given("AWS_SECRET_ACCESS_KEY")) {
        (Some(key), Some(secret)) => {
            Ok(Some(Credentials::new(key, secret, given("AWS_SESSION_TOKEN"), None, "environment or .env")))
        }
        (Some(_), None) => Err(Failure::new("AWS_ACCESS_KEY_ID without AWS_SECRET_ACCESS_KEY").hint("set both")),
        (None, Some(_)) => Err(Failure::new("AWS_SECRET_ACCESS_KEY without AWS_ACCESS_KEY_ID").hint("set both")),
        (None, None) => Ok(None),
    }
}

/// Names as the system knows them, but for this machine's own. MWAA's client puts `api.` or `env.` before the host of its
/// endpoint, and no system knows `env.127.0.0.1`; a name that ends in a number is nobody else's (RFC 3696, section 2), and
/// what ends in `localhost` is always this machine (RFC 6761, section 6.3).
#[derive(Clone, Debug)]
struct Names;

impl ResolveDns for Names {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        DnsFuture::new(async move {
            if let Some(own) = loopback(name) {
                return Ok(vec![IpAddr::V4(own)]);
            }
            let found = tokio::net::lookup_host((name, 0)).await.map_err(ResolveDnsError::new)?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// The address of this machine that stands at a name's end.
fn loopback(name: &str) -> Option<Ipv4Addr> {
    if name == "localhost" || name.ends_with(".localhost") {
        return Some(Ipv4Addr::LOCALHOST);
    }
    let (_, address) = name.split_once('.')?;
    address.parse().ok().filter(Ipv4Addr::is_loopback)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_known_without_asking() {
        let own = Some(Ipv4Addr::LOCALHOST);
        for (name, address) in [
            ("env.127.0.0.1", own),
            ("api.127.0.0.1", own),
            ("env.localhost", own),
            ("localhost", own),
            ("env.10.0.0.1", None),
            ("env.airflow.eu-west-1.amazonaws.com", None),
            ("127.0.0.1.example.com", None),
        ] {
            assert_eq!(loopback(name), address, "{name}");
        }
    }
}
