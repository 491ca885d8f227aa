//! How requests are authenticated.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::Parameter;

/// How requests are authenticated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Auth {
    /// `Authorization: Bearer TOKEN` (RFC 6750).
    Bearer {
        /// The token.
        token: Parameter,
    },
    /// A key in a header or in the query.
    ApiKey {
        /// The name of the header or query parameter.
        name: String,
        /// The key.
        api_key: Parameter,
        /// Where the key is sent.
        #[serde(default)]
        location: Location,
    },
    /// `Authorization: Basic …` (RFC 7617).
    HttpBasic {
        /// The user name.
        username: Parameter,
        /// The password.
        password: Parameter,
    },
    /// A bearer token that is requested with the client's credentials (RFC 6749, section 4.4).
    #[serde(rename = "oauth2_client_credentials")]
    Oauth2 {
        /// The URL that issues tokens.
        access_token_url: String,
        /// The client's name.
        client_id: Parameter,
        /// The client's secret.
        client_secret: Parameter,
        /// The scopes, separated by spaces.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<String>,
        /// Where the credentials are sent.
        #[serde(default)]
        client_authentication: ClientAuthentication,
        /// Other parameters of the token request, such as `audience`.
        #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
        access_token_request_data: IndexMap<String, Parameter>,
    },
}

impl Auth {
    /// Returns the value that must be a secret, with its key.
    pub fn secret(&self) -> (&'static str, &Parameter) {
        match self {
            Self::Bearer { token } => ("token", token),
            Self::ApiKey { api_key, .. } => ("api_key", api_key),
            Self::HttpBasic { password, .. } => ("password", password),
            Self::Oauth2 { client_secret, .. } => ("client_secret", client_secret),
        }
    }

    pub(crate) fn parameters(&self) -> Vec<&Parameter> {
        let mut parameters = vec![self.secret().1];
        match self {
            Self::HttpBasic { username, .. } => parameters.push(username),
            Self::Oauth2 { client_id, access_token_request_data, .. } => {
                parameters.push(client_id);
                parameters.extend(access_token_request_data.values());
            }
            Self::Bearer { .. } | Self::ApiKey { .. } => {}
        }
        parameters
    }
}

/// Where an API key is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Location {
    /// In a header.
    #[default]
    Header,
    /// In the query.
    Query,
}

/// Where a client's credentials are sent (RFC 6749, section 2.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientAuthentication {
    /// In the `Authorization` header, which every server supports.
    #[default]
    Header,
    /// In the form, as some servers require.
    Body,
}
