//! How AWS is reached: region, credentials, endpoints and proxy, once for the SDK's clients and for the lake.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Builder, Connector, tls};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// The SDK's configuration from where it always looks: environment, profiles, container or instance.
pub async fn config() -> SdkConfig {
    // A client built by hand ignores HTTPS_PROXY and NO_PROXY unless it is given them; `reqwest` reads the same variables.
    let http = Builder::new().build_with_connector_fn(|settings, components| {
        let ring = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
        let mut connector = Connector::builder().tls_provider(ring).proxy_config(ProxyConfig::from_env());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.build()
    });
    let timeouts = TimeoutConfig::builder().connect_timeout(Duration::from_secs(10)).build();
    aws_config::defaults(BehaviorVersion::latest()).http_client(http).timeout_config(timeouts).load().await
}
