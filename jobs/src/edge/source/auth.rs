//! Authenticates requests as the contract says.

use std::time::{Duration, Instant};

use anyhow::Result;
use connect::Secret;
use contract::{Auth, ClientAuthentication, Contract, Location, Parameter};
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::{Api, broken};
use crate::failure::Failure;
use crate::pagination::pager::text;
use crate::secrets::Secrets;

/// How long before its end a token is replaced.
const MARGIN: Duration = Duration::from_secs(30);
/// How long a token is used if the server does not say it.
const LIFETIME: Duration = Duration::from_secs(300);

/// How long a token is used at most.
const LONGEST: Duration = Duration::from_secs(86_400);

#[derive(Debug)]
pub(super) struct Token {
    text: Secret,
    until: Instant,
}

/// The response of a token server (RFC 6749, section 5.1).
#[derive(Deserialize)]
struct Issued {
    access_token: String,
    /// A number, or its text.
    expires_in: Option<Value>,
}

/// Hides the encoded form in which a password is sent (RFC 7617).
pub(super) fn hide_basic(client: &Client, contract: &Contract, secrets: &mut Secrets) {
    let (user, password) = match &contract.request.auth {
        Some(Auth::HttpBasic { username, password }) => (secrets.of(username), secrets.of(password)),
        Some(Auth::Oauth2 { client_id, client_secret, .. }) => {
            (encoded(&secrets.of(client_id)), encoded(&secrets.of(client_secret)))
        }
        _ => return,
    };
    let sent = client.get("http://localhost").basic_auth(user, Some(password)).build();
    let value = sent.ok().and_then(|request| request.headers().get(AUTHORIZATION)?.to_str().map(str::to_owned).ok());
    if let Some(credentials) = value.as_deref().and_then(|value| value.strip_prefix("Basic ")) {
        secrets.hide(credentials);
    }
}

/// Encodes a part of a client's credentials as a form (RFC 6749, section 2.3.1).
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

impl Api {
    fn value(&self, parameter: &Parameter) -> String {
        self.secrets().of(parameter)
    }

    /// Adds an API key to the query.
    pub(super) fn add_key(&self, to: &mut Url) {
        if let Some(Auth::ApiKey { name, api_key, location: Location::Query }) = &self.auth {
            // A link may have the key already.
            let others = to.query_pairs().into_owned().filter(|(other, _)| other != name);
            let others: Vec<(String, String)> = others.collect();
            to.query_pairs_mut().clear().extend_pairs(others).append_pair(name, &self.value(api_key));
        }
    }

    /// Adds the credentials to the headers; `rejected` is a token that the server no longer accepts.
    pub(super) async fn authenticate(&self, request: RequestBuilder, rejected: Option<&str>) -> Result<RequestBuilder> {
        Ok(match &self.auth {
            Some(Auth::Bearer { token }) => request.bearer_auth(self.value(token)),
            Some(Auth::ApiKey { name, api_key, location: Location::Header }) => {
                let unusable =
                    || Failure::refused("the API key cannot be sent: it has a line break or control character");
                let mut value = HeaderValue::from_str(&self.value(api_key)).map_err(|_| unusable())?;
                value.set_sensitive(true);
                request.header(HeaderName::try_from(name).map_err(|_| unusable())?, value)
            }
            Some(Auth::HttpBasic { username, password }) => {
                request.basic_auth(self.value(username), Some(self.value(password)))
            }
            Some(Auth::Oauth2 { .. }) => request.bearer_auth(self.token(rejected).await?),
            Some(Auth::ApiKey { location: Location::Query, .. }) | None => request,
        })
    }

    /// Returns the token that was requested last, if any.
    pub(super) async fn last_token(&self) -> Option<String> {
        self.token.lock().await.as_ref().map(|token| token.text.expose().to_owned())
    }

    /// Returns the current token, or a new one. Another task may have replaced the rejected one.
    async fn token(&self, rejected: Option<&str>) -> Result<String> {
        let mut current = self.token.lock().await;
        let usable = |token: &&Token| rejected != Some(token.text.expose()) && token.until > Instant::now();
        if let Some(token) = current.as_ref().filter(usable) {
            return Ok(token.text.expose().to_owned());
        }
        let issued = self.request_token().await?;
        self.secrets.write().unwrap_or_else(std::sync::PoisonError::into_inner).hide(&issued.access_token);
        let seconds = issued.expires_in.as_ref().and_then(|seconds| text(seconds).parse().ok());
        let lifetime =
            seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).unwrap_or(LIFETIME).min(LONGEST);
        // A server that issues short tokens would otherwise be asked before every request.
        let until = Instant::now() + lifetime.saturating_sub(MARGIN).max(lifetime / 2);
        *current = Some(Token { text: issued.access_token.clone().into(), until });
        Ok(issued.access_token)
    }

    async fn request_token(&self) -> Result<Issued> {
        let Some(Auth::Oauth2 {
            access_token_url: url,
            client_id,
            client_secret,
            scope,
            client_authentication,
            access_token_request_data,
        }) = &self.auth
        else {
            return Err(Failure::refused("the contract has no OAuth2 client").into());
        };
        let (id, secret) = (self.value(client_id), self.value(client_secret));
        let mut form = vec![("grant_type".to_owned(), "client_credentials".to_owned())];
        form.extend(scope.iter().map(|scope| ("scope".to_owned(), scope.clone())));
        form.extend(access_token_request_data.iter().map(|(name, value)| (name.clone(), self.value(value))));
        let mut request = self.client.post(url).header("Accept", "application/json");
        match client_authentication {
            ClientAuthentication::Body => {
                form.extend([("client_id".to_owned(), id), ("client_secret".to_owned(), secret)]);
            }
            ClientAuthentication::Header => {
                request = request.basic_auth(encoded(&id), Some(encoded(&secret)));
            }
        }
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = request.header("Content-Type", "application/x-www-form-urlencoded").body(form);
        let response = request.send().await.map_err(|error| broken(url, error))?;
        if response.status() != StatusCode::OK {
            let failure = self.failed(url, response, false).await;
            let hint = "check `request.auth` in the contract, and the values of its secrets";
            return Err(if failure.is_temporary() { failure } else { failure.hint(hint) }.into());
        }
        let body = response.bytes().await.map_err(|error| broken(url, error))?;
        // The body is not shown, because it may contain a token.
        let issued = serde_json::from_slice(&body);
        Ok(issued.map_err(|_| {
            Failure::refused(format!("the response of `{url}` is not a JSON object with `access_token`"))
        })?)
    }
}
