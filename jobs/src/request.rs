//! Builds the requests of a collection: method, URL, headers and body, with the values of the contract's secrets.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::BTreeMap;

use contract::{Method, Request};
use serde_json::Value;
use url::Url;

use crate::failure::Failure;
use crate::pagination::pager::{Next, text};
use crate::secrets::{HIDDEN, Secrets};

/// One request of a collection; the client adds the authentication. It has no `Debug`, because it may contain secrets.
#[derive(Clone)]
pub struct Ask {
    pub method: Method,
    pub url: Url,
    pub headers: Vec<(String, String)>,
    pub body: Option<Value>,
}

impl Ask {
    /// Creates the request for a collection's `path` at `base`, which is a scheme and host.
    pub fn new(request: &Request, base: &str, path: &str, secrets: &Secrets) -> Result<Self, Failure> {
        let mut path = path.to_owned();
        for (name, parameter) in &request.path {
            let encoded: String = url::form_urlencoded::byte_serialize(secrets.of(parameter).as_bytes()).collect();
            path = path.replace(&format!("{{{name}}}"), &encoded.replace('+', "%20"));
        }
        let whole = format!("{}{path}", base.trim_end_matches('/'));
        let url = Url::parse(&whole).map_err(|error| {
            Failure::refused(format!("`{}` is not a valid URL", secrets.hidden(&whole))).because(error)
        })?;
        let headers = request.headers.iter().map(|(name, value)| (name.clone(), secrets.of(value))).collect();
        let body = request.body.as_ref().map(serde_json::to_value).transpose();
        let body = body.map_err(|error| Failure::refused("`request.body` is not JSON").because(error))?;
        let mut ask = Self { method: request.method(), url, headers, body };
        for (name, parameter) in &request.query {
            ask.set(name, &secrets.of(parameter).into());
        }
        Ok(ask)
    }

    /// Sets a parameter of the query, or of the body (`$.object.field`).
    pub fn set(&mut self, name: &str, value: &Value) {
        if let Some(path) = name.strip_prefix("$.") {
            let mut place = self.body.get_or_insert_default();
            for step in path.split('.') {
                // Anything but an object is replaced by one.
                if !place.is_object() {
                    *place = Value::Object(serde_json::Map::new());
                }
                place = &mut place[step];
            }
            *place = value.clone();
            return;
        }
        let others: Vec<(String, String)> = self
            .url
            .query_pairs()
            .filter(|(other, _)| other != name)
            .map(|(key, value)| (key.into(), value.into()))
            .collect();
        self.url.query_pairs_mut().clear().extend_pairs(others).append_pair(name, &text(value));
    }

    /// Changes the request to that of the next page. A link must lead to the host of the source; a link to the host in the
    /// contract, `base`, leads to the same path there. A link from https to http is read as https: servers behind a proxy
    /// do not know that they are reached with TLS.
    pub fn follow(&mut self, next: &Next, base: &str) -> Result<(), Failure> {
        let link = match next {
            Next::Parameters(parameters) => {
                parameters.iter().for_each(|(name, value)| self.set(name, value));
                return Ok(());
            }
            Next::Url(link) => link,
        };
        let refused = |message: String| {
            Failure::refused(message)
                .hint("the credentials are sent only to the source: correct `base_url` or `paginator`")
        };
        let mut url = self.url.join(link).map_err(|_| refused("the link to the next page is not a URL".to_owned()))?;
        url.set_fragment(None);
        // The secrets of a link were removed when it was read; this request has them, or the client adds them.
        if url.query().is_some_and(|query| query.contains(HIDDEN)) {
            let own: BTreeMap<String, String> = self.url.query_pairs().into_owned().collect();
            let known = |(name, value): (String, String)| match value.contains(HIDDEN) {
                true => own.get(&name).map(|own| (name, own.clone())),
                false => Some((name, value)),
            };
            let pairs: Vec<(String, String)> = url.query_pairs().into_owned().filter_map(known).collect();
            url.query_pairs_mut().clear().extend_pairs(pairs);
        }
        let here = self.url.origin();
        let is_plain_form = url.scheme() == "http" && self.url.scheme() == "https" && url.port().is_none();
        let of_contract = Url::parse(base).is_ok_and(|base| base.origin() == url.origin());
        if url.origin() != here && (is_plain_form && url.host() == self.url.host() || of_contract) {
            let (query, path) = (url.query().map(str::to_owned), url.path().to_owned());
            url = self.url.clone();
            url.set_path(&path);
            url.set_query(query.as_deref());
        }
        if url.origin() != here {
            let (to, from) = (url.origin().ascii_serialization(), here.ascii_serialization());
            return Err(refused(format!("the next page is on another host, `{to}` instead of `{from}`")));
        }
        // A login in the source's URL is not part of a link.
        let _ = url.set_username(self.url.username());
        let _ = url.set_password(self.url.password());
        self.url = url;
        Ok(())
    }
}

#[cfg(test)]
#[path = "../tests/unit/request.rs"]
mod tests;
