//! The SDK's HTTP client: TLS with ring, the proxy of the environment, trusted certificates, and the names of this
//! machine.

use std::net::{IpAddr, Ipv4Addr};

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::certificates;
use crate::failure::Failure;

/// Creates a client that uses the proxy from HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, unless `direct` is true.
/// By default, a client built by hand ignores these variables, and AWS_CA_BUNDLE.
pub(super) fn http_client(direct: bool) -> Result<SharedHttpClient, Failure> {
    let proxy = if direct { ProxyConfig::disabled() } else { ProxyConfig::from_env() };
    let roots = match certificates::bundle()? {
        Some(bundle) => TrustStore::empty().with_pem_certificate(bundle),
        None => TrustStore::default(),
    };
    let unusable = |error| Failure::new("cannot set up TLS for AWS").because(error);
    let tls = TlsContext::builder().with_trust_store(roots).build().map_err(unusable)?;
    // The crate's other builders accept a proxy or a resolver, not both.
    Ok(Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder().proxy_config(proxy.clone());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        let ring = Provider::Rustls(rustls_provider::CryptoMode::Ring);
        connector.tls_provider(ring).tls_context(tls.clone()).build_with_resolver(Names)
    }))
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
#[path = "../../tests/unit/aws/client.rs"]
mod tests;
