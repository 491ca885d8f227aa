//! Requests to the AWS services that only `preflight` asks. object_store signs them: an SDK crate for each service would
//! compile for a minute.

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use connect::aws::{domain, endpoint, region};
use connect::certificates;
use object_store::aws::{AwsAuthorizer, AwsCredential};
use object_store::client::{HttpClient, HttpRequest};

use crate::failure::{chain, of_call};

/// A service: its SDK ID, its name in signatures, and the region of its only endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    id: &'static str,
    name: &'static str,
    global: Option<&'static str>,
}

pub const IAM: Service = Service { id: "IAM", name: "iam", global: Some("us-east-1") };
pub const ACCESS_ANALYZER: Service = Service { id: "AccessAnalyzer", name: "access-analyzer", global: None };
pub const SERVICE_QUOTAS: Service = Service { id: "Service Quotas", name: "servicequotas", global: None };

/// A client with the SDK's credentials, region and endpoints.
#[derive(Debug)]
pub struct Signed {
    client: HttpClient,
    credential: AwsCredential,
    config: SdkConfig,
}

impl Signed {
    /// Reads the credentials. Sends no requests to a service.
    pub async fn open(config: &SdkConfig) -> Result<Self> {
        // Returns an error if a provider is already installed, which is then used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let provider = config.credentials_provider().context("no credentials")?;
        let found = provider.provide_credentials().await;
        let found = found.map_err(|error| of_call("sign requests", None, &chain(&error), &[]))?;
        let credential = AwsCredential {
            key_id: found.access_key_id().to_owned(),
            secret_key: found.secret_access_key().to_owned(),
            token: found.session_token().map(str::to_owned),
        };
        let mut client = reqwest::Client::builder();
        if let Some(bundle) = certificates::bundle()? {
            client = client.tls_certs_only(reqwest::Certificate::from_pem_bundle(&bundle)?);
        }
        Ok(Self { client: HttpClient::new(client.build()?), credential, config: config.clone() })
    }

    /// Sends a POST request; returns the body, or else the text of the service's error.
    ///
    /// # Errors
    /// If the service cannot be reached.
    pub async fn post(
        &self,
        service: Service,
        path: &str,
        headers: &[(&'static str, &str)],
        body: String,
    ) -> Result<Result<String, String>> {
        let own = region(&self.config).context("no region is set")?;
        let domain = domain(own);
        // In the other partitions, an endpoint has its region in its name.
        let global = service.global.filter(|_| domain == "amazonaws.com" && !own.starts_with("us-gov-"));
        let host = match global {
            Some(_) => format!("https://{}.{domain}", service.name),
            None => format!("https://{}.{own}.{domain}", service.name),
        };
        let host = endpoint(&self.config, service.id).unwrap_or(host);
        let mut request = HttpRequest::new(body.into());
        *request.method_mut() = "POST".parse()?;
        *request.uri_mut() = format!("{}{path}", host.trim_end_matches('/')).parse()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse()?);
        }
        AwsAuthorizer::new(&self.credential, service.name, global.unwrap_or(own)).try_authorize(&mut request, None)?;
        let action = format!("call {}", service.id);
        let failed = |error: object_store::client::HttpError| of_call(&action, None, &chain(&error), &[]);
        let response = self.client.execute(request).await.map_err(failed)?;
        let is_success = response.status().is_success();
        let text = String::from_utf8_lossy(&response.into_body().bytes().await.map_err(failed)?).into_owned();
        Ok(if is_success { Ok(text) } else { Err(text) })
    }
}
