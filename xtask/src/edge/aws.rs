//! How AWS is reached: region, credentials and endpoint.

use std::time::Duration;

use anyhow::{Context, Result};
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::Credentials;
use aws_smithy_http_client::{Builder, tls};
use tokio::runtime::Runtime;

use crate::settings::{Variables, given};

/// The SDK's configuration, and where its calls run.
#[derive(Debug)]
pub struct Aws {
    /// For a service's client.
    pub config: SdkConfig,
    runtime: Runtime,
}

impl Aws {
    /// With keys, region and endpoint of the environment over `.env`; what neither has is looked for where the SDK always
    /// does. Nothing is asked yet.
    pub fn open(variables: &Variables, region: Option<&str>) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
        let ring = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(10))
            .operation_attempt_timeout(Duration::from_secs(60));
        let mut config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(Builder::new().tls_provider(ring).build_https())
            .timeout_config(timeouts.build());
        let named = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(|name| given(variables, name));
        if let Some(region) = region.or(named) {
            config = config.region(Region::new(region.to_owned()));
        }
        if let Some(endpoint) = given(variables, "AWS_ENDPOINT_URL") {
            config = config.endpoint_url(endpoint);
        }
        if let (Some(key), Some(secret)) =
            (given(variables, "AWS_ACCESS_KEY_ID"), given(variables, "AWS_SECRET_ACCESS_KEY"))
        {
            let token = given(variables, "AWS_SESSION_TOKEN").map(str::to_owned);
            config = config.credentials_provider(Credentials::new(key, secret, token, None, "environment or .env"));
        }
        Ok(Self { config: runtime.block_on(config.load()), runtime })
    }

    /// Waits for calls.
    pub fn wait<T>(&self, calls: impl Future<Output = T>) -> T {
        self.runtime.block_on(calls)
    }
}
