//! A client for servers that collect OpenLineage events over HTTP (such as Marquez).

use std::time::Duration;

use anyhow::Result;
use connect::Secret;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use serde_json::Value;

use crate::failure::Failure;

/// The maximum wait for the collector: lineage must not delay a run.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Clone)]
pub struct Collector {
    client: Client,
    url: Url,
    key: Option<Secret>,
}

impl Collector {
    /// Creates a client for the collector at `url`, which accepts events at the path `endpoint`; `key` is its API key.
    /// Fails if `url` is not an HTTP URL; the error does not show the URL, because it may contain a secret.
    pub fn new(url: &str, endpoint: &str, key: Option<&str>) -> Result<Self> {
        let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let mut url = url.ok_or_else(|| Failure::refused("OPENLINEAGE_URL is not an http or https URL"))?;
        let path = format!("{}/{}", url.path().trim_end_matches('/'), endpoint.trim_start_matches('/'));
        url.set_path(&path);
        // No redirects: another host must not receive the key.
        let client = Client::builder().timeout(PATIENCE).redirect(Policy::none()).build();
        let client = client.map_err(|error| Failure::refused("cannot create the HTTP client").because(error))?;
        Ok(Self { client, url, key: key.map(Secret::from) })
    }

    /// Returns the host and port, without the user, password, path and query.
    pub fn host(&self) -> String {
        let port = self.url.port().map_or(String::new(), |port| format!(":{port}"));
        format!("{}{port}", self.url.host_str().unwrap_or_default())
    }

    /// Sends an event. Fails if the collector does not accept the event in time; the error shows only the URL's host.
    pub async fn send(&self, event: &Value) -> Result<()> {
        let request = self.client.post(self.url.clone()).header(CONTENT_TYPE, "application/json");
        let request =
            self.key.iter().fold(request, |request, key| request.bearer_auth(key.expose())).body(event.to_string());
        let failed = |error: reqwest::Error| {
            Failure::temporary(format!("cannot send lineage to `{}`", self.host())).because(error.without_url())
        };
        let status = request.send().await.map_err(failed)?.status();
        if status.is_success() {
            return Ok(());
        }
        Err(Failure::temporary(format!("the lineage collector `{}` returned {status}", self.host())).into())
    }
}
