//! How the SDK clients reach AWS: TLS with ring, the proxy from the environment, endpoints, and name resolution for
//! this machine.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::timeout::TimeoutConfig;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Builder, Connector, tls};
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::service_config::ServiceConfigKey;

pub use aws_config::SdkConfig;

use crate::failure::Failure;

/// Loads the configuration from the SDK's default sources: environment, profiles, container or instance.
pub async fn config() -> SdkConfig {
    let timeouts = TimeoutConfig::builder().connect_timeout(Duration::from_secs(10)).build();
    let loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client(false));
    loader.timeout_config(timeouts).load().await
}

/// Loads the configuration if one of these URLs is on AWS; otherwise returns `None`, because determining the region
/// could take seconds outside AWS. Returns an error only in a build without the `aws` feature.
pub async fn config_for(urls: &[Option<&str>]) -> Result<Option<SdkConfig>, Failure> {
    let on_aws = |url: &&str| url.starts_with("s3://") || url.starts_with("redshift://");
    Ok(if urls.iter().copied().flatten().any(|url| on_aws(&url)) { Some(config().await) } else { None })
}

/// Returns the configuration's region.
pub fn region(config: &SdkConfig) -> Option<&str> {
    config.region().map(AsRef::as_ref)
}

/// Returns the endpoint that the environment or the profile sets for a service: AWS_ENDPOINT_URL_<SERVICE>, or else
/// AWS_ENDPOINT_URL.
pub fn endpoint(config: &SdkConfig, service_id: &str) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id(service_id).env("AWS_ENDPOINT_URL").profile("endpoint_url");
    let own = key.build().ok().and_then(|key| config.service_config()?.load_config(key));
    own.or_else(|| config.endpoint_url().map(str::to_owned))
}

/// Creates a client that uses the proxy from HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, unless `direct` is true.
/// By default, a client built by hand ignores these variables.
pub fn http_client(direct: bool) -> SharedHttpClient {
    let proxy = if direct { ProxyConfig::disabled() } else { ProxyConfig::from_env() };
    // The crate's other builders accept a proxy or a resolver, not both.
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder().proxy_config(proxy.clone());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        let ring = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
        connector.tls_provider(ring).build_with_resolver(Names)
    })
}

/// The system's resolver, except for names of this machine. The MWAA client adds `api.` or `env.` in front of its
/// endpoint's host, and no system resolves `env.127.0.0.1`. No public name ends in a number (RFC 3696, section 2), and
/// a name that ends in `localhost` always means this machine (RFC 6761, section 6.3).
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

/// Returns the loopback address at the end of a name.
fn loopback(name: &str) -> Option<Ipv4Addr> {
    if name == "localhost" || name.ends_with(".localhost") {
        return Some(Ipv4Addr::LOCALHOST);
    }
    let (_, address) = name.split_once('.')?;
    address.parse().ok().filter(Ipv4Addr::is_loopback)
}

#[cfg(test)]
#[path = "../tests/unit/aws.rs"]
mod tests;
