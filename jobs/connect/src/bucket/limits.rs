//! Time limits of S3 requests. object_store has one limit for all requests, 30 s by default, but S3 responds to a copy
//! only when all bytes are copied (up to 5 GiB; Amazon S3 API Reference, CopyObject and UploadPartCopy), and takes minutes to
//! complete a large upload (CompleteMultipartUpload).

use std::time::Duration;

use async_trait::async_trait;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpService, ReqwestConnector,
};

/// Time limit for requests that S3 needs minutes for: 5 GiB at 9 MB/s.
const LONG: Duration = Duration::from_secs(600);

/// Connects with object_store's limit, and with a longer one for copies and completed uploads.
#[derive(Debug)]
pub(super) struct Limits {
    long: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { long: LONG }
    }
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
        let copies = request.headers().contains_key("x-amz-copy-source");
        let completes =
            request.method() == "POST" && request.uri().query().is_some_and(|query| query.contains("uploadId="));
        let client = if copies || completes { &self.long } else { &self.usual };
        client.execute(request).await
    }
}

#[cfg(test)]
#[path = "../../tests/unit/bucket/limits.rs"]
mod tests;
