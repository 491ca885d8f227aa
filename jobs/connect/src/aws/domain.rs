//! The domain of AWS's hosts, which differs between partitions, from the SDK's own list of regions.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use aws_sdk_redshiftdata::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};

/// Returns the domain of a region's hosts, such as `amazonaws.com`, or `amazonaws.com.cn` in China.
pub fn domain(region: &str) -> String {
    // A service's endpoint is `https://<service>.<region>.<domain>`.
    let found = Params::builder().region(region).build().ok().and_then(|params| {
        let resolver = DefaultResolver::new();
        let mut future = pin!(resolver.resolve_endpoint(&params));
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(endpoint)) => {
                endpoint.url().split_once(&format!(".{region}.")).map(|(_, domain)| domain.to_owned())
            }
            _ => None,
        }
    });
    found.unwrap_or_else(|| "amazonaws.com".to_owned())
}

#[cfg(test)]
#[path = "../../tests/unit/aws/domain.rs"]
mod tests;
