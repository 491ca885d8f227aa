//! A server that collects OpenLineage's events over HTTP (Marquez and others).

use std::time::Duration;

use anyhow::Result;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use serde_json::Value;

use crate::failure::Failure;

/// Lineage is worth a moment and no more: a run must not wait for who watches it.
const PATIENCE: Duration = Duration::from_secs(2);

/// A collector of events.
#[derive(Clone, Debug)]
pub struct Collector {
    client: Client,
    url: Url,
    key: Option<String>,
}

impl Collector {
    /// The collector at `url`, whose path for events is `endpoint`; `key` is its API key.
    ///
    /// # Errors
    /// When `url` is no address of HTTP; it is not shown, because it may hold a secret.
    pub fn new(url: &str, endpoint: &str, key: Option<&str>) -> Result<Self> {
        let unfit = || Failure::refused("OPENLINEAGE_URL is no URL of http or https");
        let mut url = Url::parse(url).map_err(|_| unfit())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(unfit().into());
        }
        let path = format!("{}/{}", url.path().trim_end_matches('/'), endpoint.trim_start_matches('/'));
        url.set_path(&path);
        // Whoever is redirected to should not get the key.
        let client = Client::builder().timeout(PATIENCE).redirect(Policy::none()).build();
        let client = client.map_err(|error| Failure::refused("cannot set up HTTP").because(error))?;
        Ok(Self { client, url, key: key.map(str::to_owned) })
    }

    /// Who it is: host and port, without user, password, path and query.
    pub fn host(&self) -> String {
        let port = self.url.port().map_or(String::new(), |port| format!(":{port}"));
        format!("{}{port}", self.url.host_str().unwrap_or_default())
    }

    /// Sends one event.
    ///
    /// # Errors
    /// When it does not arrive in time or is not welcome. Nothing of the address but the host is in the error.
    pub async fn send(&self, event: &Value) -> Result<()> {
        let request = self.client.post(self.url.clone()).header(CONTENT_TYPE, "application/json");
        let request = self.key.iter().fold(request, |request, key| request.bearer_auth(key)).body(event.to_string());
        let failed = |error: reqwest::Error| {
            Failure::temporary(format!("cannot send lineage to `{}`", self.host())).because(error.without_url())
        };
        let status = request.send().await.map_err(failed)?.status();
        if status.is_success() {
            return Ok(());
        }
        Err(Failure::temporary(format!("`{}` answered the lineage with {status}", self.host())).into())
    }
}
