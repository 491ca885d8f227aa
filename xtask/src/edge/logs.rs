//! CloudWatch Logs: what the containers of jobs say.

use anyhow::Result;
use aws_config::SdkConfig;
use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::error::{ProvideErrorMetadata, SdkError};

use crate::failure;
use crate::lines::{Line, Stream};

/// CloudWatch Logs of an account in a region.
#[derive(Clone, Debug)]
pub struct Logs {
    client: Client,
}

impl Logs {
    /// With a client made by the SDK.
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }

    /// What a stream holds from a time on, in milliseconds since 1970; nothing where there is no such stream yet.
    /// FilterLogEvents alone tells events' ids. Its pages may be empty though more follow; only one without a token is the
    /// last (Amazon CloudWatch Logs API Reference, FilterLogEvents).
    pub async fn lines(&self, stream: &Stream, from: i64) -> Result<Vec<Line>> {
        let (group, name) = stream;
        let call = self.client.filter_log_events().log_group_name(group).log_stream_names(name).start_time(from);
        let mut pages = call.into_paginator().send();
        let mut lines = Vec::new();
        while let Some(page) = pages.next().await {
            let page = match page {
                Err(error) if error.code() == Some("ResourceNotFoundException") => return Ok(lines),
                page => page.map_err(|error| refused(&format!("read the log `{group}`, `{name}`"), &error))?,
            };
            lines.extend(page.events.unwrap_or_default().into_iter().filter_map(|event| {
                Some(Line {
                    stream: stream.clone(),
                    id: event.event_id?,
                    timestamp: event.timestamp?,
                    ingestion: event.ingestion_time.unwrap_or_default(),
                    message: event.message.unwrap_or_default().trim_end().to_owned(),
                })
            }));
        }
        Ok(lines)
    }
}

/// What mends an error, by how its code begins.
const HINTS: [(&str, &str); 1] =
    [("AccessDenied", "the caller needs logs:FilterLogEvents on the jobs' log groups, and kms:Decrypt on their key")];

fn refused<E>(what: &str, error: &SdkError<E>) -> anyhow::Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    failure::refused(what, (error.code(), error.message()), error, &HINTS).into()
}
