//! Amazon MWAA: the environment that Airflow runs in, Airflow's own API behind it, and the way into its pages.

use std::collections::HashMap;
use std::fmt;

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use aws_sdk_mwaa::Client;
use aws_sdk_mwaa::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_mwaa::operation::invoke_rest_api::InvokeRestApiError;
use aws_sdk_mwaa::types::RestApiMethod;
use aws_smithy_types::{Document, Number};
use contract::Exit;
use serde_json::Value;

use crate::failure::{self, Failure};
use crate::run::{ApiRequest, Method};

/// MWAA of an account in a region.
#[derive(Clone, Debug)]
pub struct Mwaa {
    client: Client,
}

/// An environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// `AVAILABLE` when it works.
    pub status: String,
    /// Its pages, without https://.
    pub url: String,
    /// Of Airflow.
    pub version: String,
    /// The version of the requirements that it was made with.
    pub requirements: Option<String>,
}

impl Mwaa {
    /// With a client made by the SDK.
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }

    /// An environment by its name, if it is there.
    pub async fn environment(&self, name: &str) -> Result<Option<Environment>> {
        let told = match self.client.get_environment().name(name).send().await {
            Err(error) if error.code() == Some("ResourceNotFoundException") => return Ok(None),
            told => told.map_err(|error| refused(&format!("look at the environment `{name}`"), &error))?,
        };
        Ok(told.environment.map(|environment| Environment {
            status: environment.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
            url: environment.webserver_url.unwrap_or_default(),
            version: environment.airflow_version.unwrap_or_default(),
            requirements: environment.requirements_s3_object_version,
        }))
    }
}

/// What Airflow answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// HTTP's status: Airflow's own, not MWAA's.
    pub status: i32,
    /// The body.
    pub body: Value,
}

/// What lets a browser in. It shows itself to nobody who only looks at it.
#[derive(Clone)]
pub struct Login {
    /// The host of Airflow's pages.
    pub host: String,
    token: String,
}

impl Login {
    /// The page that takes the token (Amazon MWAA User Guide, "Creating an Apache Airflow web login token"). A browser
    /// sends nobody what stands behind the #.
    pub fn url(&self) -> String {
        format!("https://{}/aws_mwaa/aws-console-sso?login=true#{}", self.host, self.token)
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("host", &self.host).finish_non_exhaustive()
    }
}

impl Mwaa {
    /// Asks Airflow. What it refuses is an answer with another status than 2xx.
    ///
    /// # Errors
    /// When MWAA refuses or is not reached, and when Airflow does not answer within MWAA's 10 seconds or has an error of
    /// its own (5xx), which may pass.
    pub async fn ask(&self, environment: &str, request: &ApiRequest) -> Result<Answer> {
        let what = format!("ask Airflow for `{}`", request.path);
        let method = match request.method {
            Method::Get => RestApiMethod::Get,
            Method::Post => RestApiMethod::Post,
            Method::Patch => RestApiMethod::Patch,
        };
        let call = self.client.invoke_rest_api().name(environment).path(&request.path).method(method);
        let error = match call.set_body(request.body.as_ref().map(document)).send().await {
            Ok(told) => {
                let body = told.rest_api_response.as_ref().map_or(Value::Null, value);
                return Ok(Answer { status: told.rest_api_status_code.unwrap_or_default(), body });
            }
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(InvokeRestApiError::RestApiClientException(told)) => Ok(Answer {
                status: told.rest_api_status_code().unwrap_or_default(),
                body: told.rest_api_response().map_or(Value::Null, value),
            }),
            Some(InvokeRestApiError::RestApiServerException(told)) => {
                let status = told.rest_api_status_code().map(|status| format!(" {status}")).unwrap_or_default();
                let body = told.rest_api_response().map_or(Value::Null, value);
                let failure = Failure::new(format!("cannot {what}: Airflow answered{status}: {body}"));
                Err(failure.exit(Exit::TempFail).hint("run the same command again").into())
            }
            _ => Err(refused(&what, &error)),
        }
    }

    /// A fresh token for a browser.
    pub async fn login(&self, environment: &str) -> Result<Login> {
        let told = self.client.create_web_login_token().name(environment).send().await;
        let told = told.map_err(|error| refused(&format!("make a login token for `{environment}`"), &error))?;
        let (host, token) = (told.web_server_hostname, told.web_token);
        let (host, token) = host.zip(token).context("MWAA answered without host or token")?;
        Ok(Login { host, token })
    }
}

/// JSON as the SDK takes it.
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
            Document::Object(pairs.collect::<HashMap<_, _>>())
        }
    }
}

/// JSON as the SDK gives it.
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

/// What mends an error, by how its code begins.
const HINTS: [(&str, &str); 2] = [
    ("AccessDenied", "the caller needs airflow:GetEnvironment, airflow:InvokeRestApi and airflow:CreateWebLoginToken"),
    ("ResourceNotFound", "cargo xtask deploy"),
];

fn refused<E>(what: &str, error: &SdkError<E>) -> anyhow::Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    failure::refused(what, (error.code(), error.message()), error, &HINTS).into()
}
