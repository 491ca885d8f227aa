//! How the SDK's clients connect: TLS by ring, the proxy of the environment, and the names of this machine.

use std::net::{IpAddr, Ipv4Addr};

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Builder, Connector, tls};
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

/// A client that goes through the proxy of HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, unless it is `direct`.
pub(super) fn client(direct: bool) -> SharedHttpClient {
    let proxy = if direct { ProxyConfig::disabled() } else { ProxyConfig::from_env() };
    // The only way of the crate to have a proxy and a resolver: its other builders take one of the two.
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder().proxy_config(proxy.clone());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        let ring = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
        connector.tls_provider(ring).build_with_resolver(Names)
    })
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
