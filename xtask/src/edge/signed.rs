//! Requests to the AWS services that only `preflight` and rehearsals use. object_store signs them, because an SDK crate for
//! each service would make every build longer.

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use backon::{ExponentialBuilder, Retryable};
use connect::aws::{ATTEMPT, CONNECT, domain, endpoint, region};
use connect::bucket::credentials;
use connect::certificates;
use object_store::aws::{AwsAuthorizer, AwsCredentialProvider};
use object_store::client::{HttpClient, HttpError, HttpRequest};

use crate::failure::{Failure, chain, of_call};

/// A service: its SDK ID, its name in signatures and hosts, and whether a partition has a single endpoint for it.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    id: &'static str,
    name: &'static str,
    is_global: bool,
}

pub const IAM: Service = Service { id: "IAM", name: "iam", is_global: true };
pub const ACCESS_ANALYZER: Service = Service { id: "AccessAnalyzer", name: "access-analyzer", is_global: false };
pub const SECRETS_MANAGER: Service = Service { id: "Secrets Manager", name: "secretsmanager", is_global: false };
pub const SSM: Service = Service { id: "SSM", name: "ssm", is_global: false };
pub const SERVICE_QUOTAS: Service = Service { id: "Service Quotas", name: "servicequotas", is_global: false };

impl Service {
    /// Returns the host, and the region of signatures (AWS General Reference, "IAM endpoints and quotas").
    fn host<'r>(&self, own: &'r str) -> (String, &'r str) {
        let (name, domain) = (self.name, domain(own));
        match own.split('-').next() {
            _ if !self.is_global => (format!("{name}.{own}.{domain}"), own),
            Some("cn") => (format!("{name}.cn-north-1.{domain}"), "cn-north-1"),
            _ if own.starts_with("us-gov-") => (format!("{name}.us-gov.{domain}"), "us-gov-west-1"),
            _ => (format!("{name}.{domain}"), "us-east-1"),
        }
    }
}

/// A client with the SDK's credentials, region and endpoints.
#[derive(Debug)]
pub struct Signed {
    client: HttpClient,
    credentials: AwsCredentialProvider,
    config: SdkConfig,
}

impl Signed {
    /// Sends no requests.
    pub fn open(config: &SdkConfig) -> Result<Self> {
        // Returns an error if a provider is already installed, which is then used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let credentials = credentials(config).context("no credentials")?;
        let mut client = reqwest::Client::builder().connect_timeout(CONNECT).timeout(ATTEMPT);
        if let Some(bundle) = certificates::bundle()? {
            client = client.tls_certs_only(reqwest::Certificate::from_pem_bundle(&bundle)?);
        }
        // An emulator on this machine needs no proxy.
        if config.endpoint_url().is_some_and(|url| url.starts_with("http://")) {
            client = client.no_proxy();
        }
        Ok(Self { client: HttpClient::new(client.build()?), credentials, config: config.clone() })
    }

    /// Sends a POST request, again if the service throttles; returns the body.
    ///
    /// # Errors
    /// If the service cannot be reached or refuses the request; the text of its response is the error.
    pub async fn post(&self, to: Service, path: &str, headers: &[(&'static str, &str)], body: &str) -> Result<String> {
        let (host, place) = to.host(region(&self.config).context("no region is set")?);
        let host = endpoint(&self.config, to.id).unwrap_or_else(|| format!("https://{host}"));
        let failed = |error: HttpError| of_call(&format!("call {}", to.id), None, &chain(&error), &[]);
        let send = || async {
            let mut request = HttpRequest::new(body.to_owned().into());
            *request.method_mut() = "POST".parse()?;
            *request.uri_mut() = format!("{}{path}", host.trim_end_matches('/')).parse()?;
            for (name, value) in headers {
                request.headers_mut().insert(*name, value.parse()?);
            }
            let credential = self.credentials.get_credential().await?;
            AwsAuthorizer::new(&credential, to.name, place).try_authorize(&mut request, None)?;
            let response = self.client.execute(request).await.map_err(failed)?;
            let is_success = response.status().is_success();
            let text = String::from_utf8_lossy(&response.into_body().bytes().await.map_err(failed)?).into_owned();
            if is_success { Ok(text) } else { Err(Failure::new(text).into()) }
        };
        let words = ["Throttling", "Rate exceeded", "TooManyRequests"];
        let throttled = |error: &anyhow::Error| words.iter().any(|word| error.to_string().contains(word));
        send.retry(ExponentialBuilder::default().with_jitter().with_max_times(6)).when(throttled).await
    }
}
