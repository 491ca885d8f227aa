//! Authenticates requests as the contract says.

use std::time::{Duration, Instant};

use anyhow::Result;
use connect::Secret;
use contract::{Auth, ClientAuthentication, Location, Parameter};
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{RequestBuilder, StatusCode};
use serde::Deserialize;
use url::{Url, form_urlencoded};

use super::{Api, broken};
use crate::failure::Failure;

/// How long before its end a token is replaced.
const MARGIN: Duration = Duration::from_secs(30);
/// How long a token is used if the server does not say it.
const LIFETIME: Duration = Duration::from_secs(300);

#[derive(Debug)]
pub(super) struct Token {
    text: Secret,
    until: Instant,
}

/// The response of a token server (RFC 6749, section 5.1).
#[derive(Deserialize)]
struct Issued {
    access_token: String,
    expires_in: Option<f64>,
}

impl Api {
    fn value(&self, parameter: &Parameter) -> String {
        match parameter {
            Parameter::Plain(text) => text.clone(),
            Parameter::Secret { secret } => self.secrets().value(secret).to_owned(),
        }
    }

    /// Adds an API key to the query.
    pub(super) fn add_key(&self, to: &mut Url) {
        if let Some(Auth::ApiKey { name, api_key, location: Location::Query }) = &self.auth {
            to.query_pairs_mut().append_pair(name, &self.value(api_key));
        }
    }

    /// Adds the credentials to the headers. With `has_new_token`, the current token was rejected.
    pub(super) async fn authenticate(&self, request: RequestBuilder, has_new_token: bool) -> Result<RequestBuilder> {
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
            Some(Auth::Oauth2 { .. }) => request.bearer_auth(self.token(has_new_token).await?),
            Some(Auth::ApiKey { location: Location::Query, .. }) | None => request,
        })
    }

    /// Returns the current token, or a new one.
    async fn token(&self, is_rejected: bool) -> Result<String> {
        let mut current = self.token.lock().await;
        if let Some(token) = current.as_ref().filter(|token| !is_rejected && token.until > Instant::now()) {
            return Ok(token.text.expose().to_owned());
        }
        let issued = self.request_token().await?;
        self.secrets.write().unwrap_or_else(std::sync::PoisonError::into_inner).hide(&issued.access_token);
        let lifetime =
            issued.expires_in.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).unwrap_or(LIFETIME);
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
            // Both are encoded as a form first (RFC 6749, section 2.3.1).
            ClientAuthentication::Header => {
                let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
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
