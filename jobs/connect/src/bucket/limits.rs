//! Time limits of S3 requests. object_store has one limit for all requests, but S3 takes minutes to complete a large
//! upload (Amazon S3 API Reference, CompleteMultipartUpload).

use std::time::Duration;

use async_trait::async_trait;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpService, ReqwestConnector,
};

/// The factor between the usual limit and the one for completed uploads.
pub(super) const LONG: u32 = 10;

/// Connects with object_store's limit, and with a longer one for completed uploads.
#[derive(Debug)]
pub(super) struct Limits {
    pub(super) long: Duration,
}

impl HttpConnector for Limits {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let connect = |options: &ClientOptions| ReqwestConnector::default().connect(options);
        let long = options.clone().with_timeout(self.long);
        Ok(HttpClient::new(Clients { usual: connect(options)?, long: connect(&long)? }))
    }
}

#[derive(Debug)]
struct Clients {
    usual: HttpClient,
    long: HttpClient,
}

#[async_trait]
impl HttpService for Clients {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let completes =
            request.method() == "POST" && request.uri().query().is_some_and(|query| query.contains("uploadId="));
        let client = if completes { &self.long } else { &self.usual };
        client.execute(request).await
    }
}

#[cfg(test)]
#[path = "../../tests/unit/bucket/limits.rs"]
mod tests;
