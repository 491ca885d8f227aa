//! How a source is requested: `request` in a contract, for all collections or for one.
//!
//! The words are those of dlt's REST API source and, for `records_at` (dlt: `data_selector`), of this project.

mod auth;
mod paginator;
mod parameter;

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

pub use auth::{Auth, ClientAuthentication, Location};
pub use paginator::Paginator;
pub use parameter::Parameter;

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

    /// Returns the method of a request.
    pub fn method(&self) -> Method {
        self.method.unwrap_or(if self.body.is_some() { Method::Post } else { Method::Get })
    }

    fn secrets(&self) -> impl Iterator<Item = &str> {
        let parameters = self.path.values().chain(self.query.values()).chain(self.headers.values());
        parameters.chain(self.auth.iter().flat_map(Auth::parameters)).filter_map(Parameter::secret)
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

/// At most `requests` in `seconds`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// The number of requests.
    pub requests: u32,
    /// The length of the period.
    pub seconds: u32,
}
