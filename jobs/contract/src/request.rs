//! How a source is requested: `request` in a contract, for all collections or for one.
//!
//! The words are those of dlt's REST API source and, for `records_at` (dlt: `data_selector`), of this project.

use std::collections::BTreeSet;
use std::fmt;

use indexmap::IndexMap;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::model::{Answer, Collection, Contract};

/// The requests of a source. In a collection: what differs from the source's; headers, query and path parameters are
/// combined.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Request {
    /// The method; default: `GET`, or `POST` if there is a body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// Values for `{name}` in paths.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub path: IndexMap<String, Parameter>,
    /// Parameters of the query.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub query: IndexMap<String, Parameter>,
    /// Headers, in addition to `Accept`.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub headers: IndexMap<String, Parameter>,
    /// The JSON body of a `POST`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<serde_yaml::Value>,
    /// How requests are authenticated; only for the whole source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// How the pages of a collection are requested; without it, one response has all records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paginator: Option<Paginator>,
    /// The dotted path of the records in a response; `.` or without it, the response itself is the list or the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records_at: Option<String>,
    /// The dotted path of the number of all records in a response, or `header:NAME`. Every page must report the same
    /// number, and the pages must have so many records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_path: Option<String>,
    /// The dotted path of a boolean in a response that is false on the last page, or `header:NAME`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_more_path: Option<String>,
    /// The format of a response; default: [`Format::Json`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// The most requests in a period; only for the whole source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// The most collections that are requested at the same time; only for the whole source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u8>,
    /// Statuses after which a request is repeated, in addition to 408, 425, 429 and 5xx.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub retry_statuses: Vec<u16>,
}

impl Request {
    /// Reduces the source's limits to the share of one of several jobs that read from it at the same time.
    /// Fails if a limit is less than the number of jobs.
    pub fn share(&mut self, jobs: u8) -> Result<(), String> {
        let too_many = |limit: &str, most: u32| format!("`{limit}` allows only {most}, which {jobs} jobs cannot share");
        if let Some(limit) = &mut self.rate_limit {
            let most = limit.requests;
            limit.requests /= u32::from(jobs);
            if limit.requests == 0 {
                return Err(too_many("rate_limit.requests", most));
            }
        }
        if let Some(concurrency) = &mut self.concurrency {
            let most = *concurrency;
            *concurrency /= jobs;
            if *concurrency == 0 {
                return Err(too_many("concurrency", most.into()));
            }
        }
        Ok(())
    }
}

impl Contract {
    /// Returns the names of the secrets that the requests and hashes need.
    pub fn secrets(&self) -> BTreeSet<&str> {
        let own = self.collections.values().map(|collection| &collection.request);
        let hash_key = self.hash_key.as_ref().and_then(Parameter::secret);
        own.chain([&self.request]).flat_map(Request::secrets).chain(hash_key).collect()
    }

    /// Returns the request of a collection: its own values, and those of the source. The source's pages and format do not
    /// apply to a single record.
    pub fn request_of(&self, collection: &Collection) -> Request {
        let (all, own) = (&self.request, &collection.request);
        let both = |one: &IndexMap<String, Parameter>, other: &IndexMap<String, Parameter>| {
            one.iter().chain(other).map(|(name, value)| (name.clone(), value.clone())).collect()
        };
        let is_list = collection.answer == Answer::List;
        let of_list = |one: &Option<String>, other: &Option<String>| {
            one.clone().or_else(|| other.clone().filter(|_| is_list)).filter(|path| path != ".")
        };
        let paginator = own.paginator.clone().or_else(|| all.paginator.clone().filter(|_| is_list));
        Request {
            method: own.method.or(all.method),
            path: both(&all.path, &own.path),
            query: both(&all.query, &own.query),
            headers: both(&all.headers, &own.headers),
            body: own.body.clone().or_else(|| all.body.clone()),
            auth: all.auth.clone(),
            paginator: paginator.filter(|paginator| *paginator != Paginator::SinglePage),
            records_at: of_list(&own.records_at, &all.records_at),
            total_path: of_list(&own.total_path, &all.total_path),
            has_more_path: of_list(&own.has_more_path, &all.has_more_path),
            format: own.format.or(all.format.filter(|_| is_list)),
            rate_limit: all.rate_limit,
            concurrency: all.concurrency,
            retry_statuses: [all.retry_statuses.as_slice(), &own.retry_statuses].concat(),
        }
    }
}

impl Request {
    /// Returns the method of a request.
    pub fn method(&self) -> Method {
        self.method.unwrap_or(if self.body.is_some() { Method::Post } else { Method::Get })
    }

    fn secrets(&self) -> impl Iterator<Item = &str> {
        let parameters = self.path.values().chain(self.query.values()).chain(self.headers.values());
        parameters.chain(self.auth.iter().flat_map(Auth::parameters)).filter_map(Parameter::secret)
    }
}

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// `GET`.
    Get,
    /// `POST`.
    Post,
}

