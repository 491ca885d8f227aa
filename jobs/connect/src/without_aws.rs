//! Replaces the `aws` module in a build without the `aws` feature: `s3://` and `redshift://` are errors.

use crate::failure::Failure;

/// A placeholder for the SDK's configuration; it has no values.
#[derive(Clone, Copy, Debug)]
pub enum SdkConfig {}

/// Returns no configuration.
/// Fails if one of these URLs is on AWS.
#[allow(clippy::unused_async, reason = "the build with the feature awaits")]
pub async fn config_for(urls: &[Option<&str>]) -> Result<Option<SdkConfig>, Failure> {
    let on_aws = |url: &&str| url.starts_with("s3://") || url.starts_with("redshift://");
    urls.iter().copied().flatten().find(on_aws).map_or(Ok(None), |url| Err(not_built(url)))
}

/// Returns the configuration's region.
pub fn region(config: &SdkConfig) -> Option<&str> {
    match *config {}
}

/// Returns the error for a URL on AWS.
pub fn not_built(url: &str) -> Failure {
    let scheme = url.split_once("://").map_or(url, |(scheme, _)| scheme);
    Failure::new(format!("this build does not support `{scheme}://` URLs: it was compiled without the `aws` feature"))
        .hint("compile the jobs with `cargo build --package jobs`")
}
