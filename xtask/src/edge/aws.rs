//! How AWS is reached: region, credentials and endpoints as the SDK finds them in the environment.

use std::time::Duration;

use anyhow::{Context, Result};
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::{Builder, tls};
use tokio::runtime::Runtime;

/// The SDK's configuration, and where its calls run.
#[derive(Debug)]
pub struct Aws {
    /// For a service's client.
    pub config: SdkConfig,
    runtime: Runtime,
}

impl Aws {
    /// Looks around in the environment; nothing is asked yet.
    pub fn open() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
        let ring = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(10))
            .operation_attempt_timeout(Duration::from_secs(60));
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(Builder::new().tls_provider(ring).build_https())
            .timeout_config(timeouts.build())
            .load();
        Ok(Self { config: runtime.block_on(config), runtime })
    }

    /// Waits for calls.
    pub fn wait<T>(&self, calls: impl Future<Output = T>) -> T {
        self.runtime.block_on(calls)
    }
}