/// The format of a response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One JSON document.
    #[default]
    Json,
    /// One JSON record per line.
    Ndjson,
}

/// A value of a request: a text, number or boolean, or `{secret: NAME}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Parameter {
    /// A value that everyone may read.
    Plain(String),
    /// A value that an environment variable contains.
    Secret {
        /// The name of the variable.
        secret: String,
    },
}

impl Parameter {
    /// Returns the name of the secret.
    pub fn secret(&self) -> Option<&str> {
        match self {
            Self::Secret { secret } => Some(secret),
            Self::Plain(_) => None,
        }
    }
}

impl<'de> Deserialize<'de> for Parameter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ParameterVisitor)
    }
}

struct ParameterVisitor;

impl<'de> Visitor<'de> for ParameterVisitor {
    type Value = Parameter;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, true, false or {secret: NAME}")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Parameter, E> {
        Ok(Parameter::Plain(text.to_owned()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Parameter, E> {
        Ok(Parameter::Plain(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Parameter, E> {
        Ok(Parameter::Plain(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Parameter, E> {
        Ok(Parameter::Plain(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Parameter, E> {
        Ok(Parameter::Plain(value.to_string()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parameter, A::Error> {
        let Some((key, secret)) = map.next_entry::<String, String>()? else {
            return Err(A::Error::custom("an empty mapping; write {secret: NAME}"));
        };
        let more = map.next_key::<String>()?;
        match more.map_or(key, |more| more) {
            key if key == "secret" => Ok(Parameter::Secret { secret }),
            key => Err(A::Error::custom(format!("unknown field `{key}`, expected `secret`"))),
        }
    }
}

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

/// At most `requests` in `seconds`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// The number of requests.
    pub requests: u32,
    /// The length of the period.
    pub seconds: u32,
}

/// How the pages of a collection are requested, until the last one. A parameter whose name starts with `$.` is the
/// path of a value in the body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Paginator {
    /// One response has all records, although the source has another paginator.
    SinglePage,
    /// By page number.
    PageNumber {
        /// The parameter with the page's number.
        #[serde(default = "page")]
        page_param: String,
        /// The number of the first page.
        #[serde(default = "one")]
        base_page: u64,
    },
    /// By the number of records to skip.
    Offset {
        /// The number of records per page.
        limit: u64,
        /// The parameter with this number.
        #[serde(default = "limit")]
        limit_param: String,
        /// The parameter with the number of records to skip.
        #[serde(default = "offset")]
        offset_param: String,
    },
    /// By a cursor, from the response or its last record.
    Cursor {
        /// The path of the next cursor in a response.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cursor_path: Option<String>,
        /// The path in the last record, if that is the next cursor.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_record: Option<String>,
        /// The parameter with the cursor.
        #[serde(default = "cursor")]
        cursor_param: String,
    },
    /// By the next page's URL in the response.
    JsonLink {
        /// The path of this URL.
        #[serde(default = "next")]
        next_url_path: String,
    },
    /// By the `Link` header (RFC 8288).
    HeaderLink {
        /// The link's relation.
        #[serde(default = "next")]
        links_next_key: String,
    },
}

fn page() -> String {
    "page".to_owned()
}

fn limit() -> String {
    "limit".to_owned()
}

fn offset() -> String {
    "offset".to_owned()
}

fn cursor() -> String {
    "cursor".to_owned()
}

fn next() -> String {
    "next".to_owned()
}

const fn one() -> u64 {
    1
}

/// How only new and changed records are requested.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incremental {
    /// The column that grows with every change of a record: a timestamp, date or integer.
    pub cursor: String,
    /// The parameter with the smallest value to return.
    pub start_param: String,
    /// The parameter with the value to stop at, for a range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_param: Option<String>,
    /// How the parameters are written; default: RFC 3339 for a timestamp, `YYYY-MM-DD` for a date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<CursorFormat>,
    /// How far before the cursor a request starts: seconds, days for a date, or numbers for an integer. It should be as
    /// long as the source may take to show a change.
    #[serde(default)]
    pub lookback: u32,
    /// Every N-th run requests all records, and finds those that were deleted; 0: only the first run.
    #[serde(default)]
    pub snapshot_every: u32,
}

/// How a cursor is written in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CursorFormat {
    /// `2026-01-31T12:00:00Z`.
    Iso8601,
    /// `2026-01-31`.
    Date,
    /// Seconds since 1970.
    UnixSeconds,
    /// Milliseconds since 1970.
    UnixMilliseconds,
}

/// What a response without some records means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It has all records, or all changes: a changed record is updated.
    #[default]
    Update,
    /// Records are only added: one that was loaded never changes, and none is deleted.
    Append,
}
