//! The HTTP server of both APIs: protocol JSON 1.1, one port, the service and the operation in `X-Amz-Target`.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::api::{ApiError, Parameters};
use crate::data_api::DataApi;
use crate::identity::{Identities, Identity};
use crate::serverless::Serverless;

/// The services behind the server.
#[derive(Debug)]
pub struct Services {
    /// The Data API.
    pub data_api: DataApi,
    /// Workgroup, namespace, credentials and usage limits.
    pub serverless: Serverless,
    /// The callers.
    pub identities: Identities,
}

/// A response that the client does not get: its connection is closed.
#[derive(Debug)]
pub(crate) struct Lost;

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the response is lost on purpose")
    }
}

impl std::error::Error for Lost {}

/// Serves requests until the task is aborted.
pub async fn serve(listener: TcpListener, services: Arc<Services>) -> Result<Infallible, std::io::Error> {
    loop {
        let (stream, _) = listener.accept().await?;
        let services = Arc::clone(&services);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let services = Arc::clone(&services);
                async move { services.respond(request).await }
            });
            // Clients may disconnect at any time, and lost responses are errors here.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

impl Services {
    async fn respond(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Lost> {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (target, authorization) = (header("x-amz-target").unwrap_or_default(), header("authorization"));
        let body = request.into_body().collect().await.map_err(|_| Lost)?.to_bytes();
        let result = self.result(&target, authorization.as_deref(), &body).await?;
        let (status, body) = match result {
            Ok(body) => (200, body),
            Err(error) => (error.status, error.body()),
        };
        let response = Response::builder().status(status).header("Content-Type", "application/x-amz-json-1.1");
        response.body(Full::from(body.to_string())).map_err(|_| Lost)
    }

    async fn result(
        &self,
        target: &str,
        authorization: Option<&str>,
        body: &[u8],
    ) -> Result<Result<Value, ApiError>, Lost> {
        let (service, operation) = target.split_once('.').unwrap_or((target, ""));
        let name = match service {
            "RedshiftData" => "redshift-data",
            "RedshiftServerless" => "redshift-serverless",
            _ => return Ok(Err(unknown_operation(target))),
        };
        let request = || -> Result<(Identity, Parameters), ApiError> {
            let identity = self.identities.caller(authorization, name)?;
            let body = serde_json::from_slice(body)
                .map_err(|error| ApiError::bad_request("SerializationException", error.to_string()))?;
            Ok((identity, Parameters::of(operation, body)?))
        };
        let (identity, parameters) = match request() {
            Ok(request) => request,
            Err(error) => return Ok(Err(error)),
        };
        match name {
            "redshift-data" if !self.serverless.is_available() => {
                Ok(Err(ApiError::validation("Redshift endpoint doesn't exist in this region.")))
            }
            "redshift-data" => self.data_api.handle(operation, &identity, parameters).await,
            _ => Ok(self.serverless.handle(operation, &identity, parameters)),
        }
    }
}

pub(crate) fn unknown_operation(name: &str) -> ApiError {
    ApiError::bad_request("UnknownOperationException", format!("the emulator does not know the operation `{name}`"))
}
