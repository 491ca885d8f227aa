//! Amazon MWAA: the Airflow environment, Airflow's REST API, and the login to the Airflow UI.

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use aws_sdk_mwaa::Client;
use aws_sdk_mwaa::operation::invoke_rest_api::InvokeRestApiError;
pub use aws_sdk_mwaa::types::Environment;
use aws_smithy_types::{Document, Number};
use connect::Secret;
use connect::call::{CallResult, call_failure};
use contract::Exit;
use serde_json::Value;

use crate::failure::Failure;
use crate::run::ApiRequest;

#[derive(Clone, Debug)]
pub struct Mwaa {
    client: Client,
}

#[derive(Clone, Debug)]
pub struct Login {
    pub host: String,
    token: Secret,
}

impl Login {
    /// Returns the URL of the login page with the token (Amazon MWAA User Guide, "Creating an Apache Airflow web login
    /// token"). Browsers do not send the part after `#` to the server.
    pub fn url(&self) -> String {
        format!("https://{}/aws_mwaa/aws-console-sso?login=true#{}", self.host, self.token.expose())
    }
}

impl Mwaa {
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }

    pub async fn environment(&self, name: &str) -> Result<Option<Environment>> {
        let call = self.client.get_environment().name(name).send().await.unless("ResourceNotFoundException");
        let response = call.or_failure(format!("read the environment `{name}`"), &HINTS)?;
        Ok(response.and_then(|response| response.environment))
    }

    /// Sends a request to Airflow; returns Airflow's HTTP status and the body. Client errors (4xx) are returned as a
    /// response; a 5xx response, or no response within MWAA's 10-second limit, is a temporary failure.
    pub async fn call(&self, environment: &str, request: &ApiRequest) -> Result<(i32, Value)> {
        let action = format!("call Airflow's API `{}`", request.path);
        let call = self.client.invoke_rest_api().name(environment).path(&request.path).method(request.method.into());
        let returned = |status: Option<i32>, body: Option<&Document>| {
            (status.unwrap_or_default(), body.map_or(Value::Null, value))
        };
        let error = match call.set_body(request.body.as_ref().map(document)).send().await {
            Ok(response) => return Ok(returned(response.rest_api_status_code, response.rest_api_response.as_ref())),
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(InvokeRestApiError::RestApiClientException(response)) => {
                Ok(returned(response.rest_api_status_code(), response.rest_api_response()))
            }
            Some(InvokeRestApiError::RestApiServerException(response)) => {
                let status = response.rest_api_status_code().map(|status| format!(" {status}")).unwrap_or_default();
                let body = response.rest_api_response().map_or(Value::Null, value);
                let failure = Failure::new(format!("cannot {action}: Airflow returned{status}: {body}"));
                Err(failure.exit(Exit::TempFail).hint("run the same command again").into())
            }
            _ => Err(call_failure(&action, &error, &HINTS).into()),
        }
    }

    pub async fn login(&self, environment: &str) -> Result<Login> {
        let call = self.client.create_web_login_token().name(environment).send().await;
        let response = call.or_failure(format!("create a login token for `{environment}`"), &HINTS)?;
        let response = response.web_server_hostname.zip(response.web_token);
        let (host, token) = response.context("MWAA did not return a host or token")?;
        Ok(Login { host, token: token.into() })
    }
}

/// Converts JSON to the SDK's type.
fn document(value: &Value) -> Document {
    match value {
        Value::Null => Document::Null,
        Value::Bool(is) => Document::Bool(*is),
        Value::Number(number) => Document::Number(match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Number::PosInt(number),
            (None, Some(number)) => Number::NegInt(number),
            (None, None) => Number::Float(number.as_f64().unwrap_or_default()),
        }),
        Value::String(text) => Document::String(text.clone()),
        Value::Array(list) => Document::Array(list.iter().map(document).collect()),
        Value::Object(object) => {
            let pairs = object.iter().map(|(name, value)| (name.clone(), document(value)));
            Document::Object(pairs.collect())
        }
    }
}

/// Converts the SDK's type to JSON.
fn value(document: &Document) -> Value {
    match document {
        Document::Null => Value::Null,
        Document::Bool(is) => Value::Bool(*is),
        Document::Number(Number::PosInt(number)) => (*number).into(),
        Document::Number(Number::NegInt(number)) => (*number).into(),
        Document::Number(Number::Float(number)) => (*number).into(),
        Document::String(text) => text.clone().into(),
        Document::Array(list) => list.iter().map(value).collect(),
        Document::Object(object) => object.iter().map(|(name, one)| (name.clone(), value(one))).collect(),
    }
}

const HINTS: [(&str, &str); 2] = [
    ("AccessDenied", "the caller needs airflow:GetEnvironment, airflow:InvokeRestApi and airflow:CreateWebLoginToken"),
    ("ResourceNotFound", "run `cargo xtask deploy`"),
];
