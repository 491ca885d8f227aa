//! A build without the feature `aws`: `s3://` and `redshift://` are errors.

use crate::failure::Failure;

/// Stands for the SDK's configuration; no value exists.
#[derive(Clone, Copy, Debug)]
pub enum SdkConfig {}

/// No configuration.
/// Fails when one of these URLs is on AWS.
#[allow(clippy::unused_async, reason = "the build with the feature awaits")]
pub async fn config_for(urls: &[Option<&str>]) -> Result<Option<SdkConfig>, Failure> {
    let on_aws = |url: &&str| url.starts_with("s3://") || url.starts_with("redshift://");
    urls.iter().copied().flatten().find(on_aws).map_or(Ok(None), |url| Err(not_built(url)))
}

/// The configuration's region.
pub fn region(config: &SdkConfig) -> Option<&str> {
    match *config {}
}

/// What to report for a URL on AWS.
pub fn not_built(url: &str) -> Failure {
    let scheme = url.split_once("://").map_or(url, |(scheme, _)| scheme);
    Failure::new(format!("this build cannot reach `{scheme}://`: it has no AWS clients (feature `aws`)"))
        .hint("compile the jobs with `cargo build --package jobs`")
}
