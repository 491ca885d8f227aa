//! CloudWatch Logs: the output of the job containers.

use anyhow::Result;
pub use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;
use connect::call::CallResult;

use crate::lines::{Line, Stream};

/// Returns the lines in a stream since `from` (milliseconds since the Unix epoch), or an empty list if the stream does not
/// exist yet. Only FilterLogEvents returns event IDs. Its pages can be empty even if more follow; only the last one has
/// no token (Amazon CloudWatch Logs API Reference, FilterLogEvents).
pub async fn lines(client: &Client, stream: &Stream, from: i64) -> Result<Vec<Line>> {
    let (group, name) = stream;
    let call = client.filter_log_events().log_group_name(group).log_stream_names(name).start_time(from);
    let pages = call.into_paginator().send().try_collect().await.unless("ResourceNotFoundException");
    let pages = pages.or_failure(format!("read the log stream `{name}` in `{group}`"), &HINTS)?.unwrap_or_default();
    let line = |event: FilteredLogEvent| {
        Some(Line {
            stream: stream.clone(),
            id: event.event_id?,
            timestamp: event.timestamp?,
            ingestion: event.ingestion_time.unwrap_or_default(),
            message: event.message.unwrap_or_default().trim_end().to_owned(),
        })
    };
    Ok(pages.into_iter().flat_map(|page| page.events.unwrap_or_default()).filter_map(line).collect())
}

const HINTS: [(&str, &str); 1] =
    [("AccessDenied", "the caller needs logs:FilterLogEvents on the jobs' log groups, and kms:Decrypt on their key")];
